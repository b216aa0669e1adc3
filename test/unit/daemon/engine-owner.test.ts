/** What the daemon's engine says to the process, when, and in which order; the process is a fake one at a real socket. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Engine } from '../../../src/daemon/engine.js';
import { engineAddress } from '../../../src/dataplane/client.js';
import { event, SESSION_RECORD_BYTES, topic } from '../../../src/dataplane/protocol.js';
import { neighbourState } from '../../../src/links/uapi.js';
import type { Change } from '../../../src/model/change.js';
import { defaultDestinationSettings } from '../../../src/model/destination.js';
import { defaultEngineOptions, defaultEngineSettings, type EngineOptions } from '../../../src/model/engine.js';
import { defaultServiceSettings } from '../../../src/model/service.js';
import type { Steering } from '../../../src/netfilter/steering-rules.js';
import { systemClock } from '../../../src/system/clock.js';
import { FakeEngine } from '../../helpers/fake-engine.js';
import { FakeSource, link } from '../../helpers/fake-network.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { temporaryDirectory } from '../../helpers/program.js';

/** Of no process: the largest that there can be. */
const NOBODY = 2 ** 22 - 1;

const web = { by: 'address', protocol: 'tcp', address: '198.51.100.1', port: 80 } as const;
const changes: readonly Change[] = [
  {
    do: 'add-service',
    service: web,
    settings: { ...defaultServiceSettings('ip4'), scheduler: 'maglev', engine: defaultEngineSettings },
  },
  {
    do: 'add-destination',
    service: web,
    destination: { address: '10.1.0.2', port: 80 },
    settings: { ...defaultDestinationSettings, method: 'masquerade' },
  },
];

function world(t: Test, directory = temporaryDirectory(t)) {
  const path = join(directory, 'engine.sock');
  const source = new FakeSource();
  const log = new MemoryLog();
  const fakes: FakeEngine[] = [];
  const args: (readonly string[])[] = [];
  const steered: Steering[] = [];
  const refuse = { starts: false };
  const engine = new Engine({
    path,
    start: async (words) => {
      args.push(words);
      if (refuse.starts) throw new Error('no more processes');
      const fake: FakeEngine = await FakeEngine.listen({
        path: words[1]!,
        pid: NOBODY,
        workers: Number(words[words.indexOf('--workers') + 1]),
        capacity: Number(words[words.indexOf('--sessions') + 1]),
        onStop: () => void fake.close(),
      });
      fakes.push(fake);
      return { pid: NOBODY, onExit: () => undefined, kill: () => undefined };
    },
    network: () => source,
    steering: {
      apply: (steering) => {
        steered.push(steering);
        return Promise.resolve(true);
      },
      remove: () => Promise.resolve(false),
    },
    clock: systemClock,
    log,
  });
  t.teardown(async () => {
    await engine.close('keep');
    for (const fake of fakes) await fake.close();
  });
  return { engine, source, log, fakes, args, steered, refuse };
}

const settings: EngineOptions = { ...defaultEngineOptions, workers: 3, sessions: 5000 };

async function started(t: Test) {
  const all = world(t);
  await all.engine.open(settings);
  t.same(await all.engine.forwarder.apply(changes), [undefined, undefined]);
  return { ...all, fake: all.fakes[0]! };
}

