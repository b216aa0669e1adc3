// kernels: uml, qemu
/** What the kernel does with a service once it is programmed, as a client sees it and as the counters tell it. */
import t from 'tap';
import { defaultDestinationSettings } from '../../src/model/destination.js';
import { defaultServiceSettings, type ServiceKey } from '../../src/model/service.js';
import { balance, ipvsOf } from './director-host.js';
import { eventually } from './eventually.js';
import { natSite } from './nat-site.js';
import { ask, Conversation, type Endpoint, serve, serversOf } from './peers.js';
import { Network } from './topology.js';

const servers = ['10.2.0.11', '10.2.0.12'];
const nat = { ...defaultDestinationSettings, method: 'masquerade' } as const;
const rs1 = { address: '10.2.0.11', port: 80 };
const web: ServiceKey = { by: 'address', protocol: 'tcp', address: '10.1.0.100', port: 80 };
const endpoint: Endpoint = { protocol: 'tcp', address: '10.1.0.100', port: 80 };

async function twoServers(ports: readonly number[] = [80]): Promise<void> {
  for (const [i, address] of servers.entries()) {
    await serve(
      `rs${i + 1}`,
      ports.map((port): Endpoint => ({ protocol: 'tcp', address, port })),
    );
  }
}

t.test('a persistent client keeps its server, and leaves a template', async (t) => {
  await using network = await Network.build(natSite(2, ['10.1.0.2/24', '10.1.0.3/24', '10.1.0.4/24']));
  await using ipvs = await ipvsOf('director');
  await twoServers();
  await balance(ipvs, web, servers, { persistent: true, persistenceSeconds: 60 });

  const first = serversOf(await ask(network, 'client', endpoint, 4, { address: '10.1.0.2' }));
  t.equal(new Set(first).size, 1, 'four connections of one client, one server');
  const second = serversOf(await ask(network, 'client', endpoint, 4, { address: '10.1.0.3' }));
  t.equal(new Set(second).size, 1);
  t.not(first[0], second[0], 'the next client was scheduled to the other server');
  const rows = await ipvs.destinations(web);
  t.strictSame(
    rows.map((row) => row.persistent),
    [1, 1],
  );
});

t.test('with a mask, the clients of one network count as one', async (t) => {
  await using network = await Network.build(natSite(2, ['10.1.0.2/24', '10.1.0.3/24', '10.1.0.4/24']));
  await using ipvs = await ipvsOf('director');
  await twoServers();
  await balance(ipvs, web, servers, { persistent: true, persistenceSeconds: 60, persistenceMask: '255.255.255.0' });
  const answers = await Promise.all(
    ['10.1.0.2', '10.1.0.3', '10.1.0.4'].map((address) => ask(network, 'client', endpoint, 1, { address })),
  );
  t.equal(new Set(answers.flatMap(serversOf)).size, 1);
});

t.test('a server at its upper threshold gets nobody, until it is below the lower one', async (t) => {
  await using network = await Network.build(natSite(2, ['10.1.0.2/24', '10.1.0.3/24', '10.1.0.4/24']));
  await using ipvs = await ipvsOf('director');
  await twoServers();
  await balance(ipvs, web, servers);
  await ipvs.editDestination(web, rs1, { ...nat, upperThreshold: 1, lowerThreshold: 1 });

  const open: Conversation[] = [];
  const who: string[] = [];
  for (let i = 0; i < 4; i++) {
    const conversation = await Conversation.open('client', endpoint);
    open.push(conversation);
    who.push(...serversOf([await conversation.ask('hello')]));
  }
  t.equal(who.filter((name) => name === 'rs1').length, 1, who.join(' '));
  const [full] = (await ipvs.destinations(web)).filter((row) => row.key.address === rs1.address);
  t.match(full, { active: 1, settings: { upperThreshold: 1, lowerThreshold: 1 } });

  await ipvs.editDestination(web, rs1, nat);
  t.ok(
    serversOf(await ask(network, 'client', endpoint, 2)).includes('rs1'),
    'without the threshold it is chosen again',
  );
  for (const conversation of open) await conversation[Symbol.asyncDispose]();
});

