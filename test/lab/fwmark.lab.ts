// kernels: uml, qemu
import t from 'tap';
import type { FwmarkRule } from '../../src/netfilter/fwmark-rule.js';
import { FwmarkTable } from '../../src/netfilter/fwmark-table.js';
import { type Nft, systemNft } from '../../src/netfilter/nft.js';
import type { TableName } from '../../src/netfilter/ruleset.js';
import { ask, askInVain, type Endpoint, serve, serversOf } from './peers.js';
import { mustRun, Network, run, type Topology } from './topology.js';

t.setTimeout(0); // whoever runs us sets the limit

/** The family that this kernel's nftables has: Debian's UML is built without inet, and without ip and ip6, too. */
async function family(): Promise<TableName['family']> {
  const { status } = await run(['nft', 'add table inet probe; delete table inet probe']);
  return status === 0 ? 'inet' : 'bridge';
}

/** nft in a host of the lab. */
const nftIn = (host: string): Nft => systemNft({ command: ['ip', 'netns', 'exec', host, 'nft'] });

/** Two directors on one link, each of them a real server of the same VIP. d1 has it on the link, d2 on lo and in silence. */
function directors(kind: TableName['family']): Topology {
  const director = (own: string[], lo: string[]) => {
    const sysctls = { 'net.ipv4.conf.all.arp_ignore': 1, 'net.ipv4.conf.all.arp_announce': 2 };
    if (kind === 'inet') return { links: { lan: own, lo }, sysctls };
    // marks of the bridge family are given to what comes in over a bridge
    const ip = [
      'link add br0 type bridge forward_delay 0 mcast_snooping 0',
      'link set lan master br0',
      'link set br0 up',
      ...own.map((address) => `address add ${address} dev br0${address.includes(':') ? ' nodad' : ''}`),
    ];
    return { links: { lan: [], lo }, sysctls, ip };
  };
  return {
    hosts: {
      client: { links: { lan: ['10.1.0.2/24', 'fd00:1::2/64'] } },
      d1: director(['10.1.0.11/24', '10.1.0.100/24', 'fd00:1::11/64', 'fd00:1::100/64'], []),
      d2: director(['10.1.0.12/24', 'fd00:1::12/64'], ['10.1.0.100/32', 'fd00:1::100/128']),
    },
  };
}

const both = ['d1', 'd2'] as const;
const web: Endpoint = { protocol: 'tcp', address: '10.1.0.100', port: 80 };
const web6: Endpoint = { ...web, address: 'fd00:1::100' };

/** Each director has the same two services, and both directors as destinations. */
async function balance(weights: Readonly<Record<(typeof both)[number], number>>): Promise<void> {
  const lines = [
    '-A -f 7 -s rr',
    `-a -f 7 -r 10.1.0.11 -g -w ${weights.d1}`,
    `-a -f 7 -r 10.1.0.12 -g -w ${weights.d2}`,
    '-A -f 7 -6 -s rr',
    `-a -f 7 -6 -r [fd00:1::11]:0 -g -w ${weights.d1}`,
    `-a -f 7 -6 -r [fd00:1::12]:0 -g -w ${weights.d2}`,
  ];
  for (const host of both)
    await mustRun(['ip', 'netns', 'exec', host, '/sbin/ipvsadm', '-R'], { input: lines.join('\n') });
}

async function serveOnBoth(): Promise<void> {
  const endpoints = [
    { ...web, address: '0.0.0.0' },
    { ...web, address: '::' },
  ];
  for (const host of both) await serve(host, endpoints);
}

const macOf = async (network: Network, host: string): Promise<string> =>
  (await network.must(host, 'cat', '/sys/class/net/lan/address')).trim();

async function mark(network: Network, kind: TableName['family'], spare: boolean): Promise<void> {
  for (const host of both) {
    const notFrom = spare ? { notFrom: [await macOf(network, host === 'd1' ? 'd2' : 'd1')] } : {};
    const rule: FwmarkRule = {
      name: 'web',
      mark: 7,
      vips: [web.address, web6.address],
      protocols: ['tcp'],
      ports: [{ from: 80, to: 80 }],
      ...notFrom,
    };
    await new FwmarkTable(nftIn(host), { family: kind, name: 'lvsd' }).apply([rule]);
  }
}

