/** Two directors as they run, on a link with a client and with a cable of their own between them. */
import '../helpers/own-machine.js';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { PairReport } from '../../src/pair/pair.js';
import { operationsOf } from '../helpers/api-operations.js';
import { closed, type Plain, Schemas } from '../helpers/json-schema.js';
import { ask as askApi } from '../helpers/unix-http.js';
import { Peer } from '../lab/peers.js';
import { Network } from '../lab/topology.js';
import { DirectorProcess, until } from './director-process.js';

const client = fileURLToPath(new URL('../../../test/vrrp/pair-client.py', import.meta.url));
const PYTHON = '/usr/bin/python3';
const VIP = '10.77.0.50';
/** Questions, one each millisecond: an outage below 50 ms, however late a busy machine makes the answers. */
const MOST_LOST = 50;
/** A director that has no turn for a while is no fault of it: what it can do is what it does once in so many times. */
const TRIES = 5;
/** Three intervals of a second and a skew, less the one that has just been heard: no backup takes over before by itself. */
const ADVERTS_MISSED = 2500;

interface Seen {
  readonly asked: number;
  readonly answered: number;
  readonly longestMs: number;
}

class Director extends DirectorProcess {
  readonly #number: 1 | 2;

  constructor(host: string, number: 1 | 2) {
    super(host);
    this.#number = number;
  }

  configure(lines = ''): void {
    const number = this.#number;
    writeFileSync(
      this.file,
      `global_defs {
  router_id director${number}
  pair_peer 10.99.0.${3 - number}
  pair_source 10.99.0.${number}
  pair_key "a key for the test of the pair"
}
vrrp_instance V1 {
  version 3
  interface lan
  virtual_router_id 51
  priority ${number === 1 ? 150 : 100}
  advert_int 1
  ${lines}
  virtual_ipaddress { ${VIP}/24 }
}
api {
  listen unix:${this.folder.file('api.sock')}
}
`,
    );
  }

  pair(): Promise<PairReport | undefined> {
    return this.told<PairReport>('pair');
  }

  /** What its REST API answers. */
  async api(path: string): Promise<Plain> {
    return JSON.parse((await askApi(this.folder.file('api.sock'), path)).text) as Plain;
  }

  async role(): Promise<string | undefined> {
    return (await this.pair())?.ours.vrrp.instances[0]?.role;
  }
}

t.setTimeout(0); // whoever runs us sets the limit

