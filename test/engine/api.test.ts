/** The REST API of a real `lvsd run` with its engine, over its Unix socket: what is answered is what becomes of packets. */
import '../helpers/own-machine.js';
import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { Destination } from '../../src/api/destinations.js';
import type { Page } from '../../src/api/pages.js';
import type { Problem } from '../../src/api/problem.js';
import type { Service } from '../../src/api/services.js';
import { ask as askApi } from '../helpers/unix-http.js';
import { eventually } from '../lab/eventually.js';
import { ask, type Endpoint, serve, serversOf } from '../lab/peers.js';
import { Network, type Topology } from '../lab/topology.js';
import { direct, globals, lvsctl, virtualServer } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit

const servers = [1, 2].map((n) => ({ host: `rs${n}`, address: `10.2.0.1${n}` }));
const topology: Topology = {
  hosts: {
    client: { links: { outside: ['10.1.0.2/24'] } },
    director: {
      links: { outside: ['10.1.0.1/24', '10.1.0.100/32'], inside: ['10.2.0.1/24'] },
      sysctls: { 'net.ipv4.ip_forward': 1 },
    },
    ...Object.fromEntries(
      servers.map(({ host, address }) => [
        host,
        { links: { inside: [`${address}/24`] }, routes: ['default via 10.2.0.1'] },
      ]),
    ),
  },
};
const vip: Endpoint = { protocol: 'tcp', address: '10.1.0.100', port: 80 };
const socket = '/run/lvsd/api.sock';
const other = '/run/lvsd/other.sock';

const listening = (...lines: readonly string[]): string =>
  `api {\n${lines.map((line) => `listen ${line}\n`).join('')}}\n`;
const site = (api: string, more = ''): string =>
  globals(['outside', 'inside'], 'packet') +
  virtualServer(
    '10.1.0.100 80',
    ['lvs_sched rr', 'lvs_method NAT', 'protocol TCP', more],
    servers.map(({ address }) => `${address} 8080`),
  ) +
  api;

const service = '/v1/services/tcp-10.1.0.100-80';
const destination = `${service}/destinations/10.2.0.11-8080`;

async function read<T>(path: string): Promise<T> {
  const { status, text } = await askApi(socket, path);
  if (status !== 200) throw new Error(`${path}: ${status}: ${text}`);
  return JSON.parse(text) as T;
}

t.test('what an operator does at night, by HTTP', async (t) => {
  await using network = await Network.build(topology);
  for (const { host, address } of servers) await serve(host, [{ protocol: 'tcp', address, port: 8080 }]);
  await using director = await direct('director', site(listening(`unix:${socket}`)));
  const answering = async (): Promise<readonly string[]> =>
    [...new Set(serversOf(await ask(network, 'client', vip, 6)))].sort();
  await eventually(async () => {
    const servers = (await answering()).join();
    if (servers !== 'rs1,rs2') throw new Error(servers);
  });

  t.equal(lstatSync(socket).mode & 0o777, 0o600);
  const { items } = await read<Page<Service>>('/v1/services');
  t.match(items, [{ id: 'tcp-10.1.0.100-80', engine: 'userspace', scheduler: 'rr', inForce: true, destinations: 2 }]);
  t.match(await read('/v1/status'), { services: 1, destinations: 2, refused: [] });
  t.match(await read('/v1/engine'), { running: true, ports: [{ name: 'outside' }, { name: 'inside' }] });
  t.match(await read('/v1/openapi.json'), { openapi: '3.1.0', paths: { '/v1/services': {} } });
  t.same(await read('/v1/vrrp'), { instances: [], groups: [] });
  t.match(JSON.parse((await askApi(socket, '/v1/pair')).text), { status: 409 });

  // a server is taken out of service by somebody who has looked at it, and put back
  const found = await askApi(socket, destination);
  const etag = String(found.headers['etag']);
  const patch = (weight: number | null, headers = {}) =>
    askApi(socket, destination, { method: 'PATCH', body: { weight }, headers });
  const drained = await patch(0, { 'if-match': etag });
  t.equal(drained.status, 200, drained.text);
  t.match(JSON.parse(drained.text), { destination: { override: 0, weight: 0, configuredWeight: 1 } });
  t.same(await answering(), ['rs2'], 'at once');
  t.match(await lvsctl(network, 'director', 'status'), /10\.2\.0\.11:8080 masquerade weight 0/);
  t.equal((await patch(3, { 'if-match': etag })).status, 412);
  t.match(JSON.parse((await patch(null)).text), { destination: { override: null, weight: 1 } });
  t.same(await answering(), ['rs1', 'rs2']);

  // a file with a mistake changes nothing; the right one moves the API itself
  writeFileSync(director.file, site(listening(`unix:${socket}`), 'wieght 3'));
  const refused = await askApi(socket, '/v1/configuration/reload', { method: 'POST' });
  t.equal(refused.status, 409);
  const { code, errors = [] } = JSON.parse(refused.text) as Problem;
  t.equal(code, 'CONFIG_REFUSED');
  t.match(
    errors[0]?.detail,
    /engine-\d+\.conf:\d+:5: 'wieght' is no keyword of virtual_server; did you mean 'weight'\?/,
  );
  writeFileSync(director.file, site(listening(`unix:${other} 0660`), 'weight 5'));
  const plan = await read<{ readonly changes: readonly { readonly text: string }[] }>('/v1/configuration/plan');
  t.same(plan.changes, [], 'real servers say their weight themselves');
  const before = await read<{ readonly fingerprint: string }>('/v1/configuration');
  const reloaded = await askApi(socket, '/v1/configuration/reload', { method: 'POST' });
  t.equal(reloaded.status, 200, 'though its socket goes with it');
  t.not((JSON.parse(reloaded.text) as typeof before).fingerprint, before.fingerprint);
  t.notOk(existsSync(socket));
  t.equal((await askApi(other, '/v1/services')).status, 200);
  t.same(JSON.parse((await askApi(other, `${service}/destinations`)).text), {
    items: servers.map(
      ({ address }): Destination => ({
        id: `${address}-8080`,
        service: 'tcp-10.1.0.100-80',
        address,
        port: 8080,
        method: 'masquerade',
        role: 'real',
        server: `tcp 10.1.0.100:80 -> ${address}:8080`,
        health: 'up',
        configuredWeight: 1,
        override: null,
        weight: 1,
        maintenance: false,
        drain: null,
        refused: null,
      }),
    ),
  });
  await director.stop();
  t.notOk(existsSync(other), 'nothing is left behind');
  const events = director.said.map(({ event }) => event);
  t.ok(events.includes('api.listening') && events.includes('api.asked') && events.includes('api.closed'));
});
