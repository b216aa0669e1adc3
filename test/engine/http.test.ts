/** Thousands of short HTTP requests in every way to a server at once, while servers come and go: only those to the flushed one may fail. */
import '../helpers/own-machine.js';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Peer } from '../lab/peers.js';
import { type Host, Network, type Topology } from '../lab/topology.js';
import { direct, globals, lvsctl, type Mode, root } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit
const REQUESTS = 3600;
const TOGETHER = 24;
/** A SYN lost to a busy machine is sent again after a second. */
const SETTLED_MS = 1500;
const requests = ['/usr/bin/python3', `${root}test/engine/requests.py`];

const vips = ['10.2.0.100', 'fd00:2::100'];
const l3dsrVips = ['10.2.0.101', 'fd00:2::101'];
const numbers = [1, 2, 3];
const server = (n: number, kind: 1 | 2): readonly [string, string] => [`10.2.0.${kind}${n}`, `fd00:2::${kind}${n}`];
const behind = (kind: 1 | 2, gateway: 1 | 2): Record<string, Host> =>
  Object.fromEntries(
    numbers.map((n) => [
      `${kind === 1 ? 'nat' : 'dsr'}${n}`,
      {
        links: { lan: [`${server(n, kind)[0]}/24`, `${server(n, kind)[1]}/64`] },
        routes: [`default via 10.2.0.${gateway}`, `default via fd00:2::${gateway}`],
      },
    ]),
  );

/** client – router – a LAN with the director, three servers whose gateway it is, and three that answer by the router. */
const topology: Topology = {
  hosts: {
    client: {
      links: { internet: ['10.1.0.2/24', 'fd00:1::2/64'] },
      routes: ['default via 10.1.0.1', 'default via fd00:1::1'],
    },
    router: {
      links: { internet: ['10.1.0.1/24', 'fd00:1::1/64'], lan: ['10.2.0.1/24', 'fd00:2::1/64'] },
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
    director: {
      links: {
        lan: [
          '10.2.0.2/24',
          'fd00:2::2/64',
          ...vips.map((vip) => `${vip}/${vip.includes(':') ? 128 : 32}`),
          ...l3dsrVips.map((vip) => `${vip}/${vip.includes(':') ? 128 : 32}`),
        ],
      },
      routes: ['default via 10.2.0.1', 'default via fd00:2::1'],
    },
    ...behind(1, 2),
    ...behind(2, 1),
  },
};

const places = [...vips.flatMap((vip) => [`80@${vip}`, `81@${vip}`]), ...l3dsrVips.map((vip) => `82@${vip}`)];
const portsOf = ['80', '81', '82'];

/** Weights by number of the server; who is missing is not in the file. */
function textOf(mode: Mode, weights: Readonly<Record<number, number>>, removed: string): string {
  const service = (vip: string, port: number, method: string, kind: 1 | 2): string => `
virtual_server ${vip} ${port} {
    lvs_engine userspace
    lvs_sched rr
    lvs_method ${method}
    protocol TCP
    removed_flows ${removed}
${Object.entries(weights)
  .map(([n, weight]) => {
    const address = server(Number(n), kind)[vip.includes(':') ? 1 : 0];
    return `    real_server ${address} ${port} {\n        weight ${weight}\n    }`;
  })
  .join('\n')}
}
`;
  return (
    globals(['lan'], mode) +
    vips.map((vip) => service(vip, 80, 'NAT', 1) + service(vip, 81, 'DR', 2)).join('') +
    l3dsrVips.map((vip, i) => service(vip, 82, `L3DSR dscp ${7 + i}`, 2)).join('')
  );
}

let states = 0;

async function startServers(network: Network): Promise<void> {
  for (const n of numbers) {
    const host = `dsr${n}`;
    const realserver = (...words: string[]): Promise<string> =>
      network.must(host, `${root}bin/lvsd`, 'realserver', ...words, '--state', `/run/lvsd/realserver-${++states}`);
    for (const vip of vips) await realserver('--vip', vip, '--method', 'dr');
    for (const [i, vip] of l3dsrVips.entries()) await realserver('--l3dsr', `${7 + i}=${vip}`);
    for (const name of [host, `nat${n}`]) {
      const started = new Peer(['ip', 'netns', 'exec', name, ...requests, 'serve', name, ...portsOf]);
      await started.line();
    }
  }
}

type Row = readonly [place: string, start: number, end: number, server: string, why: string];
const now = (): number => Date.now() / 1000;

for (const mode of ['xdp', 'packet'] satisfies Mode[]) {
  t.test(mode, async (t) => {
    await using network = await Network.build(topology);
    await startServers(network);
    const all = { 1: 1, 2: 1, 3: 1 };
    await using director = await direct('director', textOf(mode, all, 'drain 30'));
    const reload = async (weights: Readonly<Record<number, number>>, removed: string): Promise<number> => {
      writeFileSync(director.file, textOf(mode, weights, removed));
      await lvsctl(network, 'director', 'reload');
      return now();
    };
    const command = [...requests, 'ask', String(REQUESTS), String(TOGETHER), ...places];
    await using clients = new Peer(['ip', 'netns', 'exec', 'client', ...command]);
    await clients.line();
    await sleep(SETTLED_MS);

    const quiet = await reload({ ...all, 2: 0 }, 'drain 30');
    await sleep(SETTLED_MS);
    const loud = now();
    await reload(all, 'drain 30');
    await sleep(SETTLED_MS);
    const drained = await reload({ 1: 1, 2: 1 }, 'drain 30');
    await sleep(SETTLED_MS);
    const restored = now();
    await reload(all, 'drain 30');
    await sleep(SETTLED_MS);
    const flushing = now();
    const flushed = await reload({ 2: 1, 3: 1 }, 'cut');
    await sleep(SETTLED_MS);
    clients.end();

    const rows = JSON.parse(await clients.line()) as Row[];
    t.ok(rows.length >= REQUESTS, `${rows.length} connections`);
    const failed = rows.filter(([, , , , why]) => why !== '');
    const wasFlushed = ([, start, end, name]: Row): boolean =>
      start <= flushed && end >= flushing && (name === '' || name.endsWith('1'));
    t.strictSame(
      failed.filter((row) => !wasFlushed(row)),
      [],
      'none fails but those to the flushed server',
    );
    // those that ended in between, too: the SYN of one that began in time may come late, or a second time
    const served = (from: number, to: number, n: number): Row[] =>
      rows.filter(([, start, end, name]) => start > from && end < to && name.endsWith(`${n}`));
    t.equal(served(quiet, loud, 2).length, 0, 'weight 0: nobody new');
    t.ok(served(quiet, loud, 1).length > 0 && served(quiet, loud, 3).length > 0, 'the others serve');
    t.equal(served(drained, restored, 3).length, 0, 'drained: nobody new');
    t.equal(served(flushed, Infinity, 1).length, 0, 'flushed: nobody new');
    for (const place of places)
      t.strictSame(
        [...new Set(rows.filter(([to]) => to === place).map(([, , , name]) => name.slice(-1)))].filter(Boolean).sort(),
        ['1', '2', '3'],
        `${place}: each served`,
      );
    t.comment(`${failed.length} broke with the flushed server`);
    await director.stop();
    t.end();
  });
}
