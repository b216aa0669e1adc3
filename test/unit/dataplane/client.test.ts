import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { EngineClient, type EngineEvents, engineAddress } from '../../../src/dataplane/client.js';
import { ALL, event, frameHeader, topic } from '../../../src/dataplane/protocol.js';
import { systemClock } from '../../../src/system/clock.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { FakeEngine } from '../../helpers/fake-engine.js';
import { temporaryDirectory } from '../../helpers/program.js';

async function start(t: Test, events: EngineEvents = {}, clock = systemClock) {
  const path = join(temporaryDirectory(t), 'engine.sock');
  const engine = await FakeEngine.listen({ path });
  t.teardown(() => engine.close());
  const client = await EngineClient.connect({ path, clock, ...events });
  t.teardown(() => client.close());
  return { engine, client };
}

const until = async (is: () => boolean): Promise<void> => {
  for (let i = 0; i < 1000 && !is(); i++) await new Promise((resolve) => setTimeout(resolve, 2));
};

t.test('each question has its answer', async (t) => {
  const { engine, client } = await start(t);
  const hello = await client.hello();
  t.same({ pid: hello.pid, workers: hello.workers }, { pid: process.pid, workers: 2 });
  t.equal(await client.services(), undefined, 'nothing was published');
  const image = new Uint8Array(5_000_000).fill(3);
  await client.publishServices(image);
  t.equal(Buffer.compare((await client.services())!, image), 0);
  await client.publishNetwork(Uint8Array.of(1, 2));
  t.same([...engine.network!], [1, 2]);
  const ports = await client.openPorts([{ name: 'eth0', mode: 'xdp-generic', completeChecksums: true, index: 2 }]);
  t.same(ports, [{ index: 2, name: 'eth0', mode: 'xdp-generic', queues: 1 }]);
  t.same(JSON.parse(await client.explain(2, new Uint8Array(60))), { port: 2, bytes: 60 });
  t.equal(await client.flush(4, ALL), 4);
  t.same(await client.loadSessions(new Uint8Array(208)), { taken: 2, refused: 0 });
  const page = await client.sessions(0n, 1);
  t.equal(page.records.length, 104);
  t.equal((await client.sessions(page.next, 1)).next, 0n);
});

t.test('answers in another order find their questions', async (t) => {
  const { client } = await start(t);
  const [hello, explained, again] = await Promise.all([
    client.hello(),
    client.explain(1, new Uint8Array(20)),
    client.hello(),
  ]);
  t.equal(hello.pid, again.pid);
  t.same(JSON.parse(explained), { port: 1, bytes: 20 });
});

t.test('a refusal carries the engine’s sentence', async (t) => {
  const { engine, client } = await start(t);
  engine.instead.set('publishServices', { refused: 'service 3: prefix 40 is too long' });
  await t.rejects(client.publishServices(new Uint8Array(8)), {
    code: 'ENGINE_SAYS_NO',
    message: 'publish the services: the engine refused it: service 3: prefix 40 is too long',
  });
  await client.hello();
});

t.test('an answer that does not come, and one that is none', async (t) => {
  const clock = new FakeClock();
  const { engine, client } = await start(t, {}, clock);
  engine.instead.set('hello', 'none');
  const asked = t.rejects(client.hello(), { code: 'ENGINE_TIMEOUT' });
  await until(() => engine.asked.length > 0);
  clock.advance(10_000);
  await asked;
  engine.instead.set('counters', new Uint8Array(3));
  await t.rejects(client.counters(), { code: 'ENGINE_MALFORMED' });
  t.equal(clock.pending, 0, 'no timer is left');
});

t.test('what is told comes to who listens', async (t) => {
  const got: unknown[] = [];
  const { engine, client } = await start(t, {
    onWanted: (wanted) => got.push(wanted),
    onPort: (change) => got.push(change),
    onSessions: ({ lost, records }) => got.push([lost, records.length]),
  });
  await client.follow(topic.neighbours | topic.ports | topic.sessionChanges);
  const wanted = new Uint8Array(24);
  wanted.set(engineAddress('10.0.0.9'));
  engine.tell(topic.neighbours, event.neighbourWanted, wanted);
  const change = { index: 1, name: 'eth0', state: 'gone', reason: 'it is gone' };
  engine.tell(topic.ports, event.portChanged, new TextEncoder().encode(JSON.stringify(change)));
  engine.tell(
    topic.sessionChanges,
    event.sessionsChanged,
    Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, ...new Uint8Array(104)),
  );
  engine.tell(topic.ports, 250, new Uint8Array(0));
  await until(() => got.length === 3 && client.unexpected === 1);
  t.same(got, [[{ address: engineAddress('10.0.0.9'), port: 0 }], change, [true, 104]]);
  t.equal(client.unexpected, 1, 'an event of a newer engine is passed over');
});

t.test('captured packets come until there were enough', async (t) => {
  const got: string[] = [];
  const { client } = await start(t, {
    onCaptured: (packet) =>
      got.push(
        `${packet.realtimeNs} ${packet.before.join()} ${packet.after.join()} ${packet.portIn}>${packet.portOut} ${packet.decision}`,
      ),
  });
  await client.capture({ vip: '10.0.0.1', most: 2 });
  await until(() => got.length === 2);
  t.same(got, ['0 1,2 3,4,5 0>1 {"verdict":"forward"}', '1000000000 1,2 3,4,5 0>1 {"verdict":"forward"}']);
});

t.test('when the engine dies everybody is told, once', async (t) => {
  let ends = 0;
  const { engine, client } = await start(t, { onEnd: () => ends++ });
  engine.instead.set('counters', 'none');
  const waiting = t.rejects(client.counters(), { code: 'ENGINE_LOST' });
  await until(() => engine.asked.includes('counters'));
  await engine.close();
  await waiting;
  await until(() => ends > 0);
  t.equal(ends, 1);
  await t.rejects(client.hello(), { code: 'ENGINE_LOST' });
});

t.test('an end of our own answers who waits and tells nobody else', async (t) => {
  let ends = 0;
  const { engine, client } = await start(t, { onEnd: () => ends++ });
  engine.instead.set('counters', 'none');
  const waiting = t.rejects(client.counters(), { code: 'ENGINE_LOST' });
  client.close();
  await waiting;
  await turn();
  t.equal(ends, 0);
});

t.test('one that talks nonsense is hung up on', async (t) => {
  let ends = 0;
  const { engine, client } = await start(t, { onEnd: () => ends++, onWanted: () => t.fail('no such thing') });
  await client.follow(topic.neighbours);
  const bad = frameHeader({ type: 1, status: 0, id: 0, payload: new Uint8Array(0) });
  engine.tell(topic.neighbours, event.neighbourWanted, bad);
  await until(() => ends === 1);
  t.equal(ends, 1);
  t.ok(client.ended);
});

t.test('nobody there', async (t) => {
  const path = join(temporaryDirectory(t), 'nobody.sock');
  await t.rejects(EngineClient.connect({ path, clock: systemClock }), { code: 'ENGINE_ABSENT' });
});
