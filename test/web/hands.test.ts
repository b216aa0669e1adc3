/** The dashboard under fingers, keys and screen readers: phone width, dark and light, and who may do nothing. */
// mostly waits
import t from 'tap';
import { destination, down, failed, FakeDirector, service } from './fake-director.js';
import { chromium, Screen, unlessChromium } from './screen.js';

t.setTimeout(0); // whoever runs us sets the limit

const services = Array.from({ length: 40 }, (_, i) => service(`192.0.2.${i + 1}`, 80));
const destinations = services.flatMap((one, i) => [destination(one, `10.0.${i}.1`), destination(one, `10.0.${i}.2`)]);
const active = `document.getElementById(document.querySelector('#grid').getAttribute('aria-activedescendant'))`;

async function site(t: Parameters<typeof FakeDirector.open>[0]): Promise<FakeDirector> {
  const director = await FakeDirector.open(t);
  director.services = services;
  director.destinations = destinations;
  const fallen = destination(services[30]!, '10.0.30.2', down);
  director.change(fallen.service, fallen.id, down);
  director.failing = [failed(fallen, 'connection refused')];
  await director.show();
  return director;
}

t.test('by keys alone', { skip: unlessChromium }, async (t) => {
  const director = await site(t);
  const screen = await Screen.open(await chromium(t), director.url);
  await screen.sees('#attention', '192.0.2.31:80');

  await t.test('the filter, the list, a server, and back', async (t) => {
    await screen.keys('/');
    t.equal(await screen.read('document.activeElement.id'), 'filter');
    await screen.type('10.0.30.');
    await screen.until(`document.querySelectorAll('#grid .row').length === 3`);
    t.match(await screen.text('#found'), /1 of 40 services/);
    await screen.keys('ArrowDown');
    await screen.until(`${active}?.getAttribute('aria-level') === '1'`);
    t.equal(await screen.read(`${active}.getAttribute('aria-expanded')`), 'true', 'what fits is shown');
    await screen.keys('ArrowLeft');
    await screen.until(`document.querySelectorAll('#grid .row').length === 1`);
    await screen.keys('ArrowRight', 'ArrowRight', 'ArrowDown');
    t.match(await screen.read(`${active}.innerText`), /10\.0\.30\.2:8080/);
    await screen.keys('Enter');
    await screen.until(`document.querySelector('#server').open`);
    await screen.sees('#server', 'connection refused');
    t.ok(await screen.read(`document.querySelector('#server').contains(document.activeElement)`));
    await screen.keys('Escape');
    await screen.until(`!document.querySelector('#server').open`);
    t.equal(await screen.read('document.activeElement.id'), 'grid', 'focus is where it was');
    await screen.keys('ArrowLeft');
    t.equal(await screen.read(`${active}.getAttribute('aria-level')`), '1', 'a server goes back to its service');
    await screen.keys('/', 'Escape');
    await screen.until(`document.querySelector('#grid').getAttribute('aria-rowcount') !== '3'`);
  });

  await t.test('to the ends of the list, which scrolls along', async (t) => {
    await screen.read(`document.querySelector('#grid').focus()`);
    await screen.keys('End');
    t.match(await screen.read(`${active}.innerText`), /192\.0\.2\.40:80/);
    await screen.until(
      `(() => { const at = ${active}.getBoundingClientRect(); return at.top > 0 && at.bottom <= innerHeight + 1; })()`,
    );
    await screen.keys('Home');
    t.match(await screen.read(`${active}.innerText`), /192\.0\.2\.1:80/);
    await screen.until(
      `(() => { const at = ${active}.getBoundingClientRect(); return at.top >= 130 && at.bottom <= innerHeight; })()`,
    );
    await screen.keys('PageDown', 'PageDown');
    t.notMatch(await screen.read(`${active}.innerText`), /192\.0\.2\.1:80/);
    await screen.keys('?');
    await screen.until(`document.querySelector('#keys').open`);
    await screen.keys('Escape', 'w');
    await screen.until(`document.querySelector('#grid').getAttribute('aria-rowcount') === '2'`);
    await screen.keys('w');
  });

  await t.test('each control has a name, and each row says what its numbers are', async (t) => {
    const nameless = await screen.read<string[]>(
      `[...document.querySelectorAll('button, input, select')].filter((one) => one.offsetParent !== null).filter((one) => !(one.getAttribute('aria-label') || one.innerText || one.labels?.[0]?.textContent)).map((one) => one.outerHTML)`,
    );
    t.strictSame(nameless, []);
    const tree = await screen.page.accessibility.snapshot({ interestingOnly: false });
    const roles = new Set<string>();
    const walk = (node: typeof tree): void => {
      if (node === null) return;
      roles.add(node.role);
      node.children?.forEach(walk);
    };
    walk(tree);
    for (const role of [
      'treegrid',
      'row',
      'rowheader',
      'gridcell',
      'searchbox',
      'banner',
      'main',
      'complementary',
      'status',
    ])
      t.ok(roles.has(role), role);
    t.match(await screen.read(`document.querySelector('#grid .row .active').textContent`), /\d+established/);
  });
  t.strictSame(screen.errors, []);
});

