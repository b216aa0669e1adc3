/** The dashboard shows what is, says what is wrong, and says loudly when it does not know any more. */
// mostly waits
import t from 'tap';
import { destination, down, failed, FakeDirector, service } from './fake-director.js';
import { chromium, Screen, unlessChromium } from './screen.js';

t.setTimeout(0); // whoever runs us sets the limit

const web = service('192.0.2.1', 80);
const mail = service('192.0.2.2', 25, { persistenceSeconds: 300, scheduler: 'sh' });

t.test('what is served, and what is wrong with it', { skip: unlessChromium }, async (t) => {
  const director = await FakeDirector.open(t);
  director.services = [web, mail];
  director.destinations = [
    ...['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => destination(web, address)),
    destination(mail, '10.0.1.1'),
  ];
  const url = await director.show();
  const browser = await chromium(t);
  const screen = await Screen.open(browser, url);

  await t.test('all is well', async (t) => {
    await screen.sees('#attention', 'All is well: 2 services, 4 servers up');
    await screen.sees('#pulse', 'live');
    t.strictSame(await screen.rows(), ['tcp 192.0.2.1:80', 'tcp 192.0.2.2:25']);
    t.equal(await screen.text('#total-servers'), '4');
    t.match(await screen.text('[data-key="tcp-192.0.2.2-25"]'), /sh · persistent 300 s/);
    t.match(await screen.text('#identity'), /uid 0 \(root\), admin/);
  });

  await t.test('rates are what was counted between two looks', async () => {
    await screen.until(
      `/^(2[789]|3[0-3])$/.test(document.querySelector('[data-key="tcp-192.0.2.1-80"] .new b').textContent)`,
    ); // three servers with ten a second
    await screen.until(`document.querySelector('[data-key="tcp-192.0.2.1-80"] .out b').textContent.endsWith('Mbit/s')`);
    await screen.until(`document.querySelectorAll('.uplot canvas').length === 3`);
    await screen.sees('#chart-active figcaption', '12');
  });

  await t.test('an event makes it look at once, and each state has a word', async (t) => {
    const fallen = destination(web, '10.0.0.2', down);
    director.change(web.id, fallen.id, down);
    director.failing = [failed(fallen, '503 instead of 200')];
    director.change(web.id, '10.0.0.3-8080', { maintenance: true, weight: 0 });
    director.journal.add('warn', {
      event: 'health.verdict',
      server: fallen.server,
      verdict: 'down',
      detail: '503 instead of 200',
    });
    await screen.sees('#attention', 'tcp 192.0.2.1:80 is without a server of 3');
    await screen.sees('#attention', '10.0.0.2:8080 down (HTTP_GET: 503 instead of 200)');
    await screen.sees('#feed li', 'health.verdict');
    t.match(await screen.text('#feed li'), /503 instead of 200/);
    t.match(await screen.text('[data-key="tcp-192.0.2.1-80"] .word'), /1 of 3 up/);

    director.change(mail.id, '10.0.1.1-8080', { health: 'down', weight: 3 });
    director.journal.add('info', { event: 'director.pool-guard', virtualServer: mail.name, held: 1 });
    await screen.sees('#attention', 'tcp 192.0.2.2:25 is without a server of 1');
    await screen.press('radio', 'Wrong');
    await screen.until(`document.querySelectorAll('#grid .row').length === 4`);
    t.strictSame(await screen.rows(), ['tcp 192.0.2.1:80', '10.0.0.2:8080', 'tcp 192.0.2.2:25', '10.0.1.1:8080']);
    t.equal(await screen.text('[data-key="tcp-192.0.2.2-25 10.0.1.1-8080"] .word'), 'held');
    await screen.press('radio', 'Maintenance');
    await screen.until(`document.querySelectorAll('#grid .row').length === 2`);
    t.strictSame(await screen.rows(), ['tcp 192.0.2.1:80', '10.0.0.3:8080']);
    await screen.press('radio', 'All');
  });

  await t.test('no quorum, a virtual router in fault and a silent peer come first', async (t) => {
    director.services = [{ ...web, quorum: { needed: 2, hysteresis: 0, met: false } }, mail];
    director.vrrp = { instances: [router('V1', 'fault')], groups: [] };
    director.pair = { ...pair, ours: side('lb-a'), vrrp: director.vrrp };
    director.status = { ...director.status, refused: [{ change: '+ tcp 192.0.2.9:80', reason: 'no such scheduler' }] };
    director.pending = { revision: 4, until: Date.now() + 600_000, who: 'anna' };
    director.journal.add('error', { event: 'daemon.reloaded' });
    await screen.sees('#attention', 'tcp 192.0.2.1:80 has no quorum');
    await screen.sees('#attention', 'virtual router V1 is in fault');
    await screen.sees('#attention', 'the other director 10.99.0.2 is silent');
    await screen.sees('#attention', 'refused: + tcp 192.0.2.9:80');
    await screen.sees('#attention', 'a change by anna goes back at');
    await screen.sees('#routers', 'V1');
    t.match(await screen.text('#attention-title'), /3 critical, 3 warnings/);
    t.match(await screen.text('#title'), /lvsd lb-a/);
    const levels = await screen.read<string[]>(
      `[...document.querySelectorAll('#attention-list li')].map((li) => li.dataset.level)`,
    );
    t.strictSame(levels, ['bad', 'bad', 'bad', 'warn', 'warn', 'warn']);
    await screen.press('button', 'critical: tcp 192.0.2.1:80 has no quorum');
    await screen.until(`document.activeElement.id === 'grid'`);
    t.equal((await screen.rows())[0], 'tcp 192.0.2.1:80', 'and there it is');
  });

  await t.test('it is loud when lvsd is gone, and comes back by itself', async (t) => {
    await director.hide();
    await screen.until(`!document.querySelector('#stale').hidden`);
    await screen.sees('#stale', 'Not live: this is what was at');
    await screen.sees('#stale', 'lvsd cannot be reached');
    t.match(await screen.page.title(), /^NOT LIVE/);
    t.equal(await screen.read(`document.querySelector('#stale').getAttribute('role')`), 'alert');
    director.journal.add('warn', { event: 'health.damped', server: 'while nobody looked' });
    await director.show();
    await screen.until(
      `document.querySelector('#stale').hidden && document.querySelector('#pulse').dataset.state === 'live'`,
    );
    await screen.sees('#feed li', 'while nobody looked');
    t.notMatch(await screen.page.title(), /NOT LIVE/);
  });
  t.strictSame(screen.errors, []);
});

const router = (name: string, role: string) => ({
  name,
  interface: 'eth0',
  family: 'ip4',
  version: 3,
  vrid: 51,
  role,
  fault: role === 'fault' ? 'eth0 is down' : null,
  waitsFor: [],
  held: false,
  priority: 150,
  configuredPriority: 150,
  advertMs: 1000,
  masterForMs: null,
  master: null,
  addresses: ['192.0.2.1/24'],
  lastAdvertMsAgo: null,
  sent: { adverts: 3, refusedByKernel: 0 },
  accepted: 0,
  refused: {},
  remarks: [],
  addressesInUse: [],
});
const side = (name: string) => ({
  facts: { name, software: '1.2.3', beatMs: 200, routers: [], director: null },
  vrrp: { instances: [], groups: [] },
  connections: null,
});
const pair = {
  peer: { address: '10.99.0.2', port: 51112 },
  state: 'silent',
  stateForMs: 4000,
  why: 'nothing was heard for 4 s',
  differences: [],
  theirs: null,
  refused: 0,
  sync: null,
};
