/**
 * The demo: a director, three real web servers, each reached in its own way, a real client; one server stops and comes back.
 * `story.js kernel`: by the kernel's IPVS, the third server by a tunnel. `story.js engine`: by our own engine, the third by L3DSR.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../test/lab/eventually.js';
import { ask, type Endpoint, type Peer, serve, serversOf } from '../../test/lab/peers.js';
import { Network, type Topology } from '../../test/lab/topology.js';

const byEngine = process.argv[2] === 'engine';
if (byEngine) await import('../../test/helpers/own-machine.js');

const folder = mkdtempSync(join(tmpdir(), 'lvsd-demo-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const root = fileURLToPath(new URL('../../../', import.meta.url));
const file = `${root}examples/demo/${byEngine ? 'engine' : 'demo'}.conf`;
const site: Endpoint = { protocol: 'http', address: '10.2.0.100', port: 80 };

/** client – router – a LAN with the director and two servers, and one server in another network. */
const topology: Topology = {
  hosts: {
    client: { links: { internet: ['10.1.0.2/24'] }, routes: ['default via 10.1.0.1'] },
    router: {
      links: { internet: ['10.1.0.1/24'], lan: ['10.2.0.1/24'], elsewhere: ['10.3.0.1/24'] },
      sysctls: { 'net.ipv4.ip_forward': 1 },
    },
    director: {
      links: { lan: ['10.2.0.2/24', '10.2.0.100/32'] },
      routes: ['default via 10.2.0.1'],
      sysctls: {
        'net.ipv4.ip_forward': 1,
        'net.ipv4.conf.all.send_redirects': 0,
        'net.ipv4.conf.default.send_redirects': 0,
      },
    },
    'web-nat': { links: { lan: ['10.2.0.11/24'] }, routes: ['default via 10.2.0.2'] },
    'web-dr': { links: { lan: ['10.2.0.12/24'] }, routes: ['default via 10.2.0.1'] },
    'web-far': { links: { elsewhere: ['10.3.0.13/24'] }, routes: ['default via 10.3.0.1'] },
  },
};

const say = (text: string): void => console.log(`\n\x1b[1m${text}\x1b[0m`);

/** Asks until what is expected is seen, and tells what the client saw. @throws if it is not seen in time */
async function expectServers(network: Network, wanted: readonly string[], limitMs: number): Promise<number> {
  const start = performance.now();
  const seen = await eventually(async () => {
    const who = serversOf(await ask(network, 'client', site, 6));
    const different = [...new Set(who)].sort();
    if (different.join() !== [...wanted].sort().join())
      throw new Error(`the client was answered by ${different.join(', ')}`);
    return who;
  }, limitMs);
  console.log(`the client asked six times: ${seen.join(', ')}`);
  return performance.now() - start;
}

await using network = await Network.build(topology);
say('Three web servers; the second has the VIP too and keeps quiet about it, so does the third, which is elsewhere');
const web = (name: string): Promise<Peer> => serve(name, [{ protocol: 'http', address: '0.0.0.0', port: 80 }]);
await web('web-nat');
const stopping = await web('web-dr');
await web('web-far');
const asRealServer = async (host: string, ...words: readonly string[]): Promise<void> => {
  console.log(`# on ${host}: lvsd realserver ${words.join(' ')}`);
  const state = ['--state', join(folder, host)]; // each host would have its own /var/lib/lvsd
  console.log(await network.must(host, `${root}bin/lvsd`, 'realserver', ...words, ...state));
};
await asRealServer('web-dr', '--vip', '10.2.0.100', '--method', 'dr');
if (byEngine) await asRealServer('web-far', '--l3dsr', '7=10.2.0.100');
else await asRealServer('web-far', '--vip', '10.2.0.100', '--method', 'tun');

say(`The director: lvsd run -f ${file.slice(root.length)}`);
console.log(readFileSync(file, 'utf8'));
const director = spawn('ip', ['netns', 'exec', 'director', `${root}bin/lvsd`, 'run', '-f', file], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
await expectServers(network, ['web-nat', 'web-dr', 'web-far'], 15_000);

say('The web server of web-dr stops');
stopping.kill('SIGKILL');
const left = await expectServers(network, ['web-nat', 'web-far'], 10_000);
console.log(`it was out of the rotation after ${(left / 1000).toFixed(1)} s (it is checked every second)`);

say('It comes back');
await web('web-dr');
const back = await expectServers(network, ['web-nat', 'web-dr', 'web-far'], 10_000);
console.log(`it was in the rotation again after ${(back / 1000).toFixed(1)} s`);

const view = byEngine ? ['lvsctl', 'status'] : ['ipvsadm', '-Ln'];
say(view.join(' '));
console.log(await network.must('director', `${root}bin/${view[0]}`, view[1]!));
director.kill('SIGTERM');
