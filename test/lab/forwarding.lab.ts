// kernels: uml, qemu
/** Every way to a real server, with real requests: NAT, DR and TUN with each tunnel type, over IPv4, IPv6 and mixed, for TCP, UDP and SCTP. */
import t from 'tap';
import { openIpvs } from '../../src/library/ipvs.js';
import { defaultServiceSettings } from '../../src/model/service.js';
import { eventually } from './eventually.js';
import {
  cases,
  client,
  closeTunnels,
  forwardingSite,
  openTunnels,
  portOf,
  protocols,
  serversFor,
  serviceKeys,
  startServers,
  vip,
} from './forwarding-site.js';
import { ask, serversOf } from './peers.js';
import { Network } from './topology.js';

const REQUESTS = 4;

t.test('forwarding', async (t) => {
  await using network = await Network.build(forwardingSite);
  await startServers(network);
  await using ipvs = await openIpvs({ networkNamespace: '/run/netns/director' });

  for (const [index, one] of cases.entries()) {
    await t.test(one.name, async (t) => {
      const servers = Object.entries(serversFor(one));
      await openTunnels(network, one);
      const keys = serviceKeys(index, one);
      for (const key of keys) {
        await ipvs.addService(key, { ...defaultServiceSettings(one.service), scheduler: 'rr' });
        for (const [, address] of servers)
          await ipvs.addDestination(key, { address: address[one.server], port: portOf(index) }, one.settings);
      }

      for (const [at, protocol] of protocols.entries()) {
        const replies = await ask(
          network,
          'client',
          { protocol, address: vip[one.service], port: portOf(index) },
          REQUESTS,
        );
        const [first = '', second = ''] = serversOf(replies);
        t.same(
          [first, second].sort(),
          servers.map(([host]) => host),
          `${protocol}: both servers answer`,
        );
        t.same(serversOf(replies), [first, second, first, second], `${protocol}: in turn`);
        for (const reply of replies)
          t.match(reply, { client: client[one.service] }, `${protocol}: they see the client's address`);
        const rows = await ipvs.destinations(keys[at]!);
        t.same(
          rows.map(({ active, inactive }) => active + inactive),
          [REQUESTS / 2, REQUESTS / 2],
          `${protocol}: connections`,
        );
        for (const row of rows) t.same(row.settings, one.settings);
      }

      const received = await closeTunnels(network, one);
      if (received !== undefined) t.ok(received >= 2 * protocols.length, `all came by the tunnel: ${received}`);
    });
  }

  await t.test("the kernel's counters", async (t) => {
    for (const [index, one] of cases.entries())
      for (const key of serviceKeys(index, one)) {
        const row = await eventually(async () => {
          const found = await ipvs.findService(key);
          if (found?.statistics.connections !== BigInt(REQUESTS))
            throw new Error(`${one.name}: not ${REQUESTS} connections`);
          return found.statistics;
        });
        const answersPass = one.settings.method === 'masquerade';
        t.ok(row.inPackets >= BigInt(REQUESTS), `${one.name}: packets in`);
        t.equal(row.outPackets > 0n, answersPass, `${one.name}: packets out only with NAT`);
      }
  });
});
