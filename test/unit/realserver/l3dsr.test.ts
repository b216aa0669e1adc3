/** `lvsd realserver --l3dsr` on a real kernel: packets with a DSCP come to the server's own address, and it answers them as the VIP. */
import '../../helpers/own-machine.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ask, Conversation, type Endpoint, type Reply, serve, serversOf } from '../../lab/peers.js';
import { Network, type Ran, type Topology } from '../../lab/topology.js';

t.setTimeout(120_000);

const FACE = join(import.meta.dirname, '../../../src/cli/realserver.js');
const VIP = '203.0.113.10';
const VIP6 = '2001:db8:f::10';
const SERVER = '10.0.1.11';
const SERVER6 = 'fd00:1::11';

/** A router between client and server plays the director: it gives packets for the VIPs the server's address and a DSCP. */
const site: Topology = {
  hosts: {
    client: {
      links: { out: ['10.0.9.2/24', 'fd00:9::2/64'] },
      routes: ['default via 10.0.9.1', 'default via fd00:9::1'],
    },
    director: {
      links: { out: ['10.0.9.1/24', 'fd00:9::1/64'], in: ['10.0.1.1/24', 'fd00:1::1/64'] },
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1, 'net.ipv4.conf.all.rp_filter': 0 },
    },
    server: {
      links: { in: [`${SERVER}/24`, `${SERVER6}/64`] },
      routes: ['default via 10.0.1.1', 'default via fd00:1::1'],
    },
  },
};

const direct = (dscp: number, dscp6: number): string => `
table ip play { }
delete table ip play
table ip play { chain pre { type filter hook prerouting priority -300;
  ip daddr ${VIP} ip dscp set ${dscp} ip daddr set ${SERVER}; }; }
table ip6 play { }
delete table ip6 play
table ip6 play { chain pre { type filter hook prerouting priority -300;
  ip6 daddr ${VIP6} ip6 dscp set ${dscp6} ip6 daddr set ${SERVER6}; }; }
`;

const nft = (network: Network, host: string, text: string): Promise<string> =>
  network.must(host, 'sh', '-c', `nft -f - <<'END'\n${text}\nEND`);

function realserver(network: Network, state: string, ...args: string[]): Promise<Ran> {
  const script = `
    import { realserver } from ${JSON.stringify(FACE)};
    const output = { out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) };
    process.exitCode = await realserver(process.argv.slice(1), output, process.env);`;
  return network.run('server', [
    process.execPath,
    '--input-type=module',
    '-e',
    script,
    '--',
    '--state',
    state,
    ...args,
  ]);
}

/** Checksums as on a wire: veth would leave them to a device that is not there (ETHTOOL_STXCSUM). */
const WITH_CHECKSUMS = `
import fcntl, socket, struct, sys, array
value = array.array('B', struct.pack('II', 0x17, 0))
fcntl.ioctl(socket.socket(), 0x8946, struct.pack('16sP', sys.argv[1].encode(), value.buffer_info()[0]))
`;

/** Echo requests of an address: prints who answered. */
const PING = `
import os, socket, struct, sys
six = ':' in sys.argv[1]
made = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, 58 if six else 1)
made.settimeout(3)
def total(data):
    data += b'\\0' * (len(data) % 2)
    value = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while value >> 16: value = (value & 65535) + (value >> 16)
    return value ^ 65535
ask = struct.pack('!BBHHH', 128 if six else 8, 0, 0, os.getpid() & 65535, 1) + b'hello'
if not six: ask = ask[:2] + struct.pack('!H', total(ask)) + ask[4:]
made.sendto(ask, (sys.argv[1], 0))
while True:
    data, whom = made.recvfrom(2000)
    body = data if six else data[20:]
    if body[0] == (129 if six else 0) and body[4:6] == ask[4:6]:
        print(whom[0], body[8:].decode())
        break
`;

const python = (network: Network, host: string, script: string, ...args: string[]): Promise<Ran> =>
  network.run(host, ['/usr/bin/python3', '-c', script, ...args]);

const streams = (address: string): readonly Endpoint[] => [
  { protocol: 'http', address, port: 80 },
  { protocol: 'tcp', address, port: 81 },
];
const datagrams = (address: string): Endpoint => ({ protocol: 'udp', address, port: 53 });
const places = (address: string): readonly Endpoint[] => [...streams(address), datagrams(address)];

const LARGE = 'x'.repeat(4000); // three fragments

/** A server's answer to a datagram that travels in fragments. */
async function large(to: Endpoint): Promise<Reply> {
  await using conversation = await Conversation.open('client', to);
  return await conversation.ask(LARGE); // before it is disposed of
}

const withState = async (run: (state: string) => Promise<void>): Promise<void> => {
  const state = mkdtempSync(join(tmpdir(), 'l3dsr-'));
  try {
    await run(state);
  } finally {
    rmSync(state, { recursive: true });
  }
};

const ORDER = ['--l3dsr', `7=${VIP}`, '--l3dsr', `46=${VIP6}`];

