/** The dashboard of a real lvsd, with real clients and servers: what is seen is what becomes of packets, and what is pressed happens to them. */
// mostly waits
import '../helpers/own-machine.js';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { HTTPRequest } from 'puppeteer-core';
import t, { type Test } from 'tap';
import { TOKEN_BYTES, tokenHash, tokenText } from '../../src/model/api-token.js';
import { direct, globals, root } from '../engine/site.js';
import { makeAuthority } from '../helpers/certificates.js';
import { freePort, nginx } from '../helpers/nginx.js';
import { findProgram, temporaryDirectory } from '../helpers/program.js';
import { ask as askApi } from '../helpers/unix-http.js';
import { eventually } from '../lab/eventually.js';
import { ask, Conversation, type Endpoint, type Peer, serve, serversOf } from '../lab/peers.js';
import { Network, type Topology } from '../lab/topology.js';
import { chromium, Screen, unlessChromium } from './screen.js';

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
const socketPath = '/run/lvsd/api.sock';
const service = 'tcp-10.1.0.100-80';
const rowOf = (server: string): string => `[data-key="${service} ${server}-8080"]`;

const site = `${globals(['outside', 'inside'], 'packet')}
virtual_server 10.1.0.100 80 {
    lvs_engine userspace
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    delay_loop 1
${servers
  .map(
    ({ address }) => `    real_server ${address} 8080 {
        weight 1
        TCP_CHECK {
            connect_timeout 2
            retry 0
        }
    }`,
  )
  .join('\n')}
}
`;

