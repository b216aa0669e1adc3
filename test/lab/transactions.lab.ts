/** Transactions, commit-confirm, rollback and kill -9 through the API, with connections open across them, on a real kernel. */
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { api, asked, type Changed, commit, dryRun, history } from './api-client.js';
import { directorScene, type Scene } from './director-scene.js';
import { eventually } from './eventually.js';
import { numbersTo, serverAddress, serverHost, vip } from './nat-site.js';
import { ask, Conversation, type Endpoint, type Reply, serversOf } from './peers.js';
import type { Network } from './topology.js';

t.setTimeout(0); // whoever runs us sets the limit

const SERVERS = 3;
const file = '/run/transactions.conf';
const id = `tcp-${vip}-80`;
const service: Endpoint = { protocol: 'tcp', address: vip, port: 80 };
const other: Endpoint = { ...service, port: 81 };

const destination = (n: number, port = 80): object => ({
  id: `${serverAddress(n)}-${port}`,
  address: serverAddress(n),
  port,
});
const declared = (servers: readonly number[], port = 80): object => ({
  id: `tcp-${vip}-${port}`,
  by: 'address',
  protocol: 'tcp',
  address: vip,
  port,
  scheduler: 'rr',
  destinations: servers.map((n) => destination(n, port)),
});
const put = (servers: readonly number[], port = 80): object => ({
  do: 'put-service',
  service: declared(servers, port),
});

const scene = (): Promise<Scene> =>
  directorScene(file, 'global_defs {\n}\n', {
    servers: SERVERS,
    serves: [
      { protocol: 'tcp', port: 80 },
      { protocol: 'tcp', port: 81 },
    ],
  });

const nameOf = (reply: Reply): string => serversOf([reply])[0] ?? '';
const numberOf = (server: string): number => Number(server.slice('rs'.length));

/** Three questions to whoever answered until now. */
async function goesOn(t: Test, conversation: Conversation, server: string, when: string): Promise<void> {
  for (let i = 0; i < 3; i++) t.equal(nameOf(await conversation.ask('still there?')), server, when);
}

/** Who answers new connections. */
const answering = async (network: Network, to: Endpoint): Promise<string[]> =>
  [...new Set(serversOf(await ask(network, 'client', to, 6)))].sort();

t.test('a transaction: planned, carried out, and refused, with a connection open', async (t) => {
  await using here = await scene();
  const made = await commit([put([1, 2])], { comment: 'first' });
  t.equal(made.revision, 1);
  t.same(await answering(here.network, service), ['rs1', 'rs2']);
  await using conversation = await Conversation.open('client', service);
  const server = nameOf(await conversation.ask('hello'));
  const n = numberOf(server);
  const rest = numbersTo(SERVERS).filter((one) => one !== n);

  const planned = await eventually(async () => {
    const told = await dryRun([{ do: 'delete-destination', service: id, id: `${serverAddress(n)}-80` }]);
    if (told.steps[0]?.established !== 1) throw new Error(JSON.stringify(told));
    return told;
  });
  t.match(planned.steps, [{ effect: 'cut', established: 1, destination: `${serverAddress(n)}-80` }]);
  t.equal(planned.revision, 1);
  await goesOn(t, conversation, server, 'after a plan');

  await commit([
    { do: 'put-destination', service: id, destination: destination(3) },
    { do: 'patch-service', id, patch: { scheduler: 'wrr' } },
    { do: 'patch-destination', service: id, id: `${serverAddress(n)}-80`, patch: { weight: 0 } },
    put([1, 2, 3], 81),
  ]);
  t.same(await answering(here.network, service), rest.map(serverHost), 'new connections');
  t.same(await answering(here.network, other), ['rs1', 'rs2', 'rs3']);
  await goesOn(t, conversation, server, 'after a transaction');

  const wrong = await asked('POST', '/v1/transactions', {
    changes: [
      { do: 'delete-service', id },
      { do: 'patch-service', id: `tcp-${vip}-81`, patch: { quorum: 9 } },
    ],
  });
  t.equal(wrong.status, 422, wrong.text);
  t.match(JSON.parse(wrong.text), { code: 'DECLARED_INVALID', errors: [{ at: '/body/changes/1/patch/quorum' }] });
  await goesOn(t, conversation, server, 'after one that was refused');
  t.match(await history(), [{ revision: 2 }, { revision: 1, comment: 'first', kind: 'commit' }]);
});

t.test('a change that the kernel does not take is taken back whole', async (t) => {
  await using here = await scene();
  await commit([put([1, 2])]);
  await using conversation = await Conversation.open('client', service);
  const server = nameOf(await conversation.ask('hello'));
  // no kernel has this persistence engine
  const refused = await asked('POST', '/v1/transactions', {
    changes: [
      { do: 'patch-service', id, patch: { scheduler: 'wlc' } },
      { do: 'put-service', service: { ...declared([3], 81), persistenceSeconds: 60, persistenceEngine: 'none-such' } },
    ],
  });
  t.equal(refused.status, 409, refused.text);
  t.match(JSON.parse(refused.text), { code: 'DECLARED_NOT_TAKEN' });
  t.match(await here.network.must('director', 'cat', '/proc/net/ip_vs'), / rr /);
  t.notMatch(await here.network.must('director', 'cat', '/proc/net/ip_vs'), /:0051/);
  await goesOn(t, conversation, server, 'after it');
  t.match(
    (await history()).map(({ kind }) => kind),
    ['refused', 'commit', 'commit'],
  );
});

