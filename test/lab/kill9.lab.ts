/** kill -9 of lvsd under a thousand talking connections, and a new lvsd: nobody notices. */
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { Crowd } from './crowd.js';
import { eventually } from './eventually.js';
import { Director } from './lvsd-process.js';
import { natSite } from './nat-site.js';
import { serve } from './peers.js';
import { Network } from './topology.js';

const CONNECTIONS = 1000;

const server = (n: number): string => `
    real_server 10.2.0.1${n} 80 {
        weight ${n}
        TCP_CHECK {
            connect_timeout 20
        }
    }`;
const configuration = `
virtual_server 10.1.0.100 80 {
    delay_loop 1
    lb_algo wrr
    lb_kind NAT
    protocol TCP
${[1, 2, 3].map(server).join('\n')}
}
`;
const file = '/run/kill9.conf';

/** Which server each connection has, from the kernel's own list: `CLIENT-PORT SERVER`, sorted. */
async function placements(network: Network): Promise<string[]> {
  const text = await network.must('director', 'cat', '/proc/net/ip_vs_conn');
  const rows = text
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/));
  return rows
    .filter((row) => row[7] === 'ESTABLISHED')
    .map((row) => `${row[2]!} ${row[5]!}`)
    .sort();
}

t.test(`${CONNECTIONS} connections outlive lvsd, and the next lvsd changes nothing`, async (t) => {
  await using network = await Network.build(natSite(3));
  writeFileSync(file, configuration);
  for (const n of [1, 2, 3]) await serve(`rs${n}`, [{ protocol: 'tcp', address: `10.2.0.1${n}`, port: 80 }]);

  await using first = new Director('director', file);
  await first.until('daemon.started');
  await using talkers = await Crowd.open('client', '10.1.0.100', 80, CONNECTIONS);
  await talkers.rounds(2);
  const before = await eventually(async () => {
    const placed = await placements(network);
    if (placed.length < CONNECTIONS) throw new Error(`${placed.length} connections are established`);
    return placed;
  });
  t.equal(new Set(before.map((line) => line.split(' ')[1])).size, 3, 'on three servers');

  first.kill('SIGKILL');
  await talkers.rounds(2);
  t.strictSame(await placements(network), before, 'while there is no lvsd');

  await using second = new Director('director', file);
  await second.until('daemon.started');
  const configured = second.said.find((line) => line['event'] === 'director.configured');
  t.match(configured, { changes: 0, refused: 0 }, 'it found everything as it should be');
  await talkers.rounds(2);
  t.strictSame(await placements(network), before, 'with the new lvsd');

  const [done = '0', failed, changed] = (await talkers.end()).split(' ');
  t.ok(Number(done) >= 6, `${done} rounds`);
  t.equal(failed, '0', 'connections that broke');
  t.equal(changed, '0', 'connections that were answered by another server');
});
