/** NAT by the engine between real stacks, which leave checksums and segments to a device that is not there. */
import '../helpers/own-machine.js';
import t from 'tap';
import { natSite, numbersTo, serverAddress, serverHost, vip } from '../lab/nat-site.js';
import { ask, serve, serversOf } from '../lab/peers.js';
import { Network } from '../lab/topology.js';
import { direct, globals, type Mode, move, serveBulk, virtualServer } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit
const SERVERS = 3;
const MEGABYTE = 1 << 20;
const servers = (port: number): string[] => numbersTo(SERVERS).map((n) => `${serverAddress(n)} ${port}`);

for (const mode of ['xdp', 'packet'] satisfies Mode[]) {
  t.test(`IPv4, ${mode}`, async (t) => {
    await using network = await Network.build(natSite(SERVERS));
    for (const n of numbersTo(SERVERS)) {
      await serve(serverHost(n), [
        { protocol: 'tcp', address: serverAddress(n), port: 8080 },
        { protocol: 'udp', address: serverAddress(n), port: 5353 },
      ]);
      await serveBulk(serverHost(n), serverAddress(n), 9000);
    }
    await using director = await direct(
      'director',
      globals(['outside', 'inside'], mode) +
        virtualServer(`${vip} 80`, ['lvs_sched rr', 'lvs_method NAT', 'protocol TCP'], servers(8080)) +
        virtualServer(`${vip} 53`, ['lvs_sched rr', 'lvs_method NAT', 'protocol UDP'], servers(5353)) +
        virtualServer(`${vip} 9000`, ['lvs_sched maglev', 'lvs_method NAT', 'protocol TCP'], servers(9000)),
    );
    const everybody = numbersTo(SERVERS).map(serverHost);
    for (const [protocol, port] of [
      ['tcp', 80],
      ['udp', 53],
    ] as const) {
      const replies = await ask(network, 'client', { protocol, address: vip, port }, 3 * SERVERS);
      t.strictSame([...new Set(serversOf(replies))].sort(), everybody, `${protocol}: each in turn`);
      t.ok(
        replies.every((reply) => !('error' in reply) && reply.client === '10.1.0.2'),
        `${protocol}: the servers see the client`,
      );
    }
    t.match(await move(network, 'client', vip, 9000, 20 * MEGABYTE, 20 * MEGABYTE), /^ok /, 'bulk, both ways');
    await director.stop();
    t.end();
  });
}
