/** What ports take and leave by the look of a frame: VLAN tags, other hosts' MACs; and what they cannot be without their capabilities. */
import {
  ask,
  client,
  forward,
  ip,
  kernelLooksAway,
  layCables,
  macs,
  server,
  startEngine,
  startServer,
  table,
  VIP,
} from '../../helpers/engine-cables.js';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { findProgram } from '../../helpers/program.js';

const frames = new URL('../../../../test/helpers/frames.py', import.meta.url).pathname;
const SECONDS = 2;

layCables();
await startServer();

const hex = (...words: readonly number[]): string => words.map((word) => word.toString(16).padStart(4, '0')).join('');
const mac = (text: string): string => text.replaceAll(':', '');

/** From 10.1.0.1:`from` to the VIP's UDP port 80, without a checksum. */
function datagram(from: number): string {
  const header = [0x4500, 20 + 8 + 18, from, 0x4000, 0x4011, 0, 0x0a01, 0x0001, 0x0a00, 0x0001];
  let sum = header.reduce((total, word) => total + word, 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  header[5] = ~sum & 0xffff;
  return hex(...header, from, 80, 8 + 18, 0) + '2a'.repeat(18);
}
const frame = (to: string, tags: string, from: number): string =>
  `${mac(to)}${mac(macs.client)}${tags}0800${datagram(from)}`;

/** The frames that reach the server's cable while those are sent from the client's: tags, and the client's port. */
async function carried(sent: readonly string[]): Promise<readonly string[]> {
  const seer = spawn('ip', ['netns', 'exec', server, 'python3', frames, 'see', 's0', '80', `${SECONDS}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let seen = '';
  const ready = once(seer.stdout, 'data');
  seer.stdout.on('data', (bytes: Buffer) => void (seen += bytes.toString()));
  await ready;
  execFileSync('ip', ['netns', 'exec', client, 'python3', frames, 'send', 'c0', ...sent]);
  await once(seer, 'close');
  return seen
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const at = line.indexOf('08004500');
      return `${line.slice(0, 24)} ${line.slice(24, at)} ${Number.parseInt(line.slice(at + 44, at + 48), 16)}`;
    });
}
const onTheWire = (tags: string, from: number): string => `${mac(macs.server)}${mac(macs.port1)} ${tags} ${from}`;

const python = findProgram('python3');
const nft = findProgram('nft');
for (const mode of ['xdp-native', 'packet'] as const) {
  t.test(
    `frames by ports of mode ${mode}`,
    { skip: python === undefined || (mode === 'packet' && nft === undefined) },
    async (t) => {
      const { engine } = await startEngine(t);
      if (mode === 'packet') kernelLooksAway(t);
      t.match(await forward(engine, mode, table('direct-route', 'udp')), [{ mode }, { mode }]);
      await t.test('tags stay: one with its priority, two, none', async (t) => {
        const tag = hex(0x8100, 0x6005);
        const double = hex(0x88a8, 7) + hex(0x8100, 0x2fff);
        const sent = [frame(macs.port0, '', 1001), frame(macs.port0, tag, 1002), frame(macs.port0, double, 1003)];
        t.same(await carried(sent), [onTheWire('', 1001), onTheWire(tag, 1002), onTheWire(double, 1003)]);
      });
      await t.test(
        'what a bridge floods is for its own host, what is for a device upon ours for that one',
        async (t) => {
          const upper = '02:00:00:00:00:77';
          const sent = [
            frame('02:00:00:00:00:99', '', 1004),
            frame(macs.port0, '', 1005),
            frame(upper, '', 1006),
            frame('02:00:00:00:00:99', hex(0x8100, 5), 1007),
          ];
          ip('link set d0 promisc on');
          t.same(await carried(sent), [onTheWire('', 1005)]);
          ip(`link add link d0 name upper0 address ${upper} type macvlan mode bridge`);
          t.same(await carried(sent), [onTheWire('', 1005)]);
          ip('link delete upper0');
          ip('link set d0 promisc off');
        },
      );
    },
  );
}

t.test('generic XDP would lose what a virtual device leaves uncut: it is refused, and why', async (t) => {
  const { engine } = await startEngine(t);
  t.match(await forward(engine, 'xdp-generic'), [
    { queues: 0, reason: /^d0: it is virtual, and generic XDP would lose the oversized frames \(GSO\)/ },
    { queues: 0, reason: /^d1: it is virtual/ },
  ]);
});

const setpriv = findProgram('setpriv');
const without = (capabilities: string): readonly string[] => ['setpriv', '--bounding-set', capabilities];
t.test('without CAP_BPF', { skip: setpriv === undefined || nft === undefined }, async (t) => {
  const { engine } = await startEngine(t, [], without('-bpf,-sys_admin'));
  t.match(await forward(engine, 'xdp-native'), [
    { queues: 0, reason: 'd0: BPF needs the capabilities CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN' },
    { queues: 0, reason: /^d1: BPF needs/ },
  ]);
  const lesser = { mode: 'packet', queues: 1, reason: /CAP_BPF/ };
  t.match(await forward(engine, 'auto'), [lesser, lesser], 'packet sockets need none');
  kernelLooksAway(t);
  t.equal(await ask(VIP, 80, 500_000), 'right', 'by which all goes its way');
});

t.test(
  'with CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_NET_RAW and CAP_IPC_LOCK alone',
  { skip: setpriv === undefined },
  async (t) => {
    const { engine } = await startEngine(t, [], without('-all,+bpf,+perfmon,+net_admin,+net_raw,+ipc_lock'));
    t.match(await forward(engine, 'auto'), [{ mode: 'xdp-native' }, { mode: 'xdp-native' }], 'they are all it takes');
    t.equal(await ask(VIP, 80, 500_000), 'right');
  },
);

t.test('without CAP_PERFMON', { skip: setpriv === undefined }, async (t) => {
  const { engine } = await startEngine(t, [], without('-perfmon,-sys_admin'));
  t.match(await forward(engine, 'auto'), [
    { mode: 'packet', reason: 'd0: BPF needs the capabilities CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN' },
    { mode: 'packet' },
  ]);
});

t.test('without CAP_IPC_LOCK', { skip: setpriv === undefined }, async (t) => {
  const { engine } = await startEngine(t, [], ['prlimit', '--memlock=65536', ...without('-ipc_lock,-sys_resource')]);
  t.match(await forward(engine, 'xdp-native'), [
    { queues: 0, reason: /^d0: the memory of its frames cannot be locked: .*CAP_IPC_LOCK is missing$/ },
    { queues: 0 },
  ]);
});

t.test('without CAP_NET_ADMIN, without CAP_NET_RAW', { skip: setpriv === undefined }, async (t) => {
  const { engine, said } = await startEngine(t, [], without('-net_admin,-sys_admin'));
  const [port] = await engine.openPorts([{ name: 'd0', mode: 'auto', completeChecksums: true, index: 0 }]);
  t.match(port, { mode: 'packet', queues: 1, reason: /CAP_NET_ADMIN/ });
  t.match(
    said(),
    /packets that are the kernel's cannot be given back to it: a TUN device needs the capability CAP_NET_ADMIN/,
  );

  const bare = await startEngine(t, [], without('-all'));
  for (const mode of ['auto', 'packet'] as const) {
    const order = [{ name: 'd0', mode, completeChecksums: true, index: 0 }];
    t.match(await bare.engine.openPorts(order), [
      { queues: 0, reason: /d0: socket\(AF_PACKET\) needs the capability CAP_NET_RAW/ },
    ]);
  }
});