/** As `ssh -L 8080:/run/lvsd/api.sock` does: bytes of a port to the socket. */
async function forwarded(t: Test): Promise<string> {
  const proxy = createServer((incoming, outgoing) => {
    const { url, method, headers } = incoming;
    const asked = request({ socketPath, path: url, method, headers });
    asked.once('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing).once('close', () => answer.destroy());
      answer.once('error', () => outgoing.destroy());
    });
    asked.once('error', () => outgoing.destroy());
    incoming.pipe(asked);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.teardown(() => proxy.close().closeAllConnections());
  return `http://localhost:${(proxy.address() as AddressInfo).port}/`;
}

/** What a browser in the client's own network runs by: its traffic goes as everybody's. */
function clientsChromium(t: Test): string {
  const path = join(temporaryDirectory(t), 'chromium');
  writeFileSync(path, `#!/bin/sh\nexec ip netns exec client ${findProgram('chromium') ?? 'chromium'} "$@"\n`, {
    mode: 0o755,
  });
  return path;
}

t.test('a night with it', { skip: unlessChromium }, async (t) => {
  await using network = await Network.build(topology);
  const answering = async (): Promise<readonly string[]> =>
    [...new Set(serversOf(await ask(network, 'client', vip, 6)))].sort();
  const authority = makeAuthority(temporaryDirectory(t));
  const tls = authority.issue('lvsd', 10);
  const token = tokenText(randomBytes(TOKEN_BYTES));
  const text = `${site}
api {
    listen unix:${socketPath}
    listen 10.1.0.1 8443 {
        tls {
            certificate ${tls.certificate}
            key ${tls.key}
        }
    }
    token night-watch read sha256:${tokenHash(token)}
}
`;
  const running: Peer[] = [];
  for (const { host, address } of servers) running.push(await serve(host, [{ protocol: 'tcp', address, port: 8080 }]));
  await using director = await direct('director', text);
  await eventually(async () => {
    const servers = (await answering()).join();
    if (servers !== 'rs1,rs2') throw new Error(servers);
  });
  const screen = await Screen.open(await chromium(t), await forwarded(t));

  await t.test('what it serves, to whom', async (t) => {
    await screen.sees('#attention', 'All is well: 1 service, 2 servers up');
    await screen.sees('#pulse', 'live');
    await screen.sees('#identity', 'root');
    await screen.sees('#feed', 'daemon.started');
    await screen.click(`[data-key="${service}"]`);
    await screen.sees('#grid', '10.2.0.11:8080');
    const crowd = (async () => {
      for (let i = 0; i < 40; i++) await ask(network, 'client', vip, 5);
    })();
    await screen.until(`Number.parseFloat(document.querySelector('[data-key="${service}"] .new b').textContent) > 0`);
    await screen.until(`/bit/.test(document.querySelector('[data-key="${service}"] .in b').textContent)`);
    await crowd;
    t.strictSame(screen.errors, []);
  });

  await using talk = await Conversation.open('client', vip);
  const served = await talk.ask('hello');
  if ('error' in served) throw new Error(served.error);
  const [busy, other] = served.server === 'rs1' ? servers : servers.toReversed();
  if (busy === undefined || other === undefined) throw new Error('there are two servers');

  await t.test('a server is drained: who talks to it goes on, nobody else comes', async (t) => {
    await screen.until(`document.querySelector('${rowOf(busy.address)} .active b').textContent === '1'`);
    await screen.press('button', `Change ${busy.address}:8080 of tcp 10.1.0.100:80`);
    await screen.page.select('#server select', '3600');
    await screen.press('button', 'Drain');
    await screen.sees('#server .outcome', 'those that are open go on');
    await screen.sees(`${rowOf(busy.address)} .word`, 'draining');
    t.strictSame(await answering(), [other.host]);
    t.match(await talk.ask('still there?'), { server: busy.host });
    await screen.press('button', 'Stop draining');
    await screen.until(`document.querySelector('${rowOf(busy.address)} .word').innerText === 'up'`);
    t.strictSame(await answering(), ['rs1', 'rs2']);
  });

  await t.test('maintenance, and a weight, and both taken back', async (t) => {
    await screen.press('button', 'Begin maintenance');
    await screen.sees('#server .outcome', 'Done.');
    await screen.sees('#server .outcome', '1 established connection goes on.');
    await screen.sees(`${rowOf(busy.address)} .word`, 'maintenance');
    t.strictSame(await answering(), [other.host]);
    await screen.press('button', 'End maintenance');
    await screen.until(`document.querySelector('${rowOf(busy.address)} .word').innerText === 'up'`);
    const input = await screen.page.$('#server input');
    await input?.click({ count: 3 });
    await screen.type('0');
    await screen.keys('Enter');
    await screen.sees(`${rowOf(busy.address)} .word`, 'draining');
    t.strictSame(await answering(), [other.host]);
    t.match(await talk.ask('and now?'), { server: busy.host });
    await screen.press('button', 'Back to 1');
    await screen.until(`document.querySelector('${rowOf(busy.address)} .word').innerText === 'up'`);
    t.strictSame(await answering(), ['rs1', 'rs2']);
    await screen.click('#server summary');
    await screen.sees('#server .connections', 'established');
    await screen.press('button', 'Close');
  });

  await t.test('who was faster wins: what was not seen is not overwritten', async (t) => {
    await screen.click(`${rowOf(other.address)} button`);
    await screen.until(`document.querySelector('#server').open && document.querySelector('#server form') !== null`);
    const path = `/v1/services/${service}/destinations/${other.address}-8080`;
    const input = await screen.page.$('#server input');
    await input?.click({ count: 3 });
    await screen.type('5');
    const faster: number[] = [];
    const hold = async (asked: HTTPRequest): Promise<void> => {
      if (asked.method() === 'PATCH' && faster.length === 0) {
        faster.push(0);
        faster.push((await askApi(socketPath, path, { method: 'PATCH', body: { weight: 7 } })).status);
      }
      await asked.continue();
    };
    const listener = (asked: HTTPRequest): void => void hold(asked).catch(() => undefined); // one of before, or of after
    screen.page.on('request', listener);
    await screen.page.setRequestInterception(true);
    await screen.keys('Enter');
    await screen.until(`document.querySelector('#server .outcome').dataset.level === 'bad'`);
    await screen.page.setRequestInterception(false);
    screen.page.off('request', listener);
    t.strictSame(faster, [0, 200]);
    t.match(JSON.parse((await askApi(socketPath, path)).text), { override: 7 });
    await screen.sees(`${rowOf(other.address)} .weight`, 'weight 7');
    await screen.press('button', 'Back to 1');
    await screen.until(`document.querySelector('${rowOf(other.address)} .weight').innerText === 'weight 1'`);
    await screen.press('button', 'Close');
  });

  await t.test('a server falls, and says why', async () => {
    await running[other.host === 'rs1' ? 0 : 1]?.[Symbol.asyncDispose]();
    await screen.sees('#attention', 'tcp 10.1.0.100:80 is without a server of 2');
    await screen.sees('#attention', `${other.address}:8080 down (tcp: connect ECONNREFUSED`);
    await screen.sees('#feed', 'health.verdict');
    await serve(other.host, [{ protocol: 'tcp', address: other.address, port: 8080 }]);
    await screen.sees('#attention', 'All is well');
  });

  await t.test('with a token over TLS, from the network, for eyes only', async (t) => {
    const browser = await chromium(t, { executablePath: clientsChromium(t), acceptInsecureCerts: true, pipe: true });
    const watch = await Screen.open(browser, 'https://10.1.0.1:8443/');
    await watch.until(`document.querySelector('#token').open`);
    await watch.type(token);
    await watch.keys('Enter');
    await watch.sees('#identity', 'night-watch, read');
    await watch.sees('#attention', 'All is well: 1 service, 2 servers up');
    await watch.sees('#pulse', 'live');
    await watch.click(`[data-key="${service}"]`);
    await watch.click(`${rowOf(busy.address)} button`);
    await watch.sees('#server', 'You may look');
    t.strictSame(watch.errors, []);
    await browser.close();
  });

  await t.test('behind nginx, as docs/dashboard.md has it', async (t) => {
    const page = readFileSync(join(root, 'docs/dashboard.md'), 'utf8');
    const [location = ''] = /^location [\s\S]*?^}$/m.exec(page) ?? [];
    const port = await freePort();
    await nginx(t, port, `server { listen 127.0.0.1:${port};\n${location}\n}`);
    const behind = await Screen.open(await chromium(t), `http://127.0.0.1:${port}/lvsd/`);
    await behind.sees('#attention', 'All is well: 1 service, 2 servers up');
    await behind.sees('#pulse', 'live');
    await behind.click(`[data-key="${service}"]`);
    await behind.click(`${rowOf(other.address)} button`);
    await behind.press('button', 'Begin maintenance');
    await behind.sees(`${rowOf(other.address)} .word`, 'maintenance');
    await behind.press('button', 'End maintenance');
    await behind.sees('#attention', 'All is well: 1 service, 2 servers up');
    const foreign = await fetch(`http://127.0.0.1:${port}/lvsd/v1/configuration/reload`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    t.equal(foreign.status, 403, 'a page of somebody else');
    t.strictSame(behind.errors, []);
  });

  await t.test('lvsd is killed: the page is loud, the talk goes on; a new lvsd, and it is live again', async (t) => {
    director.kill('SIGKILL');
    await screen.until(`!document.querySelector('#stale').hidden`);
    await screen.sees('#stale', 'Not live');
    t.match(await talk.ask('nobody directs'), { server: busy.host });
    await using next = await direct('director', text);
    await screen.until(
      `document.querySelector('#stale').hidden && document.querySelector('#pulse').dataset.state === 'live'`,
    );
    await screen.sees('#attention', 'All is well');
    t.match(await talk.ask('somebody does'), { server: busy.host });
    t.strictSame(screen.errors, []);
    await next.stop();
  });
});
