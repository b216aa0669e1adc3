/** Command lines nobody would think of, from words that mean something: a stream of them per seed. */
type Random = (below: number) => number;

/** A linear congruential generator: the same lines for the same seed. */
export function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
}

const endpoints = [
  ...['192.0.2.10:80', '192.0.2.10:80', '192.0.2.11:http', '192.0.2.12', '[2001:db8::10]:80', '2001:db8::11', 'vip:53'],
  ...['vip6:1', 'bad:bad', '192.0.2.10:0', '[::1]:domain', '192.0.2', '0x1:1', '[1.2.3.4]:5', '', '192.0.2.10:99999'],
];
const values: Readonly<Record<string, readonly string[]>> = {
  '-t': endpoints,
  '-u': endpoints,
  '-r': endpoints,
  '--sctp-service': endpoints,
  // not 2147483648: it sorts before and behind everything, so its place depends on the kernel's hash key
  '-f': ['1', '2', '7', '0', 'x', '4294967295', '-1', ' 3', '+3'],
  '-s': ['rr', 'wrr', 'sh', 'mh', 'wlc', '', 'nosuch', 'none', '-p'],
  '-M': ['255.255.255.0', '64', '24', '0', '129', '128', 'x', 'localhost', '+5', '12x'],
  '-w': ['0', '1', '5', '-1', 'x', '2147483647', '2147483648', '010', ''],
  '-x': ['0', '10', '-1', 'x'],
  '-y': ['0', '5', '20', 'x'],
  '-b': ['sh-port', 'sh-fallback', 'mh-port', 'flag-1', 'flag-2,flag-3', 'nosuch', 'sh-port,', ''],
  '--pe': ['sip', 'nosuch', ''],
  '--tun-type': ['ipip', 'gue', 'gre', 'x', ''],
  '--tun-port': ['0', '6080', '65536', 'x'],
  '--syncid': ['0', '7', '255', '256', 'x'],
  '--sync-maxlen': ['0', '1000', '65507', '65508'],
  '--mcast-interface': ['eth0', 'nodev', 'lo', ''],
  '--mcast-group': ['224.0.0.9', '1.2.3.4', 'ff02::5', 'x'],
  '--mcast-port': ['0', '9', '65536'],
};
const flags = [
  ...['-g', '-i', '-m', '-n', '-c', '-o', '-6', '--timeout', '--daemon', '--stats', '--rate', '--thresholds', '--sort'],
  ...[
    '--persistent-conn',
    '--exact',
    '--tun-info',
    '--tun-nocsum',
    '--tun-csum',
    '--tun-remcsum',
    '-p',
    '-p60',
    '-p=0',
  ],
];
const commands = [
  ...['-A', '-A', '-A', '-E', '-D', '-a', '-a', '-a', '-e', '-d', '-L', '-Ln', '-Ln', '-S', '-Sn', '-Z', '-C', '--set'],
  ...['--start-daemon', '--stop-daemon', '-Lc', '-l', '--add-service', ''],
];

export function randomLine(random: Random): string[] {
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
  const withValue = (name: string): string[] => [name, pick(values[name] ?? [''])];
  const option = (): string[] => (random(3) === 0 ? [pick(flags)] : withValue(pick(Object.keys(values))));
  const command = pick(commands);
  const words = command === '' ? [] : [command];
  if (command === '--set')
    words.push(...Array.from({ length: pick([3, 3, 2, 4]) }, () => pick(['0', '5', '900', 'x'])));
  if (command.endsWith('daemon')) words.push(pick(['master', 'backup', 'x']));
  if (/^-[AEDaed]$/.test(command) && random(12) > 0) words.push(...withValue(pick(['-t', '-t', '-u', '-f'])));
  if (/^-[aed]$/.test(command) && random(12) > 0) words.splice(random(6) > 0 ? words.length : 1, 0, ...withValue('-r'));
  if (/^-[ae]$/.test(command)) words.push(pick(['-g', '-i', '-m']));
  for (let more = pick([0, 0, 0, 1, 1, 2]); more > 0; more--) words.push(...option());
  if (random(25) === 0) words.push(pick(['foo', '--', '-', '--bogus', '']));
  return words;
}
