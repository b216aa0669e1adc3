/** /metrics over HTTP: formats, who may read at the same time, and in pieces. */
import t from 'tap';
import { FakeApi } from '../../helpers/fake-api.js';

t.test('the format that is asked for', async (t) => {
  const fake = await FakeApi.open();
  t.teardown(() => fake.close());
  const plain = await fake.api.inject('/metrics');
  t.equal(plain.statusCode, 200);
  t.equal(plain.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  t.equal(plain.body, '# prometheus\n');
  const open = await fake.api.inject({ url: '/metrics', headers: { accept: 'application/openmetrics-text' } });
  t.equal(open.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  t.equal(open.body, '# openmetrics\n');
  t.equal((await fake.api.inject('/metrics?x=1')).statusCode, 400);
  t.equal((await fake.api.inject({ method: 'POST', url: '/metrics' })).statusCode, 405);
});

t.test('HEAD reads no table', async (t) => {
  const fake = await FakeApi.open();
  t.teardown(() => fake.close());
  let scrapes = 0;
  fake.scrape = () => {
    scrapes++;
    return Promise.resolve([]);
  };
  t.equal((await fake.api.inject({ method: 'HEAD', url: '/metrics' })).statusCode, 200);
  t.equal(scrapes, 0);
});

t.test('a long document comes whole', async (t) => {
  const fake = await FakeApi.open();
  t.teardown(() => fake.close());
  const lines = Array.from({ length: 20_000 }, (_, n) => `lvsd_line{n="${n}"} ${n}\n`);
  fake.scrape = () => Promise.resolve(lines);
  t.equal((await fake.api.inject('/metrics')).body, lines.join(''));
});

t.test('no more than eight readers at a time; the others come again', async (t) => {
  const fake = await FakeApi.open();
  t.teardown(() => fake.close());
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  fake.scrape = async () => {
    await gate;
    return ['x 1\n'];
  };
  const asked = Array.from({ length: 12 }, () => fake.api.inject('/metrics'));
  const refused = await Promise.race(asked);
  t.equal(refused.statusCode, 429);
  t.match(refused.json(), { code: 'API_BUSY' });
  go();
  const answers = await Promise.all(asked);
  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 8);
  t.equal((await fake.api.inject('/metrics')).statusCode, 200, 'and then there is room again');
});
