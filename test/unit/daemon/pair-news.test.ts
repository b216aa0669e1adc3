/** What a director tells the other one of itself. */
import t from 'tap';
import type { Configuration } from '../../../src/config/configuration.js';
import type { CheckStatus } from '../../../src/cli/control.js';
import { desired } from '../../../src/director/desired.js';
import { healthOf, PairNews, servicesOf } from '../../../src/daemon/pair-news.js';
import type { DirectorNews } from '../../../src/daemon/vrrp-pair.js';
import type { Table } from '../../../src/model/table.js';
import { nothingElse } from '../../helpers/circumstances.js';
import { configurationOf, site } from '../../helpers/configuration.js';
import { FakeClock } from '../../helpers/fake-clock.js';

const PAIR = 'pair_peer 10.99.0.2\npair_key "0123456789abcdef"';
const check = (server: string, verdict: 'up' | 'down'): CheckStatus =>
  ({ server, verdict }) as Partial<CheckStatus> as CheckStatus;

t.test('services differ by what is written of them, and not by where', (t) => {
  const before = servicesOf(configurationOf(site()));
  t.same(servicesOf(configurationOf(`\n\n${site()}`)), before);
  t.same(Object.keys(before), ['tcp 192.0.2.1:80']);
  for (const other of [
    site({ servers: { 1: 'weight 2', 2: '' } }),
    site({ servers: { 1: '', 3: '' } }),
    site({ service: 'quorum 2' }),
    site({ service: 'persistence_timeout 60' }),
  ])
    t.not(servicesOf(configurationOf(other))['tcp 192.0.2.1:80'], before['tcp 192.0.2.1:80']);
  t.end();
});

t.test('a server is up if all say so', (t) => {
  t.same(healthOf([check('a', 'up'), check('b', 'down'), check('b', 'up'), check('a', 'up')]), { a: 'up', b: 'down' });
  t.end();
});

const override = { service: 's', destination: 'd', who: 'anna', at: 0 };

/** What was told within some seconds. */
async function told(configuration: Configuration, table: Table): Promise<readonly DirectorNews[]> {
  const clock = new FakeClock();
  const all: DirectorNews[] = [];
  const news = new PairNews({
    clock,
    configuration: () => configuration,
    fingerprint: () => 'abc',
    table: () => table,
    checks: () => [check('a', 'up')],
    overrides: () =>
      new Map([
        ['a', { ...override, server: 'a', weight: 3 }],
        ['b', { ...override, server: 'b', weight: 0, maintenance: true }],
      ]),
    connections: () => Promise.resolve(7),
    tell: (one) => {
      all.push(one);
      return Promise.resolve();
    },
  });
  news.open();
  await clock.run(10_000);
  news.stop();
  t.equal(clock.pending, 0);
  return all;
}

t.test('Maglev tables: a few at a time, and again when a weight is another', async (t) => {
  const text = Array.from({ length: 20 }, (_, i) => site({ vip: `192.0.2.${i + 1}`, service: 'lb_algo mh' }))
    .join('\n')
    .replaceAll('lb_algo rr\n', '');
  const configuration = configurationOf(`global_defs {\n${PAIR}\n}\n${text}`);
  const { table } = desired(configuration, nothingElse);
  const news = await told(configuration, table);
  t.same(
    news.map(({ maglev }) => Object.keys(maglev).length),
    [8, 16, 20, 20, 20],
  );
  t.match(news[0], { health: { a: 'up' }, connections: 7 });
  t.same(news[0]?.overrides, { a: 'weight 3', b: 'maintenance, weight 0' });
  t.equal(new Set(Object.values(news[4]?.maglev ?? {})).size, 1, 'the same servers, the same table');
});

t.test('the fingerprint of the file is told where pushes are taken: only there both have the same', async (t) => {
  const of = (more: string): Configuration => configurationOf(`global_defs {\n${PAIR}\n${more}\n}\n${site()}`);
  t.equal((await told(of(''), new Map()))[0]?.file, undefined);
  t.equal((await told(of('pair_accept_push'), new Map()))[0]?.file, 'abc');
});

t.test('nobody is told where there is no other director', async (t) => {
  const configuration = configurationOf(site());
  t.same(await told(configuration, new Map()), []);
});
