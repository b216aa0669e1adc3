/** The same with FRR at the directors: what is announced follows health, outlives lvsd and FRR, and ends with the machine. */
// mostly waits
import '../helpers/own-machine.js';
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { unlessInstalled } from '../helpers/program.js';
import { serve } from '../lab/peers.js';
import { Network } from '../lab/topology.js';
import { until } from '../vrrp/director-process.js';
import { routerBird } from './bird.js';
import { Frr } from './frr.js';
import { DIRECTORS, document, Flows, OTHER, Site, topology, web, WEB, WEB6 } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit

t.test(
  'three directors, etcd and FRR',
  { skip: unlessInstalled('bgpd') || unlessInstalled('etcd') || unlessInstalled('bird') },
  async (t) => {
    await using network = await Network.build(topology);
    await using site = new Site(network, 'frr');
    const { d1, d2, d3 } = site.directors;
    await site.startEtcd();
    await site.startServers();
    let other = await serve('s3', [{ protocol: 'tcp', address: '0.0.0.0', port: 81 }]);
    await routerBird(site);
    const frr = { d1: new Frr(site, 'd1'), d2: new Frr(site, 'd2'), d3: new Frr(site, 'd3') };
    for (const name of DIRECTORS) {
      await frr[name].start();
      site.startDirector(name);
    }
    for (const name of DIRECTORS) await until(`${name} answers`, async () => (await site.seen(name)) !== undefined);
    const file = site.folder().file('web.conf');
    writeFileSync(file, document());
    const put = await d1.lvsctl('fleet', 'put', file);
    t.equal(put.status, 0, put.err);
    await until('all have it', () => site.agree(...DIRECTORS));
    for (const address of [WEB, WEB6, OTHER]) await site.haveWays(address, ...DIRECTORS);
    await until('all servers answer', async () => {
      await using few = await Flows.open(8, web);
      return few.servers.length === 3;
    });
    await using flows = await Flows.open(10, web);

    t.comment('health');
    await other[Symbol.asyncDispose]();
    await site.haveWays(OTHER);
    t.same(await site.waysTo(WEB6), DIRECTORS);
    other = await serve('s3', [{ protocol: 'tcp', address: '0.0.0.0', port: 81 }]);
    await site.haveWays(OTHER, ...DIRECTORS);

    t.comment('lvsd is killed: its routes and its forwarding stay');
    await d1.kill();
    t.same(await flows.troubles('without d1'), []);
    t.same(await site.waysTo(WEB), DIRECTORS);

    t.comment('FRR is killed: what is announced is in the kernel, and is found again');
    await frr.d2.kill();
    t.same(await flows.troubles('without FRR'), [], 'what still comes is forwarded');
    await site.haveWays(WEB, 'd1', 'd3');
    await frr.d2.start();
    await site.haveWays(WEB, ...DIRECTORS);
    await site.haveWays(WEB6, ...DIRECTORS);
    site.startDirector('d1');
    await until('d1 is back', () => site.agree(...DIRECTORS));

    t.comment('a machine dies');
    await network.crash('d3');
    await site.haveWays(WEB, 'd1', 'd2');
    t.same(await flows.troubles('without d3'), [], 'established flows go on at the same servers');
    await until('the fleet knows', () => site.agree('d1', 'd2'));

    t.comment('one ends in order');
    await d2.stop();
    t.same(await site.waysTo(WEB), ['d1']);
    t.same(await flows.troubles('without d2'), []);
    t.ok(d2.events('announce.stopping').length === 1 && d3.events('announce.stopping').length === 0);
  },
);
