/** The dashboard among enemies: names that are markup, tokens, foreign pages, proxies in front of it. */
// mostly waits
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { Identity } from '../../src/api/access.js';
import { destination, down, failed, FakeDirector, service } from './fake-director.js';
import { chromium, Screen, unlessChromium } from './screen.js';

t.setTimeout(0); // whoever runs us sets the limit

const evil = `"><img src=x onerror="globalThis.owned=1"><script>owned=1</script>\${owned=1}`;

t.test('names are text, wherever they are shown', { skip: unlessChromium }, async (t) => {
  const director = await FakeDirector.open(t);
  const one = service('192.0.2.1', 80, { name: evil, virtualServer: evil, scheduler: evil });
  const fallen = destination(one, '10.0.0.1', { ...down, address: evil, method: evil, refused: evil });
  director.services = [one];
  director.destinations = [fallen];
  director.failing = [failed(fallen, evil)];
  director.status = { ...director.status, software: evil, drift: [evil], refused: [{ change: evil, reason: evil }] };
  director.vrrp = { instances: [{ ...oddRouter, name: evil, fault: evil, addresses: [evil] }], groups: [] };
  director.identity = { name: evil, role: 'admin', services: 'all', by: 'socket' };
  director.journal.add('warn', { event: evil, server: evil, [evil]: { deep: evil } });
  const screen = await Screen.open(await chromium(t), await director.show());
  await screen.sees('#attention', evil);
  await screen.sees('#feed', evil);
  await screen.sees('#routers', evil);
  await screen.sees('#identity', evil);
  await screen.click('#attention-list button');
  await screen.click('[data-key^="tcp-192.0.2.1-80 "]');
  await screen.until(`document.querySelector('#server').open`);
  await screen.sees('#server', evil);
  t.equal(await screen.read('typeof globalThis.owned'), 'undefined');
  t.equal(await screen.read(`document.querySelectorAll('img').length`), 1, 'the page has one picture');
  t.strictSame(screen.errors, []);
});

const oddRouter = {
  interface: 'eth0',
  family: 'ip4',
  version: 3,
  vrid: 51,
  role: 'fault',
  waitsFor: [],
  held: false,
  priority: 1,
  configuredPriority: 1,
  advertMs: 1,
  masterForMs: null,
  master: null,
  lastAdvertMsAgo: null,
  sent: { adverts: 0, refusedByKernel: 0 },
  accepted: 0,
  refused: {},
  remarks: [],
  addressesInUse: [],
};

t.test('the policy of the page forbids what it does not need', { skip: unlessChromium }, async (t) => {
  const director = await FakeDirector.open(t);
  const screen = await Screen.open(await chromium(t), await director.show());
  await screen.sees('#attention', 'Nothing is served');
  t.strictSame(screen.errors, [], 'the page itself needs nothing else');
  const tries = [
    `document.body.append(Object.assign(document.createElement('script'), { textContent: 'globalThis.owned = 1' }))`,
    `document.body.innerHTML = '<b>no</b>'`,
    `setTimeout('globalThis.owned = 1')`,
    `document.body.setAttribute('onclick', 'globalThis.owned = 1'), document.body.click()`,
    `document.body.append(Object.assign(document.createElement('iframe'), { src: location.href }))`,
    `fetch('http://127.0.0.1:9/').catch(() => undefined)`,
  ];
  for (const one of tries) await screen.read(`(async () => { try { ${one}; } catch {} })()`);
  await screen.until(`true`);
  t.equal(await screen.read('typeof globalThis.owned'), 'undefined');
  t.ok(screen.errors.length >= tries.length - 1, 'each was told to the console');

  const files = ['/', '/dashboard/main.js', '/dashboard/style.css', '/dashboard/uplot.js'];
  for (const file of files) {
    const answer = await fetch(new URL(file, director.url));
    t.match(
      answer.headers.get('content-security-policy'),
      /^default-src 'none'; script-src 'self'; style-src 'self'/,
      file,
    );
    t.equal(answer.headers.get('x-content-type-options') ?? 'nosniff', 'nosniff');
    t.equal(answer.headers.get('content-encoding'), 'gzip');
    const again = await fetch(new URL(file, director.url), {
      headers: { 'if-none-match': answer.headers.get('etag') ?? '' },
    });
    t.equal(again.status, 304);
  }
  for (const file of [
    '/dashboard/',
    '/dashboard/../package.json',
    '/dashboard/%2e%2e/package.json',
    '/dashboard/tsconfig.json',
  ])
    t.equal((await fetch(new URL(file, director.url))).status, 404, file);
});

