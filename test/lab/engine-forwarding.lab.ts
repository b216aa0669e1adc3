// kernels: uml, qemu
/** The userspace engine on every way to a real server, whose kernel takes the tunnel off: the cases of forwarding.lab.ts, without IPVS. */
import t from 'tap';
import { direct, globals, type Mode, virtualServer } from '../engine/site.js';
import {
  cases,
  client,
  closeTunnels,
  engineMethod,
  engineSite,
  openTunnels,
  portOf,
  serversFor,
  startServers,
  vip,
} from './forwarding-site.js';
import { ask, serversOf } from './peers.js';
import { Network } from './topology.js';

/** User-Mode Linux has no AF_XDP. */
const mode: Mode = process.env['LAB_KERNEL'] === 'qemu' ? 'xdp' : 'packet';
const REQUESTS = 4;
const protocols = ['tcp', 'udp', 'sctp'] as const;

/** IPVS's remote checksum offload is an optimisation of its own sender: the engine does not have it. */
const engineCases = cases
  .map((one, index) => ({ one, port: portOf(index) }))
  .filter(({ one }) => !one.settings.tunnel.remoteChecksum);

const text = engineCases
  .flatMap(({ one, port }) =>
    protocols.map((protocol) =>
      virtualServer(
        `${vip[one.service]} ${port}`,
        ['lvs_sched rr', `lvs_method ${engineMethod(one)}`, `protocol ${protocol.toUpperCase()}`, 'answer_arp'],
        Object.values(serversFor(one)).map((address) => `${address[one.server]} ${port}`),
      ),
    ),
  )
  .join('');

t.test(`forwarding by the engine, ${mode}`, async (t) => {
  await using network = await Network.build(engineSite);
  await startServers(network);
  await using director = await direct('director', globals(['outside', 'inside'], mode) + text);

  for (const { one, port } of engineCases) {
    await t.test(one.name, async (t) => {
      await openTunnels(network, one);
      for (const protocol of protocols) {
        const replies = await ask(network, 'client', { protocol, address: vip[one.service], port }, REQUESTS);
        t.same(
          [...new Set(serversOf(replies))].sort(),
          Object.keys(serversFor(one)),
          `${protocol}: both servers answer`,
        );
        for (const reply of replies)
          t.match(reply, { client: client[one.service] }, `${protocol}: they see the client's address`);
      }
      const received = await closeTunnels(network, one);
      if (received !== undefined) t.ok(received >= 2 * protocols.length, `all came by the tunnel: ${received}`);
    });
  }
  director.kill('SIGTERM');
});