t.test('a pair: seen, switched by hand, told what differs, and left alone', async (t) => {
  await using network = await Network.build({
    hosts: {
      one: { links: { lan: ['10.77.0.1/24'], cross: ['10.99.0.1/24'] } },
      two: { links: { lan: ['10.77.0.2/24'], cross: ['10.99.0.2/24'] } },
      client: { links: { lan: ['10.77.0.9/24'] } },
    },
  });
  const in_ = (host: string, ...words: readonly string[]): Peer =>
    new Peer(['ip', 'netns', 'exec', host, PYTHON, client, ...words]);
  const [one, two] = [new Director('one', 1), new Director('two', 2)];
  const echoes = [in_('one', 'echo', VIP), in_('two', 'echo', VIP)];
  for (const echo of echoes) await echo.line();
  one.configure();
  two.configure();
  one.start();
  two.start();
  t.teardown(async () => {
    if (!t.passing()) t.comment(one.folder.text('log'), two.folder.text('log'));
    await one.stop();
    await two.stop();
    for (const { folder } of [one, two]) folder.remove();
  });
  await until('one is master', async () => (await one.role()) === 'master');
  await until('two hears it', async () => (await two.role()) === 'backup');
  await until('they know each other', async () => (await two.pair())?.theirs?.vrrp.instances[0]?.role === 'master');

  const seen = await two.lvsctl('pair');
  t.match(seen.out, /peer at 10\.99\.0\.1:51112: connected/);
  t.match(seen.out, /V1 \(vrid 51\) +backup, priority 100, heard .* +master for/);
  t.equal(seen.status, 0, seen.out + seen.err);

  await until('the API is there', async () => (await two.api('/v1/pair').catch(() => undefined)) !== undefined);
  const byApi = await two.api('/v1/pair');
  t.match(byApi, {
    state: 'connected',
    ours: { facts: { name: 'director2' } },
    theirs: { facts: { name: 'director1' } },
  });
  t.match((await two.pair())?.peer, byApi['peer']);
  const document = await two.api('/v1/openapi.json');
  const readPair = operationsOf(document).find(({ operationId }) => operationId === 'readPair');
  const schemas = new Schemas(closed(document) as Plain);
  t.same(schemas.misfits(closed(readPair?.answers.get('200')), byApi), [], 'all of it is in the OpenAPI document');

  const asker = in_('client', 'ask', VIP);
  await asker.line();
  const ask = async (): Promise<Seen> => {
    asker.write('');
    return JSON.parse(await asker.line()) as Seen;
  };
  await until('the client is answered', async () => (await ask()).answered > 0);

  /** Something that moves the address, and how to have it back where it was. */
  const losesLittle = async (what: string, move: () => Promise<void>, back: () => Promise<void>): Promise<void> => {
    const losses: number[] = [];
    for (let tries = 1; tries <= TRIES; tries++) {
      if (tries > 1) await back();
      await sleep(300);
      await ask();
      await move();
      await sleep(500);
      const { asked, answered, longestMs } = await ask();
      t.comment(`${what}: ${asked} asked, ${answered} answered, longest gap ${longestMs.toFixed(1)} ms`);
      losses.push(asked - answered);
      if (asked - answered < MOST_LOST) break;
    }
    t.ok(Math.min(...losses) < MOST_LOST, `${what}: ${losses.join(', ')} lost`);
  };

  await ask();
  await two.lvsctl('pair');
  await sleep(500);
  t.comment(`nothing happens: longest gap ${(await ask()).longestMs.toFixed(1)} ms`);
  for (const [from, to, words] of [
    [one, two, ['failover']],
    [one, one, ['failover', '--to', 'here', 'V1']],
    [two, two, ['failover', '--to', 'director2']],
    [two, one, ['failover', '--to', '10.99.0.1']],
  ] as const) {
    const before = to === one ? two : one;
    await losesLittle(
      words.join(' '),
      async () => {
        const done = await from.lvsctl(...words);
        t.equal(done.status, 0, done.out + done.err);
      },
      async () => {
        await before.lvsctl('failover', '--to', 'here');
        await until('it is back', async () => (await before.role()) === 'master');
      },
    );
    t.equal(await to.role(), 'master');
  }

  two.configure('down_timer_adverts 5\n advert_int 2');
  await two.lvsctl('reload');
  await until('the difference is told on both sides', () =>
    [one, two].every((side) => side.events('pair.differs').length > 0),
  );
  t.match(one.events('pair.differs')[0], { differences: ['V1: advert interval: 1000 ms here, 2000 ms there'] });
  t.equal((await one.lvsctl('pair')).status, 1);
  two.configure();
  await two.lvsctl('reload');
  await until('and its end', () => [one, two].every((side) => side.events('pair.agrees').length > 0));

  await network.must('one', 'ip', 'link', 'set', 'cross', 'down');
  await until('each misses the other', () => [one, two].every((side) => side.events('pair.lost').length > 0));
  const silent = await one.lvsctl('pair');
  t.equal(silent.status, 1);
  t.match(silent.out, /silent for/);
  const refused = await one.lvsctl('failover');
  t.equal(refused.status, 1);
  t.match(refused.err, /the peer is silent: .*; nothing was changed/);
  t.equal(await one.role(), 'master');
  await network.must('one', 'ip', 'link', 'set', 'cross', 'up');
  await until('they have each other again', () => [one, two].every((side) => side.events('pair.found').length > 1));

  await ask();
  await network.must('one', 'ip', 'link', 'set', 'lan', 'down');
  await until('two follows', async () => (await two.role()) === 'master');
  const fallen = await ask();
  t.comment(
    `link of the master down: ${fallen.asked - fallen.answered} lost, longest gap ${fallen.longestMs.toFixed(1)} ms`,
  );
  t.ok(fallen.asked - fallen.answered < ADVERTS_MISSED, 'sooner than adverts are missed');
  await network.must('one', 'ip', 'link', 'set', 'lan', 'up');
  await until('one preempts', async () => (await one.role()) === 'master');

  await losesLittle(
    'stop of the master',
    () => one.stop(),
    async () => {
      one.start();
      await until('one preempts again', async () => (await one.role()) === 'master');
    },
  );
  t.equal(await two.role(), 'master');
  for (const peer of [...echoes, asker]) await peer[Symbol.asyncDispose]();
});