t.test('who may read only changes nothing', { skip: unlessChromium }, async (t) => {
  const director = await site(t);
  director.identity = { name: 'night watch', role: 'read', services: 'all', by: 'token' };
  const browser = await chromium(t);
  const look = async (): Promise<Screen> => {
    const screen = await Screen.open(browser, director.url);
    await screen.sees('#attention', '192.0.2.31:80');
    await screen.sees('#identity', director.identity.name);
    await screen.click('[data-key="tcp-192.0.2.1-80"]');
    await screen.click('[data-key="tcp-192.0.2.1-80 10.0.0.1-8080"] button');
    await screen.until(`document.querySelector('#server').open`);
    return screen;
  };
  const reader = await look();
  t.equal(await reader.read(`document.querySelectorAll('#server form').length`), 0);
  t.match(await reader.text('#server'), /You may look/);
  t.equal(await reader.text('[data-key="tcp-192.0.2.1-80 10.0.0.1-8080"] button'), 'Details');
  director.identity = { name: 'shift', role: 'operate', services: ['tcp-192.0.2.2-*'], by: 'token' };
  const stranger = await look();
  t.equal(await stranger.read(`document.querySelectorAll('#server form').length`), 0, 'another service is granted');
  director.identity = { name: 'operator', role: 'operate', services: ['tcp-192.0.2.1-*'], by: 'token' };
  const operator = await look();
  t.equal(await operator.read(`document.querySelectorAll('#server form').length`), 2);
  t.strictSame([...reader.errors, ...stranger.errors, ...operator.errors], []);
});

t.test('on a telephone', { skip: unlessChromium }, async (t) => {
  const director = await site(t);
  const screen = await Screen.open(await chromium(t), director.url, { width: 360, height: 740 });
  const isNarrow = `document.documentElement.scrollWidth <= innerWidth`;
  await screen.sees('#attention', '192.0.2.31:80');
  t.ok(await screen.read(isNarrow), 'overview');
  t.equal(await screen.read(`document.querySelector('#services').offsetParent`), null, 'one view at a time');
  await screen.page.tap('[data-show=services]');
  await screen.sees('#grid', '192.0.2.1:80');
  t.ok(await screen.read(isNarrow), 'services');
  await screen.page.tap('[data-key="tcp-192.0.2.1-80"]');
  await screen.sees('#grid', '10.0.0.1:8080');
  await screen.page.tap('[data-key="tcp-192.0.2.1-80 10.0.0.1-8080"]');
  await screen.until(`document.querySelector('#server').open`);
  t.ok(
    await screen.read(
      `(() => { const at = document.querySelector('#server').getBoundingClientRect(); return at.left >= 0 && at.right <= innerWidth; })()`,
    ),
  );
  const small = await screen.read<string[]>(
    `[...document.querySelectorAll('#server button, #server select, #server input')].filter((one) => one.getBoundingClientRect().height < 32).map((one) => one.outerHTML)`,
  );
  t.strictSame(small, [], 'fingers are not pointers');
  await screen.press('button', 'Close');
  director.journal.add('info', { event: 'daemon.reloaded' });
  await screen.page.tap('[data-show=events]');
  await screen.sees('#feed', 'daemon.reloaded');
  t.ok(await screen.read(isNarrow), 'events');
  t.strictSame(screen.errors, []);
});

t.test('dark and light: words can be read', { skip: unlessChromium }, async (t) => {
  const director = await site(t);
  const browser = await chromium(t);
  const grounds: string[] = [];
  for (const scheme of ['light', 'dark'] as const) {
    const screen = await Screen.open(browser, director.url, { scheme });
    await screen.sees('#attention', '192.0.2.31:80');
    const colour = (name: string): Promise<string> =>
      screen.read(`getComputedStyle(document.documentElement).getPropertyValue('${name}').trim()`);
    for (const ground of ['--panel', '--ground', '--raised', '--bad-ground', '--warn-ground'])
      for (const ink of ['--text', '--quiet'])
        t.ok(contrast(await colour(ink), await colour(ground)) >= 4.5, `${scheme}: ${ink} on ${ground}`);
    for (const ink of ['--well', '--warn', '--bad', '--leaving', '--accent'])
      t.ok(contrast(await colour(ink), await colour('--panel')) >= 4.5, `${scheme}: ${ink}`);
    t.ok(contrast(await colour('--on-bad'), await colour('--bad')) >= 4.5, `${scheme}: what is loud`);
    grounds.push(await screen.read(`getComputedStyle(document.body).backgroundColor`));
    t.strictSame(screen.errors, []);
  }
  t.not(grounds[0], grounds[1]);
});

/** WCAG 2.2, contrast ratio of two colours as #rrggbb. */
function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
