/** The engine's process between real devices: veth pairs to a client's and a server's namespace, real TCP, both kinds of ports. */
import {
  ask,
  forward,
  ip,
  kernelLooksAway,
  layCables,
  network,
  SERVER,
  startEngine,
  startServer,
  table,
  VIP,
} from '../../helpers/engine-cables.js';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { defaultEngineGlobals } from '../../../src/dataplane/network.js';
import { networkImage } from '../../../src/dataplane/network-image.js';
import { engineProgram } from '../../../src/dataplane/process.js';
import { servicesImage } from '../../../src/dataplane/services-image.js';
import { findProgram } from '../../helpers/program.js';

const BYTES = 4_000_000;

layCables();
await startServer();
const kernelService = createServer({ allowHalfOpen: true }, (socket) => socket.end('the kernel')).listen(2222, VIP);
t.teardown(() => void kernelService.close());

const nft = findProgram('nft');
for (const mode of ['xdp-native', 'packet'] as const) {
  t.test(
    `TCP goes both ways whole through ports of mode ${mode}`,
    { skip: mode === 'packet' && nft === undefined },
    async (t) => {
      const { engine, said } = await startEngine(t);
      const opened = await forward(engine, mode);
      t.same(
        opened.map((port) => port.mode),
        [mode, mode],
        said(),
      );
      if (mode === 'packet') kernelLooksAway(t);
      t.equal(await ask(VIP, 80, 10), 'right');
      t.equal(await ask(VIP, 80, BYTES), 'right', 'with the checksums and the oversized frames that veth leaves to us');
      const counters = await engine.counters();
      t.ok(counters.events.get('forwarded')! > 1000n);
      t.ok(counters.events.get('checksums_completed')! > 0n, 'veth leaves checksums to the receiver');
      if (mode === 'packet') t.ok(counters.events.get('segmented')! > 0n, 'and segmentation');

      t.equal(
        await ask(VIP, 2222, 10),
        'wrong',
        'another port of the VIP is a service of the kernel, which answers otherwise',
      );
      t.equal((await engine.counters()).events.get('passed') ?? 0n, 0n, 'it never came to us');
      t.equal(
        await ask(SERVER, 8080, 100_000),
        'right',
        'a NAT server that is spoken to directly: its answers go back to the kernel',
      );
      t.ok((await engine.counters()).events.get('passed')! > 0n, 'they came to us');
    },
  );
}

t.test('what cannot be opened is said in a sentence, the rest is open', async (t) => {
  const { engine } = await startEngine(t);
  const ports = ['d0', 'nosuchdevice'].map((name, index) => ({
    name,
    mode: 'xdp-native' as const,
    completeChecksums: true,
    index,
  }));
  const [good, bad] = await engine.openPorts(ports);
  t.match(good, { mode: 'xdp-native', queues: 1 });
  t.match(bad, { queues: 0, reason: 'no interface is named nosuchdevice' });
  const second = await startEngine(t);
  const [refused] = await second.engine.openPorts(ports.slice(0, 1));
  t.match(refused, { queues: 0, reason: /another XDP program is on this device/ });
  const [lesser] = await second.engine.openPorts([{ ...ports[0]!, mode: 'auto' }]);
  t.match(
    lesser,
    { mode: 'packet', reason: /another XDP program is on this device/ },
    'what it can do instead, and why',
  );
});

t.test('ports are closed and opened while it runs, and nothing stays on the device', async (t) => {
  const { engine, child } = await startEngine(t);
  for (let i = 0; i < 3; i++) {
    t.match(await forward(engine, 'xdp-native'), [{ queues: 1 }, { queues: 1 }]);
    t.equal(await ask(VIP, 80, 50_000), 'right', `round ${i}`);
    t.same(await engine.openPorts([]), []);
    t.notMatch(ip('link show d0'), /xdp/);
  }
  await forward(engine, 'auto');
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  for (let i = 0; i < 200 && ip('link show d0').includes('xdp'); i++) await wait(10);
  t.notMatch(ip('link show d0'), /xdp/, 'its program goes with the process');
});

t.test('a second engine at the same socket is refused; SIGTERM ends the first in order', async (t) => {
  const { child, path, said } = await startEngine(t);
  const second = spawn(engineProgram(), ['--control', path], { stdio: ['ignore', 'ignore', 'pipe'] });
  let why = '';
  second.stderr.on('data', (bytes: Buffer) => void (why += bytes.toString()));
  t.equal(await new Promise((resolve) => second.once('exit', resolve)), 1);
  t.match(why, /another engine listens here/);
  child.kill('SIGTERM');
  t.equal(await new Promise((resolve) => child.once('exit', resolve)), 0);
  t.notOk(existsSync(path));
  const lines = said().trim().split('\n');
  t.ok(lines.length >= 2);
  for (const line of lines) t.match(JSON.parse(line), { level: 'info' });
});

t.test('a device that goes away is told, the others go on, and it is opened again when it is back', async (t) => {
  const { engine, changes } = await startEngine(t);
  ip('link add gone0 type veth peer name gone1');
  ip('link set gone0 up');
  ip('link set gone1 up');
  const ports = ['d0', 'd1', 'gone0'].map((name, index) => ({
    name,
    mode: 'auto' as const,
    completeChecksums: true,
    index,
  }));
  t.match(await engine.openPorts(ports), [{ queues: 1 }, { queues: 1 }, { queues: 1 }]);
  await engine.publishNetwork(networkImage(network));
  await engine.publishServices(servicesImage(table(), defaultEngineGlobals, ['d0', 'd1']).image);
  ip('link delete gone0');
  for (let i = 0; i < 300 && !changes.some((change) => change.state === 'gone'); i++) await wait(10);
  t.match(changes.at(-1), { index: 2, name: 'gone0', state: 'gone', reason: 'gone0: the device is gone' });
  t.equal(await ask(VIP, 80, 100_000), 'right', 'the others forward');
  ip('link add gone0 type veth peer name gone1');
  t.match((await engine.openPorts(ports))[2], { name: 'gone0', queues: 1 });
  ip('link delete gone0');
});

t.test('the engine needs no parent, and its workers have a name', async (t) => {
  const { engine } = await startEngine(t);
  const { pid, workers } = await engine.hello();
  t.equal(workers, 1);
  const names = execFileSync('sh', ['-c', `cat /proc/${pid}/task/*/comm`], { encoding: 'utf8' });
  t.match(names, /lvsd-worker0/);
  t.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /--control/);
});
