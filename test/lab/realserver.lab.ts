// kernels: uml
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ask, askInVain, type Endpoint, type Reply, serve, serversOf } from './peers.js';
import { mustRun, Network, type Ran, type Topology } from './topology.js';

t.setTimeout(0); // whoever runs us sets the limit

const FACE = join(import.meta.dirname, '../../src/cli/realserver.js');

/** The face in a host, as `lvsd realserver` runs it. Each host gets a state folder of its own: it stands for a machine. */
function realserver(network: Network, host: string, state: string, ...args: string[]): Promise<Ran> {
  const script = `
    import { realserver } from ${JSON.stringify(FACE)};
    const output = { out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) };
    process.exitCode = await realserver(process.argv.slice(1), output, process.env);`;
  const node = [process.execPath, '--input-type=module', '-e', script, '--'];
  return network.run(host, [...node, '--state', state, ...args]);
}

/** Everything that `lvsd realserver` may touch, as text. Tentative is a matter of moments. */
async function snapshot(network: Network, host: string): Promise<string> {
  const script = `
    ip -o address show | sed 's/ valid_lft.*//; s/ tentative//'; ip -o link show | sed 's/qdisc.*//'
    grep . /proc/sys/net/ipv4/conf/*/arp_ignore /proc/sys/net/ipv4/conf/*/arp_announce /proc/sys/net/ipv4/conf/*/rp_filter
    ip fou show
    # the kernel makes a device's IPv6 part when the device is set up first, and keeps it
    for name in all default lo ip6tnl0 ip6gre0 sit0; do grep -H . /proc/sys/net/ipv6/conf/$name/disable_ipv6; done 2>&1`;
  return (await network.run(host, ['sh', '-c', script])).stdout;
}

const macOf = async (network: Network, host: string, link: string): Promise<string> =>
  (await network.must(host, 'cat', `/sys/class/net/${link}/address`)).trim();

/** Whose MAC the client has for an address; empty if nobody answered. */
async function neighbour(network: Network, address: string): Promise<string> {
  const line = await network.must('client', 'ip', 'neighbour', 'show', address);
  return / lladdr (\S+)/.exec(line)?.[1] ?? '';
}

async function forget(network: Network): Promise<void> {
  await network.must('client', 'ip', 'neighbour', 'flush', 'all');
}

async function ipvs(...lines: string[]): Promise<void> {
  await mustRun(['ip', 'netns', 'exec', 'director', '/sbin/ipvsadm', '-R'], { input: lines.join('\n') });
}

/** Clients of the connections that the director remembers: unlike totals, which come with the estimator, they are there at once. */
async function connections(network: Network): Promise<string[]> {
  const text = await network.must('director', '/sbin/ipvsadm', '-Lcn');
  const rows = text.split('\n').slice(2).filter(Boolean);
  return rows.map((row) => row.split(/ +/)[3] ?? '');
}

const failed = (replies: readonly Reply[]): boolean => replies.every((reply) => 'error' in reply);

function stateFolder(): { readonly path: string; readonly [Symbol.dispose]: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'realserver-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const oneLink: Topology = {
  hosts: {
    client: { links: { lan: ['10.1.0.2/24', 'fd00:1::2/64'] } },
    director: { links: { lan: ['10.1.0.1/24', '10.1.0.100/24', 'fd00:1::1/64', 'fd00:1::100/64'] } },
    rs: { links: { lan: ['10.1.0.11/24', 'fd00:1::11/64'] } },
  },
};

const services: readonly [family: string, vip: string, line: string[]][] = [
  ['IPv4', '10.1.0.100', ['-A -t 10.1.0.100:80 -s rr', '-a -t 10.1.0.100:80 -r 10.1.0.11:80 -g']],
  ['IPv6', 'fd00:1::100', ['-A -t [fd00:1::100]:80 -s rr', '-a -t [fd00:1::100]:80 -r [fd00:1::11]:80 -g']],
];