for (const checksums of [false, true])
  t.test(`a client speaks with the VIP ${checksums ? 'with checksums on the wire' : 'over veth'}`, (t) =>
    withState(async (state) => {
      await using network = await Network.build(site);
      if (checksums)
        for (const [host, link] of [
          ['client', 'out'],
          ['server', 'in'],
          ['director', 'in'],
          ['director', 'out'],
        ] as const)
          t.equal((await python(network, host, WITH_CHECKSUMS, link)).status, 0);
      await nft(network, 'director', direct(7, 46));
      await serve('server', [...streams('0.0.0.0'), ...streams('::')]);

      const [web] = places(VIP);
      t.match(serversOf(await ask(network, 'client', web!)), [/./]);
      t.not(
        serversOf(await ask(network, 'client', web!))[0],
        'server',
        'the server answers as itself, which nobody asked',
      );

      const made = await realserver(network, state, ...ORDER);
      t.equal(made.status, 0, made.stderr);
      t.match(made.stdout, /^set: DSCP 7 means 203\.0\.113\.10$/m);
      // as with DR: a datagram socket answers from the address it is bound to
      await serve('server', [datagrams(VIP), datagrams(VIP6)]);
      for (const address of [VIP, VIP6]) {
        for (const place of places(address)) {
          const replies = await ask(network, 'client', place, 3);
          t.strictSame(serversOf(replies), ['server', 'server', 'server'], `${place.protocol} ${address}`);
        }
        const reply = await large(datagrams(address));
        t.match(reply, { server: 'server', message: LARGE }, `fragments ${address}`);
        t.equal((await python(network, 'client', PING, address)).stdout, `${address} hello\n`);
      }
      for (const address of [SERVER, SERVER6])
        t.strictSame(
          serversOf(await ask(network, 'client', { protocol: 'tcp', address, port: 81 })),
          ['server'],
          'as itself',
        );

      const again = await realserver(network, state, ...ORDER);
      t.equal(again.stdout, 'nothing is missing\n');
      t.equal((await realserver(network, state, ...ORDER, '--check')).status, 0);

      await nft(network, 'director', direct(9, 46));
      t.not(serversOf(await ask(network, 'client', web!))[0], 'server', 'another DSCP means nothing');
    }),
  );

t.test('beside a firewall that follows connections', (t) =>
  withState(async (state) => {
    await using network = await Network.build(site);
    await nft(network, 'director', direct(7, 46));
    await serve('server', [...streams('0.0.0.0'), ...streams('::')]);
    const firewall = `table inet firewall {
      chain in { type filter hook input priority 0; policy drop;
        iif lo accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
        ct state established,related accept; ct state invalid drop
        ip daddr ${VIP} tcp dport { 80, 81 } ct state new accept; ip6 daddr ${VIP6} tcp dport { 80, 81 } ct state new accept
        udp dport 53 ct state new accept; };
      chain out { type filter hook output priority 0; policy drop;
        oif lo accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept
        ct state established,related accept; }; }`;
    await nft(network, 'server', firewall);
    t.equal((await realserver(network, state, ...ORDER)).status, 0);
    await serve('server', [datagrams(VIP), datagrams(VIP6)]);
    for (const address of [VIP, VIP6]) {
      for (const place of places(address))
        t.strictSame(
          serversOf(await ask(network, 'client', place, 2)),
          ['server', 'server'],
          `${place.protocol} ${address}`,
        );
      t.match(await large(datagrams(address)), { server: 'server', message: LARGE });
    }
  }),
);

/** What the face may touch. */
const snapshot = (network: Network): Promise<string> =>
  network.must(
    'server',
    'sh',
    '-c',
    `ip -o address show | sed 's/ valid_lft.*//'; nft list ruleset; grep . /proc/sys/net/ipv4/conf/*/arp_ignore /proc/sys/net/ipv4/conf/*/arp_announce`,
  );

t.test("undone, all is as it was; others' tables are never touched", (t) =>
  withState(async (state) => {
    await using network = await Network.build(site);
    await nft(network, 'server', 'table inet filter { chain in { type filter hook input priority 0; }; }');
    const before = await snapshot(network);

    const dry = await realserver(network, state, ...ORDER, '--dry-run');
    t.match(dry.stdout, /^would set: DSCP 46 means 2001:db8:f::10$/m);
    t.equal((await realserver(network, state, ...ORDER, '--check')).status, 1);
    t.equal(await snapshot(network), before);

    await realserver(network, state, ...ORDER);
    t.match(await snapshot(network), /ip daddr set 203\.0\.113\.10/);
    const one = await realserver(network, state, '--undo', '--vip', VIP);
    t.match(one.stdout, /^undone: DSCP 7 does not mean 203\.0\.113\.10$/m);
    t.notMatch(await snapshot(network), /203\.0\.113\.10/);
    t.match(await snapshot(network), /ip6 daddr set 2001:db8:f::10/);
    t.equal((await realserver(network, state, '--undo')).status, 0);
    t.equal(await snapshot(network), before);
  }),
);

t.test('what somebody took away or changed is missing, and put back', (t) =>
  withState(async (state) => {
    await using network = await Network.build(site);
    await realserver(network, state, ...ORDER);
    const made = await snapshot(network);
    const breaks = [
      'nft delete table inet lvsd-l3dsr',
      'nft flush chain inet lvsd-l3dsr prerouting',
      'nft insert rule inet lvsd-l3dsr prerouting ip dscp 7 drop',
    ];
    for (const line of breaks) {
      await network.must('server', 'sh', '-c', line);
      const check = await realserver(network, state, ...ORDER, '--check');
      t.equal(check.status, 1, line);
      t.match(check.stdout, /^missing: DSCP 7 means 203\.0\.113\.10$/m);
      await realserver(network, state, ...ORDER);
      t.equal(await snapshot(network), made, line);
    }
  }),
);