t.test('commit-confirm: what nobody confirms goes, over kill -9 too; rollback; connections go on', async (t) => {
  await using here = await scene();
  await commit([put([1, 2])]);
  await using conversation = await Conversation.open('client', service);
  const server = nameOf(await conversation.ask('hello'));
  const away = { do: 'override', service: id, destination: `${serverAddress(numberOf(server))}-80`, maintenance: true };

  const trial = await commit([put([1, 2, 3]), put([3], 81)], { confirmWithinSeconds: 20 });
  t.equal(trial.pending?.revision, 2);
  t.same(await answering(here.network, other), ['rs3']);
  await here.director.until('declared.expired');
  t.same(
    (await history()).map(({ kind }) => kind),
    ['expired', 'commit', 'commit'],
  );
  t.same(await answering(here.network, service), ['rs1', 'rs2']);
  await goesOn(t, conversation, server, 'after what nobody confirmed went');

  await commit([put([3], 81)], { confirmWithinSeconds: 60 });
  await api('POST', '/v1/transactions/confirm');
  await commit([away]);
  await goesOn(t, conversation, server, 'in maintenance');
  t.same(
    await answering(here.network, service),
    numbersTo(2)
      .map(serverHost)
      .filter((one) => one !== server),
  );

  await commit([{ do: 'delete-service', id: `tcp-${vip}-81` }], { confirmWithinSeconds: 5 });
  here.director.kill('SIGKILL');
  await goesOn(t, conversation, server, 'while there is no lvsd');
  await delay(5_000);
  await here.again();
  t.same(await answering(here.network, other), ['rs3'], 'taken back before the first plan');
  t.equal((await history())[0]?.kind, 'expired');
  await goesOn(t, conversation, server, 'with the next lvsd');

  const back = await api<Changed>('POST', '/v1/history/1/rollback');
  t.ok(back.revision > 5);
  t.same(await answering(here.network, service), ['rs1', 'rs2'], 'out of maintenance, too');
  t.notMatch(await here.network.must('director', 'cat', '/proc/net/ip_vs'), /:0051/);
  await goesOn(t, conversation, server, 'after a rollback');
});

t.test('kill -9 in the middle of transactions: all of each or nothing, and connections go on', async (t) => {
  await using here = await scene();
  await commit([put([1, 2])]);
  await using conversation = await Conversation.open('client', service);
  const server = nameOf(await conversation.ask('hello'));

  /** Ports 81 and 82 come together, or port 83: never one without the other. */
  const together = [put([1], 81), put([2], 82), { do: 'delete-service', id: `tcp-${vip}-83` }];
  const alone = [
    put([3], 83),
    { do: 'delete-service', id: `tcp-${vip}-81` },
    { do: 'delete-service', id: `tcp-${vip}-82` },
  ];
  await commit([put([3], 83)]);
  await commit(together);

  const ends = new Set<string>();
  const ROUNDS = 10;
  /** Of the first transaction of an lvsd, which is slower than those after it. */
  let usualMs = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { revision: before } = await api<{ revision: number }>('GET', '/v1/history');
    const isTogether = (await ports(here.network)).includes(81);
    const answer = asked('POST', '/v1/transactions', { changes: isTogether ? alone : together }).then(
      ({ status }) => status,
      () => undefined,
    );
    const begin = performance.now();
    if (round > 0) await delay((1.2 * usualMs * round) / ROUNDS);
    else {
      t.equal(await answer, 200);
      usualMs = performance.now() - begin;
    }
    here.director.kill('SIGKILL');
    const status = await answer;
    await goesOn(t, conversation, server, 'while there is no lvsd');
    await here.again();
    const { revision } = await api<{ revision: number }>('GET', '/v1/history');
    const isDone = revision > before;
    if (status === 200) t.ok(isDone, 'who was told that it is done is not deceived');
    t.same(await ports(here.network), isDone !== isTogether ? [80, 81, 82] : [80, 83], `killed in round ${round}`);
    ends.add(isDone ? 'all' : 'nothing');
    await goesOn(t, conversation, server, 'with the next lvsd');
  }
  t.ok(ends.has('all'));
  t.comment(`ends: ${[...ends].join(', ')}; a transaction takes ${Math.round(usualMs)} ms`);
});

/** Of the services that the kernel has. */
async function ports(network: Network): Promise<number[]> {
  const table = await network.must('director', 'cat', '/proc/net/ip_vs');
  return [...table.matchAll(/^TCP +[0-9A-F]{8}:([0-9A-F]{4})/gm)]
    .map(([, port = '']) => Number.parseInt(port, 16))
    .sort();
}