t.test(
  'without it, a real server with the VIP answers ARP for it and takes clients away from the director',
  async (t) => {
    await using network = await Network.build(oneLink);
    const vip: Endpoint = { protocol: 'tcp', address: '10.1.0.100', port: 80 };
    await ipvs(...services[0]![2]);
    await network.must('rs', 'ip', 'address', 'add', '10.1.0.100/32', 'dev', 'lo');
    await serve('rs', [{ ...vip, address: '0.0.0.0' }]);
    // so that it is certain who answers first
    await network.must('director', 'ip', 'address', 'del', '10.1.0.100/24', 'dev', 'lan');
    t.strictSame(serversOf(await ask(network, 'client', vip)), ['rs']);
    t.equal(await neighbour(network, '10.1.0.100'), await macOf(network, 'rs', 'lan'));
    t.strictSame(await connections(network), [], 'the director saw nothing of it');
  },
);

for (const [family, address, lines] of services)
  t.test(`dr, ${family}: with it the director is asked, the server answers, and undoing restores all`, async (t) => {
    await using network = await Network.build(oneLink);
    using state = stateFolder();
    const vip: Endpoint = { protocol: 'tcp', address, port: 80 };
    await ipvs(...lines);
    await serve('rs', [{ ...vip, address: family === 'IPv4' ? '0.0.0.0' : '::' }]);
    const before = await snapshot(network, 'rs');
    t.ok(failed(await askInVain(network, 'client', vip)), 'the server does not take packets for the VIP yet');

    t.match(await realserver(network, 'rs', state.path, '--vip', address, '--check'), {
      status: 1,
      stdout: /^missing: /,
    });
    t.match(await realserver(network, 'rs', state.path, '--vip', address, '--dry-run'), {
      status: 0,
      stdout: /^would set: /,
    });
    t.equal(await snapshot(network, 'rs'), before, 'neither changed anything');

    t.match(await realserver(network, 'rs', state.path, '--vip', address), { status: 0, stderr: '', stdout: /^set: / });
    t.match(await realserver(network, 'rs', state.path, '--vip', address, '--check'), {
      status: 0,
      stdout: 'nothing is missing\n',
    });
    t.match(await realserver(network, 'rs', state.path, '--vip', address), {
      status: 0,
      stdout: 'nothing is missing\n',
    });

    const own = `${address}/${family === 'IPv4' ? 24 : 64}`;
    await network.must('director', 'ip', 'address', 'del', own, 'dev', 'lan');
    await forget(network);
    t.ok(
      failed(await askInVain(network, 'client', vip)),
      'nobody answers for the VIP while the director does not have it',
    );
    await network.must('director', 'ip', 'address', 'add', own, 'dev', 'lan', ...(family === 'IPv4' ? [] : ['nodad']));
    await forget(network);
    const known = await connections(network);
    t.strictSame(serversOf(await ask(network, 'client', vip, 3)), ['rs', 'rs', 'rs']);
    const made = (await connections(network)).filter((one) => !known.includes(one));
    t.equal(made.length, 3, 'through the director'); // those that were begun in vain are forgotten some time
    t.equal(
      await neighbour(network, address),
      await macOf(network, 'director', 'lan'),
      "the server's own questions did not tell of the VIP",
    );

    t.match(await realserver(network, 'rs', state.path, '--undo'), { status: 0, stderr: '', stdout: /^undone: / });
    t.equal(await snapshot(network, 'rs'), before, 'exactly as before');
    t.match(await realserver(network, 'rs', state.path, '--undo'), { status: 0, stdout: /nothing to undo/ });
  });

