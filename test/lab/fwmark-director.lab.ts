// kernels: qemu
/** A fwmark_rule of the file, from lvsd to nftables and back. (Debian's UML kernel has nftables for bridges only.) */
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { Director } from './lvsd-process.js';
import { natSite } from './nat-site.js';
import { ask, type Endpoint, serve, serversOf } from './peers.js';
import { Network } from './topology.js';

const file = '/run/fwmark.conf';

const configuration = (ports: string): string => `
fwmark_rule web {
    fwmark 7
    vip 10.1.0.100
    protocol TCP
    port ${ports}
}
virtual_server fwmark 7 {
    lvs_sched rr
    lvs_method NAT
    persistence_timeout 600
    real_server 10.2.0.11 {
    }
    real_server 10.2.0.12 {
    }
}
`;

const at = (port: number): Endpoint => ({ protocol: 'tcp', address: '10.1.0.100', port });

t.test('the ports of a rule are one service; a reload changes the rule, and the end takes it away', async (t) => {
  await using network = await Network.build(natSite(2));
  for (const n of [1, 2])
    await serve(
      `rs${n}`,
      [80, 443, 8080].map((port) => ({ ...at(port), address: `10.2.0.1${n}` })),
    );
  const asked = async (port: number): Promise<string> => serversOf(await ask(network, 'client', at(port)))[0] ?? '';

  writeFileSync(file, configuration('80 443'));
  await using director = new Director('director', file);
  await director.until('daemon.started');
  const server = await asked(80);
  t.match(server, /^rs[12]$/);
  t.equal(await asked(443), server, 'the same server on the other port');
  t.notMatch(await asked(8080), /^rs/, 'a port that is not in the rule');

  writeFileSync(file, configuration('80 8080'));
  director.kill('SIGHUP');
  await director.until('daemon.reloaded');
  t.equal(await asked(8080), server);
  t.notMatch(await asked(443), /^rs/);

  director.kill('SIGTERM');
  await director.until('daemon.stopped');
  t.equal((await network.must('director', 'nft', 'list', 'ruleset')).trim(), '');
});
