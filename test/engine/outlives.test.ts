/** The director is killed, started anew and reloaded under load: the engine forwards, and loses nothing. */
import '../helpers/own-machine.js';
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { Crowd } from '../lab/crowd.js';
import { Director } from '../lab/lvsd-process.js';
import { natSite, numbersTo, serverAddress, serverHost, vip } from '../lab/nat-site.js';
import { serve } from '../lab/peers.js';
import { Network } from '../lab/topology.js';
import { direct, echo, globals, lvsctl, Steady, virtualServer } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit
const CONNECTIONS = 300;
const PER_SECOND = 500;

const text = (servers: number): string =>
  globals(['outside', 'inside'], 'xdp', ['lvs_stop keep']) +
  virtualServer(
    `${vip} 80`,
    ['lvs_sched wrr', 'lvs_method NAT', 'protocol TCP'],
    numbersTo(servers).map((n) => `${serverAddress(n)} 80`),
  ) +
  virtualServer(
    `${vip} 53`,
    ['lvs_sched maglev', 'lvs_method NAT', 'protocol UDP'],
    numbersTo(servers).map((n) => `${serverAddress(n)} 53`),
  );

/** Drops of the engine, by reason: those that any loss of ours would count as. */
async function drops(network: Network): Promise<unknown> {
  const status = JSON.parse(await lvsctl(network, 'director', '--json', 'status')) as {
    engine: { dropped: Record<string, number> };
  };
  return status.engine.dropped;
}

t.test('kill -9, a new director, a reload', async (t) => {
  await using network = await Network.build(natSite(3));
  for (const n of numbersTo(3)) {
    await serve(serverHost(n), [{ protocol: 'tcp', address: serverAddress(n), port: 80 }]);
    await echo(serverHost(n), serverAddress(n), 53);
  }
  const first = await direct('director', text(2));
  await using talkers = await Crowd.open('client', vip, 80, CONNECTIONS);
  await using stream = await Steady.start('client', vip, 53, PER_SECOND);
  await talkers.rounds(1);

  first.kill('SIGKILL');
  await talkers.rounds(3);
  await using second = new Director('director', first.file);
  await second.until('daemon.started');
  await talkers.rounds(3);

  writeFileSync(first.file, text(3));
  await lvsctl(network, 'director', 'reload');
  await talkers.rounds(3);
  await second.stop(); // no other starts before
  await talkers.rounds(3);
  await using third = new Director('director', first.file);
  await third.until('daemon.started');
  await talkers.rounds(3);

  const { sent, back, longestMs } = await stream.end();
  t.ok(sent > 500, `${sent} datagrams`);
  t.equal(back, sent, `none was lost; the slowest took ${longestMs} ms`);
  t.match(await talkers.end(), /^\d+ 0 0$/, 'no connection broke, none changed its server');
  t.match(await drops(network), { transmit_full: 0, no_room: 0, no_neighbour: 0 }, 'the engine dropped nothing');
  t.end();
});