/** Frames that came in to both directors, and packets that died there because they had lived too long. */
async function traffic(network: Network): Promise<{ frames: number; expired: number }> {
  let [frames, expired] = [0, 0];
  for (const host of both) {
    frames += Number(await network.must(host, 'cat', '/sys/class/net/lan/statistics/rx_packets'));
    const snmp = await network.must(host, 'sh', '-c', 'nstat -asz IcmpOutTimeExcds Icmp6OutTimeExcds');
    for (const [, count = '0'] of snmp.matchAll(/TimeExcds +(\d+)/g)) expired += Number(count);
  }
  return { frames, expired };
}

const REQUESTS = 4;

for (const [name, to] of [
  ['IPv4', web],
  ['IPv6', web6],
] as const)
  t.test(`ping-pong, ${name}: two directors that are each other's real servers`, async (t) => {
    const kind = await family();
    t.comment(`nftables family ${kind}`);
    await using network = await Network.build(directors(kind));
    await balance({ d1: 1, d2: 1 });
    await serveOnBoth();

    await mark(network, kind, false);
    const start = await traffic(network);
    const without = serversOf(await askInVain(network, 'client', to, REQUESTS));
    const looped = await traffic(network);
    t.comment(`without the rule: ${without.join(', ')}`);
    t.ok(
      without.some((answer) => answer !== 'd1' && answer !== 'd2'),
      'without the rule some requests get no answer',
    );
    t.ok(looped.expired > start.expired, 'because their packets go back and forth until their time to live is over');

    // connections that the directors remember would go on looping
    for (const host of both) await network.must(host, '/sbin/ipvsadm', '-C');
    await balance({ d1: 1, d2: 1 });
    await mark(network, kind, true);
    const calm = await traffic(network);
    const withRule = serversOf(await ask(network, 'client', to, REQUESTS));
    const after = await traffic(network);
    t.strictSame([...withRule].sort(), ['d1', 'd1', 'd2', 'd2'], 'with it all are answered, and both take part');
    t.equal(after.expired, calm.expired, 'no packet went back and forth');
    const [wild, tame] = [looped.frames - start.frames, after.frames - calm.frames];
    t.ok(wild > tame + 50, `${wild} frames came in without it, ${tame} with it`); // a time to live is 64
  });

t.test('the table is written once, replaced without a gap, removed, and others are left alone', async (t) => {
  const kind = await family();
  await using network = await Network.build(directors(kind));
  const nft = nftIn('d1');
  const table = new FwmarkTable(nft, { family: kind, name: 'lvsd' });
  await network.must(
    'd1',
    'nft',
    `add table ${kind} other; add chain ${kind} other c; add rule ${kind} other c counter`,
  );
  const others = await network.must('d1', 'nft', 'list', 'table', kind, 'other');
  const rule = (last: number): FwmarkRule => ({
    name: 'web "and" more; drop',
    mark: 7,
    vips: [web.address, web6.address, '198.51.100.0/24', '2001:db8::/33'],
    protocols: ['udp', 'tcp'],
    ports: [
      { from: 8000, to: 8000 + last },
      { from: 80, to: 80 },
    ],
    notFrom: ['02:00:00:00:00:0A', '02:00:00:00:00:0b'],
    interfaces: kind === 'inet' ? ['lan', 'lo'] : ['lan'],
  });

  t.equal(await table.apply([rule(1)]), true);
  t.equal(await table.apply([rule(1)]), false, 'what nft lists is what was wanted');
  t.equal(await table.apply([rule(1), { name: 'b', mark: 0xffff_ffff, vips: ['192.0.2.1'] }]), true);
  t.equal(await table.apply([rule(1), { name: 'b', mark: 0xffff_ffff, vips: ['192.0.2.1'] }]), false);

  // d1 has the VIP itself: a packet that is not marked is answered by d1, a marked one by d2
  await balance({ d1: 0, d2: 1 });
  await network.must('d2', '/sbin/ipvsadm', '-C');
  await serveOnBoth();
  await table.apply([{ ...rule(1), notFrom: [] }]);
  const progress = { asking: true, replaced: 0 };
  const answers = ask(network, 'client', web, 300).finally(() => (progress.asking = false));
  while (progress.asking) {
    t.ok(await table.apply([{ ...rule(2 + (progress.replaced % 9)), notFrom: [] }]));
    progress.replaced++;
  }
  t.strictSame([...new Set(serversOf(await answers))], ['d2'], 'no packet saw the table missing');
  t.ok(progress.replaced > 1, `while it was replaced ${progress.replaced} times`);

  t.equal(await table.apply([]), true, 'without rules there is no table');
  t.equal(await table.exists(), false);
  t.equal(await table.remove(), false);
  t.equal(await network.must('d1', 'nft', 'list', 'table', kind, 'other'), others);
});
