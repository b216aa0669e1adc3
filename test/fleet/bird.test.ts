/**
 * Three directors behind a router with equal ways to all of them: real etcd, real BIRD, real TCP. A director dies with its machine while etcd is away, and the
 * flows that went through it go on at the same servers through the others; what is announced follows health; a broken document is refused everywhere.
 */
// mostly waits
import '../helpers/own-machine.js';
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { unlessInstalled } from '../helpers/program.js';
import { ask, serve, serversOf } from '../lab/peers.js';
import { Network } from '../lab/topology.js';
import { until } from '../vrrp/director-process.js';
import { directorBird, routerBird } from './bird.js';
import { DIRECTORS, document, Flows, OTHER, SERVERS, Site, topology, web, WEB, WEB6 } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit

const missing = unlessInstalled('etcd') || unlessInstalled('bird');

t.test('three directors, etcd and BIRD', { skip: missing }, async (t) => {
  await using network = await Network.build(topology);
  await using site = new Site(network, 'bird');
  const { d1, d2, d3 } = site.directors;
  await site.startEtcd();
  await site.startServers();
  let other = await serve('s3', [{ protocol: 'tcp', address: '0.0.0.0', port: 81 }]);
  for (const name of DIRECTORS) {
    await directorBird(site, name);
    site.startDirector(name);
  }
  await routerBird(site);
  for (const name of DIRECTORS) await until(`${name} answers`, async () => (await site.seen(name)) !== undefined);

  t.comment('a document is for all of them');
  const file = site.folder().file('web.conf');
  writeFileSync(file, document());
  const put = await d1.lvsctl('fleet', 'put', file, '--comment', 'the first one');
  t.equal(put.status, 0, put.err);
  await until('all have it', () => site.agree(...DIRECTORS));
  const seen = await site.seen('d2');
  t.match(seen?.documents, [{ name: 'web', only: null, version: 1 }]);
  const tables = seen?.directors.map(({ maglev }) => JSON.stringify(maglev)) ?? [];
  t.match(tables[0], new RegExp(`tcp ${WEB}:80`), 'their Maglev tables are told');
  t.equal(new Set(tables).size, 1, 'and are the same');
  for (const address of [WEB, WEB6, OTHER]) await site.haveWays(address, ...DIRECTORS);

  t.comment('traffic spreads over servers and directors');
  await until('all servers answer', async () => new Set(serversOf(await ask(network, 'client', web, 12))).size === 3);
  await using flows = await Flows.open(32, web);
  t.same(flows.servers, SERVERS);
  for (const name of DIRECTORS) t.ok((await site.sessions(name)) > 0, `${name} forwards`);
  t.same(
    new Set(serversOf(await ask(network, 'client', { ...web, address: WEB6 }, 40))),
    new Set(SERVERS),
    'IPv6, too',
  );

  t.comment('what is announced follows health');
  await other[Symbol.asyncDispose]();
  await site.haveWays(OTHER);
  t.match((await d1.lvsctl('announce')).out, new RegExp(`${OTHER}/32 not announced: no quorum\n`));
  t.same(await site.waysTo(WEB), DIRECTORS, 'of nothing else');
  other = await serve('s3', [{ protocol: 'tcp', address: '0.0.0.0', port: 81 }]);
  await site.haveWays(OTHER, ...DIRECTORS);

  t.comment('an operator takes a director out, and back');
  t.equal((await d2.lvsctl('announce', 'off')).status, 0);
  await site.haveWays(WEB, 'd1', 'd3');
  t.same(await flows.troubles('without the second'), []);
  t.equal((await d2.lvsctl('announce', 'on')).status, 0);
  await site.haveWays(WEB, ...DIRECTORS);

  t.comment('a broken document is refused everywhere');
  writeFileSync(file, 'virtual_server 192.0.2.30 80 {\n wieght 3\n}\n');
  const refused = await d1.lvsctl('fleet', 'put', file);
  t.equal(refused.status, 1);
  t.match(refused.err, /'web' is not for the fleet: fleet\/web:2:2: 'wieght' is no keyword of virtual_server/);
  await site.etcdctl('put', '/lvsd/configuration/web', 'virtual_server 192.0.2.30 80 {\n wieght 3\n}\n');
  await until('all refuse it', async () => {
    const directors = (await site.seen('d3'))?.directors ?? [];
    return directors.length === 3 && directors.every(({ refused, applied }) => refused.length > 0 && applied !== null);
  });
  const said = await d3.lvsctl('fleet');
  t.equal(said.status, 1);
  t.match(said.out, /d2 refuses the newest documents: fleet\/web:2:2: 'wieght' is no keyword/);
  t.same(await flows.troubles('a broken document'), []);
  const history = await d1.told<readonly { revision: number; comment: string }[]>('fleet', 'history', 'web');
  t.equal(history?.length, 2);
  t.equal(history?.[1]?.comment, 'the first one');
  const back = await d1.lvsctl('fleet', 'rollback', 'web', '--revision', String(history?.[1]?.revision));
  t.equal(back.status, 0, back.err);
  await until('all have the former one', () => site.agree(...DIRECTORS));

  t.comment('one director tries a document first');
  writeFileSync(file, document(2));
  t.equal((await d1.lvsctl('fleet', 'put', file, '--only', 'd3')).status, 0);
  await until('d3 alone has it', async () => {
    const directors = (await site.seen('d1'))?.directors ?? [];
    const [one, two, three] = directors.map(({ applied }) => applied?.documents);
    return directors.length === 3 && one === two && one !== three;
  });
  t.equal((await d1.lvsctl('fleet', 'remove', 'web', '--only', 'd3')).status, 0);
  await until('d3 has that of all again', () => site.agree(...DIRECTORS));

  t.comment('etcd goes away, and a director with its machine');
  t.same(await flows.troubles('before'), []);
  await site.killEtcd();
  await until('it is missed', async () => ((await site.seen('d1'))?.away ?? null) !== null);
  await network.crash('d2');
  await site.haveWays(WEB, 'd1', 'd3');
  t.same(await flows.troubles('after'), [], 'established flows go on at the same servers');

  t.comment('a director starts again without etcd');
  await d3.kill();
  t.same(await site.waysTo(WEB), ['d1', 'd3'], 'forwarding goes on without it, and so does the announcement');
  t.same(await flows.troubles('while it is dead'), []);
  site.startDirector('d3');
  await until('it recalls', () => d3.events('fleet.recalled').length === 1);
  await until(
    'it forwards',
    async () => ((await d3.told<{ services: readonly unknown[] }>('status'))?.services.length ?? 0) === 3,
  );
  t.same(await flows.troubles('while it starts'), []);
  t.same(await site.waysTo(WEB), ['d1', 'd3']);

  t.comment('etcd is back');
  await site.startEtcd();
  await until('two are there', () => site.agree('d1', 'd3'));

  t.comment('a director ends in order: the router turns away first');
  await d3.stop();
  t.same(await site.waysTo(WEB), ['d1']);
  t.same(await flows.troubles('the last one'), []);
  await until('one is there', () => site.agree('d1'));
  await d1.stop();
  await site.haveWays(WEB);
});