t.test('weight 0: an established connection is kept, new ones go elsewhere', async (t) => {
  await using network = await Network.build(natSite(2, ['10.1.0.2/24', '10.1.0.3/24', '10.1.0.4/24']));
  await using ipvs = await ipvsOf('director');
  await twoServers();
  await ipvs.addService(web, { ...defaultServiceSettings('ip4'), scheduler: 'rr' });
  await ipvs.addDestination(web, rs1, nat);
  await using conversation = await Conversation.open('client', endpoint);
  t.strictSame(serversOf([await conversation.ask('before')]), ['rs1']);

  await ipvs.addDestination(web, { address: '10.2.0.12', port: 80 }, nat);
  await ipvs.editDestination(web, rs1, { ...nat, weight: 0 });
  t.strictSame(serversOf(await ask(network, 'client', endpoint, 4)), ['rs2', 'rs2', 'rs2', 'rs2']);
  t.match(await conversation.ask('after'), { server: 'rs1', message: 'after' });
  const drained = (await ipvs.destinations(web)).find((row) => row.key.address === rs1.address);
  t.match(drained, { active: 1, settings: { weight: 0 } });
});

t.test('the director itself may be a client', async (t) => {
  await using network = await Network.build(natSite(2, ['10.1.0.2/24', '10.1.0.3/24', '10.1.0.4/24']));
  await using ipvs = await ipvsOf('director');
  await twoServers();
  await balance(ipvs, web, servers);
  t.same(serversOf(await ask(network, 'director', endpoint, 4)).sort(), ['rs1', 'rs1', 'rs2', 'rs2']);
});

t.test('a mark makes one service of several ports, with one persistence', async (t) => {
  await using network = await Network.build(natSite(2, ['10.1.0.2/24', '10.1.0.3/24', '10.1.0.4/24']));
  await using ipvs = await ipvsOf('director');
  await twoServers([80, 443]);
  // tc marks what comes in: Debian's UML kernel has nftables for bridges only (fwmark.lab.ts tests our own nftables rules).
  await network.must('director', 'tc', 'qdisc', 'add', 'dev', 'outside', 'clsact');
  for (const port of [80, 443]) {
    const match = `protocol ip flower dst_ip 10.1.0.100 ip_proto tcp dst_port ${port} action skbedit mark 7`;
    await network.must('director', 'tc', 'filter', 'add', 'dev', 'outside', 'ingress', ...match.split(' '));
  }
  const mark: ServiceKey = { by: 'fwmark', family: 'ip4', mark: 7 };
  await balance(ipvs, mark, servers, { persistent: true, persistenceSeconds: 60 });

  const plain = serversOf(await ask(network, 'client', endpoint, 3));
  const secure = serversOf(await ask(network, 'client', { ...endpoint, port: 443 }, 3));
  t.equal(new Set([...plain, ...secure]).size, 1, [...plain, ...secure].join(' '));
  const other = serversOf(await ask(network, 'client', { ...endpoint, port: 8080 }, 1));
  t.match(other, [/refused|timeout/], 'a port that is not marked is not balanced');
});

t.test('one-packet scheduling: every datagram anew, and no connection is left', async (t) => {
  await using network = await Network.build(natSite(2, ['10.1.0.2/24', '10.1.0.3/24', '10.1.0.4/24']));
  await using ipvs = await ipvsOf('director');
  for (const [i, address] of servers.entries()) await serve(`rs${i + 1}`, [{ protocol: 'udp', address, port: 53 }]);
  const dns: ServiceKey = { by: 'address', protocol: 'udp', address: '10.1.0.100', port: 53 };
  await balance(ipvs, dns, servers, { onePacket: true });
  await ask(network, 'client', { protocol: 'udp', address: '10.1.0.100', port: 53 }, 1);
  t.strictSame(
    (await ipvs.destinations(dns)).map((row) => row.active + row.inactive),
    [0, 0],
  );
  const connections = await eventually(async () => {
    const row = await ipvs.findService(dns);
    if (row === undefined || row.statistics.connections === 0n) throw new Error('not counted yet');
    return row.statistics.connections;
  });
  t.ok(connections >= 1n);
});

t.test('counters: what a client did is told, per service and server, and can be zeroed', async (t) => {
  await using network = await Network.build(natSite(2, ['10.1.0.2/24', '10.1.0.3/24', '10.1.0.4/24']));
  await using ipvs = await ipvsOf('director');
  await twoServers();
  await balance(ipvs, web, servers);
  await ask(network, 'client', endpoint, 6);
  const counted = await eventually(async () => {
    const row = await ipvs.findService(web);
    const { connections = 0n, inPackets = 0n, outPackets = 0n } = row?.statistics ?? {};
    const servers = (await ipvs.destinations(web)).map(({ statistics }) => statistics.connections).join();
    // brought up to date at times of their own
    if (connections < 6n || inPackets < 24n || outPackets < 18n || servers !== '3,3')
      throw new Error(`${connections} connections, ${inPackets} packets in, ${outPackets} out, by server ${servers}`);
    return connections;
  });
  t.equal(counted, 6n);
  await ipvs.zero(web);
  t.equal((await ipvs.findService(web))?.statistics.connections, 0n);
});