/** The server is a router away and filters reverse paths strictly, as some distributions do. Answers go past the director. */
const routed: Topology = {
  hosts: {
    client: {
      links: { lan: ['10.1.0.2/24', 'fd00:1::2/64'] },
      ip: ['route add 10.2.0.0/24 via 10.1.0.254', 'route add fd00:2::/64 via fd00:1::254'],
    },
    director: {
      links: { lan: ['10.1.0.1/24', '10.1.0.100/24', 'fd00:1::1/64'] },
      ip: [
        // deprecated: were the VIP the outer source, the server would drop what comes from an address of its own
        'address add fd00:1::100/64 dev lan nodad preferred_lft 0',
        'route add 10.2.0.0/24 via 10.1.0.254',
        'route add fd00:2::/64 via fd00:1::254',
      ],
    },
    router: {
      links: { lan: ['10.1.0.254/24', 'fd00:1::254/64'], far: ['10.2.0.254/24', 'fd00:2::254/64'] },
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
    rs: {
      links: { far: ['10.2.0.11/24', 'fd00:2::11/64'] },
      ip: ['route add default via 10.2.0.254', 'route add default via fd00:2::254'],
      sysctls: { 'net.ipv4.conf.all.rp_filter': 1, 'net.ipv4.conf.default.rp_filter': 1 },
    },
  },
};

const kinds: readonly [tunnel: string, option: string][] = [
  ['ipip', ''],
  ['gre', '--tun-type gre'],
  ['gue', '--tun-type gue --tun-port 6080'],
];
const families = {
  ip4: { vip: '10.1.0.100', own: '10.1.0.100:80', server: '10.2.0.11:80', any: '0.0.0.0' },
  ip6: { vip: 'fd00:1::100', own: '[fd00:1::100]:80', server: '[fd00:2::11]:80', any: '::' },
} as const;
const both = ['ip4', 'ip6'] as const;
const tunnels = kinds.flatMap(([tunnel, option]) =>
  both.flatMap((inner) => both.map((over) => ({ tunnel, option, inner, over }))),
);

// the modules bring devices into every namespace: there before, they are not counted as changes
t.before(() =>
  mustRun([
    process.env['LAB_MODPROBE'] ?? 'modprobe',
    '-a',
    'ipip',
    'ip6_tunnel',
    'ip_gre',
    'ip6_gre',
    'fou',
    'fou6',
    'sit',
  ]),
);

for (const { tunnel, option, inner, over } of tunnels)
  t.test(
    `tun, ${tunnel}, ${inner} in ${over}: a server behind a router answers, and undoing restores all`,
    async (t) => {
      await using network = await Network.build(routed);
      using state = stateFolder();
      const { vip: address, own, any } = families[inner];
      const vip: Endpoint = { protocol: 'tcp', address, port: 80 };
      const args = [
        '--method',
        'tun',
        '--tunnel',
        tunnel,
        '--vip',
        address,
        ...(inner === over ? [] : ['--over', over]),
      ];
      await ipvs(`-A -t ${own} -s rr`, `-a -t ${own} -r ${families[over].server} -i ${option}`);
      await serve('rs', [{ ...vip, address: any }]);
      const before = await snapshot(network, 'rs');
      await network.must('rs', 'ip', 'address', 'add', address, 'dev', 'lo');
      t.ok(failed(await askInVain(network, 'client', vip)), 'with the VIP alone the server does not open the tunnel');
      await network.must('rs', 'ip', 'address', 'del', address, 'dev', 'lo');

      t.match(await realserver(network, 'rs', state.path, ...args, '--check'), { status: 1 });
      t.match(await realserver(network, 'rs', state.path, ...args), { status: 0, stderr: '' });
      t.match(await realserver(network, 'rs', state.path, ...args, '--check'), { status: 0 });
      t.strictSame(serversOf(await ask(network, 'client', vip, 2)), ['rs', 'rs']);

      t.match(await realserver(network, 'rs', state.path, '--undo'), { status: 0, stderr: '' });
      t.equal(await snapshot(network, 'rs'), before, 'exactly as before');
    },
  );

t.test('a machine that cannot be changed is said so, and the command line is checked', async (t) => {
  await using network = await Network.build(oneLink);
  using state = stateFolder();
  t.match(await realserver(network, 'rs', state.path), { status: 2, stderr: /which VIP/ });
  t.match(await realserver(network, 'rs', state.path, '--vip', '10.0.0.256'), { status: 2, stderr: /10\.0\.0\.256/ });
  t.match(await realserver(network, 'rs', state.path, '--vip', '10.1.0.100', '--interface', 'nosuch0'), {
    status: 1,
    stderr: /there is no interface nosuch0/,
  });
  t.match(await realserver(network, 'rs', '/proc/nosuch', '--vip', '10.1.0.100'), {
    status: 1,
    stderr: /cannot be remembered/,
  });
  t.match(await realserver(network, 'director', state.path, '--vip', '10.1.0.100', '--check'), {
    status: 1,
    stderr: /10\.1\.0\.100 is on lan, too/,
  });
});