const until = async (is: () => boolean): Promise<boolean> => {
  for (let i = 0; i < 6000 && !is(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  return is();
};
const count = (fake: FakeEngine, name: string): number => fake.asked.filter((one) => one === name).length;

t.test('started with the first service, and told everything in order', async (t) => {
  const { engine, fakes, args } = world(t);
  await engine.open(settings);
  t.equal((await engine.forwarder.read()).size, 0);
  t.equal(fakes.length, 0);
  await t.rejects(engine.explain('', new Uint8Array(60)), { code: 'ENGINE_ABSENT' });
  await engine.forwarder.apply(changes);
  t.equal(fakes.length, 1);
  t.same(args[0]!.slice(2), ['--workers', '3', '--sessions', '5000']);
  t.same(fakes[0]!.asked, ['hello', 'follow', 'publishNetwork', 'publishServices', 'openPorts']);
  t.same(
    fakes[0]!.ports.map(({ index, name }) => [index, name]),
    [
      [0, 'eth0'],
      [1, 'eth1'],
    ],
  );
});

t.test('next hops are asked for, and whom the engine wants', async (t) => {
  const { source, fake } = await started(t);
  t.same(source.used.sort(), ['2 192.0.2.1', '3 10.1.0.2']);
  const wanted = new Uint8Array(24);
  wanted.set(engineAddress('10.1.0.77'));
  wanted[16] = 1;
  fake.tell(topic.neighbours, event.neighbourWanted, wanted);
  t.ok(await until(() => source.used.includes('3 10.1.0.77')));
});

t.test('a neighbour that came is published; what changes nothing is not', async (t) => {
  const { source, fake } = await started(t);
  const before = fake.network;
  const entry = { index: 3, address: '10.1.0.2', macAddress: '02:aa:00:00:00:01', state: neighbourState.reachable };
  source.change({ neighbours: [entry] });
  t.ok(await until(() => count(fake, 'publishNetwork') === 2));
  t.notSame(fake.network, before);
  source.change({ neighbours: [{ ...entry, state: neighbourState.stale }] });
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.equal(count(fake, 'publishNetwork'), 2);
  t.equal(count(fake, 'openPorts') + count(fake, 'publishServices'), 2, 'each once');
});

t.test('a device that came back is opened anew, and one that broke', async (t) => {
  const { source, fake, log } = await started(t);
  source.change({ links: [link(2, 'eth0'), link(9, 'eth1')] });
  t.ok(await until(() => count(fake, 'openPorts') === 2), 'another number');
  const change = { index: 0, name: 'eth0', state: 'gone', reason: 'ENETDOWN' };
  fake.tell(topic.ports, event.portChanged, new TextEncoder().encode(JSON.stringify(change)));
  t.ok(await until(() => count(fake, 'openPorts') === 3), 'it is tried again');
  t.match(log.named('engine.port-gone'), [{ port: 'eth0', reason: 'ENETDOWN' }]);
});

t.test('in packet mode the kernel is kept from seeing what is forwarded', async (t) => {
  const { engine, steered } = world(t);
  await engine.open({ ...settings, mode: 'packet', ports: ['eth1', 'nope'] });
  await engine.forwarder.apply(changes);
  t.same(steered.at(-1)!.devices, ['eth1']);
  t.same([...steered.at(-1)!.table.keys()], ['tcp 198.51.100.1:80']);
  await engine.forwarder.apply([{ do: 'delete-service', service: web }]);
  t.equal(steered.at(-1)!.table.size, 0);
});

t.test('a port of the file that is not there is said, once', async (t) => {
  const { engine, log, fakes } = world(t);
  await engine.open({ ...settings, ports: ['eth1', 'nope'] });
  await engine.forwarder.apply(changes);
  await engine.forwarder.republish();
  t.match(log.named('engine.port-missing'), [{ port: 'nope', reason: 'there is no interface nope' }]);
  t.equal(log.named('engine.port-missing').length, 1);
  t.same(
    fakes[0]!.ports.map(({ name }) => name),
    ['eth1'],
    'the other works',
  );
});

t.test('other settings are published', async (t) => {
  const { engine, fake, fakes } = await started(t);
  await engine.follow(settings);
  t.equal(count(fake, 'publishServices'), 1, 'nothing changed');
  await engine.follow({ ...settings, tunnelTtl: 17 });
  t.equal(count(fake, 'publishServices'), 2);
  await engine.follow({ ...settings, tunnelTtl: 17, workers: 'auto' });
  t.equal(fakes.length, 1, 'any number is right');
});

t.test('what only a start can change: another engine takes tables and sessions, then the ports', async (t) => {
  const { engine, fake, fakes, args, log } = await started(t);
  fake.sessions = new Uint8Array(3 * SESSION_RECORD_BYTES).fill(7);
  await engine.follow({ ...settings, workers: 4 });
  t.equal(fakes.length, 2);
  t.same(args[1]!.slice(2), ['--workers', '4', '--sessions', '5000']);
  const next = fakes[1]!;
  t.equal(Buffer.compare(next.services!, fake.services!), 0);
  t.equal(next.sessions.length, 3 * SESSION_RECORD_BYTES);
  t.equal(fake.asked.at(-1), 'stop');
  t.ok(next.asked.indexOf('loadSessions') < next.asked.indexOf('openPorts'), 'before packets come');
  t.match(log.named('engine.replaced'), [{ taken: 3, refused: 0 }]);
  await engine.follow({ ...settings, workers: 4 });
  t.equal(fakes.length, 2, 'it is as it shall be');
  t.same(await engine.forwarder.apply([{ do: 'delete-service', service: web }]), [undefined]);
  t.equal(count(next, 'publishServices'), 2, 'changes go to the new one');
});

t.test('one that cannot be replaced goes on, and it is tried again', async (t) => {
  const { engine, fakes, args, log, refuse } = await started(t);
  refuse.starts = true;
  await engine.follow({ ...settings, sessions: 9000 });
  t.match(log.named('engine.not-settled'), [{ reason: /no more processes/ }]);
  t.equal((await engine.status()).running, true);
  refuse.starts = false;
  await engine.follow({ ...settings, sessions: 9000 });
  t.same([fakes.length, args.length], [2, 3]);
});

t.test('an engine that runs and is not as the file says is replaced, too', async (t) => {
  const directory = temporaryDirectory(t);
  const first = world(t, directory);
  await first.engine.open(settings);
  await first.engine.forwarder.apply(changes);
  await first.engine.close('keep');
  const next = world(t, directory);
  await next.engine.open({ ...settings, sessions: 70_000 });
  t.equal(next.fakes.length, 1);
  t.same([...(await next.engine.forwarder.read()).keys()], ['tcp 198.51.100.1:80']);
  t.equal(first.fakes[0]!.asked.at(-1), 'stop');
});

t.test('an engine that died has everything again', async (t) => {
  const { engine, fakes } = await started(t);
  const image = fakes[0]!.services;
  await fakes[0]!.close();
  t.ok(await until(() => fakes.length === 2 && count(fakes[1]!, 'openPorts') === 1));
  t.equal(Buffer.compare(fakes[1]!.services!, image!), 0);
  t.equal((await engine.status()).restarts, 1);
});

t.test('stopped: the process is told, its rules go, the sockets are closed', async (t) => {
  const { engine, fake, steered, source } = await started(t);
  await engine.close('stop');
  t.ok(fake.asked.includes('stop'));
  t.same(steered.at(-1)!.devices, []);
  t.ok(source.closed);
});