t.test('a token is asked for, kept for the tab, and forgotten', { skip: unlessChromium }, async (t) => {
  const director = await FakeDirector.open(t);
  const who = (name: string, role: Identity['role']): Identity => ({ name, role, services: 'all', by: 'token' });
  director.tokens = new Map([
    ['s3cret', who('shift', 'operate')],
    ['old', who('yesterday', 'read')],
  ]);
  director.services = [service('192.0.2.1', 80)];
  director.destinations = [destination(director.services[0]!, '10.0.0.1')];
  const browser = await chromium(t);
  const screen = await Screen.open(browser, await director.show());
  await screen.until(`document.querySelector('#token').open`);
  t.notOk(await screen.read(`document.body.innerText.includes('192.0.2.1')`), 'nothing is told to nobody');
  await screen.type('wrong');
  await screen.keys('Enter');
  await screen.until(`document.querySelector('#token').open && document.querySelector('#token input').value === ''`);
  await screen.type('s3cret');
  await screen.keys('Enter');
  await screen.sees('#identity', 'shift, operate');
  await screen.sees('#attention', 'All is well');
  await screen.sees('#pulse', 'live'); // the stream has it too
  t.notOk(await screen.read(`document.querySelector('#token').open`));
  t.notMatch(await screen.read(`location.href + document.cookie + JSON.stringify(localStorage)`), /s3cret/);
  await screen.page.reload();
  await screen.sees('#identity', 'shift, operate');
  director.tokens = new Map([['old', who('yesterday', 'read')]]); // it was taken back
  await screen.until(`document.querySelector('#token').open`);
  await screen.press('button', 'Forget it');
  await screen.until(`document.querySelector('#token').open && sessionStorage.length === 0`);
  await screen.type('old');
  await screen.keys('Enter');
  await screen.sees('#identity', 'yesterday, read');
  t.strictSame(screen.errors, []);
});

t.test('behind a proxy, under a path of its own', { skip: unlessChromium }, async (t) => {
  const director = await FakeDirector.open(t);
  director.services = [service('192.0.2.1', 80)];
  director.destinations = [destination(director.services[0]!, '10.0.0.1')];
  const behind = new URL(await director.show());
  const proxy = createServer((incoming, outgoing) => {
    const path = /^\/ops\/lb-a(\/.*)$/.exec(incoming.url ?? '')?.[1];
    if (path === undefined) return void outgoing.writeHead(404).end();
    const asked = request(new URL(path, behind), {
      method: incoming.method ?? 'GET',
      headers: { ...incoming.headers, host: behind.host },
    });
    asked.once('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    asked.once('error', () => outgoing.destroy());
    incoming.pipe(asked);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.teardown(() => proxy.close().closeAllConnections());
  const { port } = proxy.address() as AddressInfo;
  const screen = await Screen.open(await chromium(t), `http://127.0.0.1:${port}/ops/lb-a/`);
  await screen.sees('#attention', 'All is well');
  await screen.sees('#pulse', 'live');
  director.journal.add('info', { event: 'daemon.reloaded' });
  await screen.sees('#feed', 'daemon.reloaded');
  t.strictSame(screen.errors, []);
});
