/**
 * The dashboard of lvsd: what it serves and what is wrong, kept up to date.
 * access, stream: the API · refresh: when it is asked · site, rates, wrong, format: what it means, pure · list, row, charts, directors, feed,
 * attention and the dialogs: what is seen. Here they meet.
 *
 * @typedef {import('./documents.js').StreamEvent} StreamEvent
 * @typedef {import('./documents.js').Identity} Identity
 */
import { Access, Refused } from './access.js';
import { showAttention } from './attention.js';
import { Chart } from './charts.js';
import { showDirectors } from './directors.js';
import { byId, setAttribute, setText } from './dom.js';
import { Feed } from './feed.js';
import { bits, clock, duration, many, short, whole } from './format.js';
import { List } from './list.js';
import { loadsOf, readingOf, totalOf } from './rates.js';
import { Refresh } from './refresh.js';
import { ServerDialog } from './server-dialog.js';
import { filtered, ordered, siteOf } from './site.js';
import { askForToken, showKeys } from './small-dialogs.js';
import { EventStream } from './stream.js';
import { wrongOf } from './wrong.js';

/** Which questions an event is the answer to, by how its name begins. */
const ASKED_AFTER = /** @type {const} */ ([
  ['health.', ['site', 'status']],
  ['director.', ['site', 'status']],
  ['declared.', ['site', 'status']],
  ['drain', ['site']],
  ['made.', ['site']],
  ['daemon.', ['site', 'status', 'vrrp', 'pair']],
  ['vrrp.', ['vrrp', 'pair', 'status']],
  ['pair.', ['pair']],
]);
const EVENTS_AT_FIRST = 100;
const LOOK_EVERY_MS = 1000;

/** What is known, each as it was answered last. */
const seen = {
  /** @type {ReturnType<typeof siteOf>} */
  site: [],
  hasSite: false,
  /** @type {import('./documents.js').Status | undefined} */
  status: undefined,
  /** A change that waits to be confirmed. @type {import('./documents.js').Pending | null} */
  pending: null,
  /** @type {import('./documents.js').Vrrp | undefined} */
  vrrp: undefined,
  /** @type {import('./documents.js').Pair | null | undefined} */
  pair: undefined,
  /** @type {Identity | undefined} */
  identity: undefined,
  /** @type {import('./rates.js').Reading | undefined} */
  reading: undefined,
  /** @type {ReturnType<typeof loadsOf>} */
  loads: new Map(),
  hasStream: false,
};

/** When everything was asked for the first time, or again. */
let startedAt = Date.now();
/** It may have got a peer. */
let isPairDue = false;

const filter = byId('filter', HTMLInputElement);
const order = byId('order', HTMLSelectElement);
const only = byId('only', HTMLFieldSetElement);

const access = new Access(sessionStorage);
access.onDenied = () => askForToken(access, startAgain);
const list = new List(byId('grid', HTMLElement), openServer);
const feed = new Feed(byId('feed', HTMLElement));
const dialog = new ServerDialog(byId('server', HTMLDialogElement), access, () => refresh.soon('site', 0));
const charts = {
  connections: new Chart(byId('chart-connections', HTMLElement), {
    colours: ['--accent'],
    say: short,
    sayAll: ([value]) => (value === null ? short(value) : `${short(value)}/s`),
  }),
  bits: new Chart(byId('chart-bits', HTMLElement), {
    colours: ['--accent', '--accent-2'],
    say: bits,
    sayAll: ([inside, outside]) => (inside === null ? bits(inside) : `${bits(inside)} in, ${bits(outside)} out`),
  }),
  active: new Chart(byId('chart-active', HTMLElement), {
    colours: ['--accent'],
    say: short,
    sayAll: ([value]) => whole(value),
  }),
};
const refresh = new Refresh(
  [
    { name: 'statistics', everyMs: 2000, read: readStatistics },
    { name: 'site', everyMs: 10_000, read: readSite },
    { name: 'status', everyMs: 5000, read: readStatus },
    { name: 'vrrp', everyMs: 5000, read: readVrrp },
    { name: 'pair', everyMs: 5000, read: readPair },
    { name: 'identity', everyMs: 60_000, read: readIdentity },
  ],
  showPulse,
);
const stream = new EventStream(access, {
  onEvents: takeEvents,
  onState(isOpen) {
    seen.hasStream = isOpen;
    showPulse();
  },
  onReset() {
    feed.gap('Some events were missed here.');
    refresh.now();
  },
});

async function readStatistics() {
  const { items: rows, first } = await access.all('v1/statistics');
  const items = /** @type {import('./documents.js').ServiceCounters[]} */ (rows);
  const { at } = /** @type {{ at: number }} */ (first);
  const reading = readingOf(at, items);
  if (at === seen.reading?.at) return;
  seen.loads = loadsOf(seen.reading, reading);
  seen.reading = reading;
  const total = totalOf(items, seen.loads);
  charts.connections.add(at, [total.newPerSecond]);
  charts.bits.add(at, [total.inPerSecond, total.outPerSecond]);
  charts.active.add(at, [total.active]);
  showList();
}

async function readSite() {
  const [services, destinations, failing] = await Promise.all([
    access.all('v1/services'),
    access.all('v1/destinations'),
    access.all('v1/health', { verdict: 'down' }),
  ]);
  seen.site = siteOf(
    /** @type {import('./documents.js').Service[]} */ (services.items),
    /** @type {import('./documents.js').Destination[]} */ (destinations.items),
    /** @type {import('./documents.js').Check[]} */ (failing.items),
  );
  seen.hasSite = true;
  showSite();
}

async function readStatus() {
  const [status, history] = await Promise.all([access.ask('v1/status'), access.ask('v1/history?limit=1')]);
  seen.status = /** @type {typeof seen.status} */ (status.document);
  seen.pending = /** @type {Pick<typeof seen, 'pending'>} */ (history.document).pending;
  setText(byId('release', HTMLElement), seen.status?.software ?? '');
  showWrong();
}

async function readVrrp() {
  seen.vrrp = /** @type {typeof seen.vrrp} */ ((await access.ask('v1/vrrp')).document);
  showPair();
}

async function readPair() {
  if (seen.pair === null && !isPairDue) return; // a director without a peer gets one by a reload, which is an event
  isPairDue = false;
  try {
    seen.pair = /** @type {import('./documents.js').Pair} */ ((await access.ask('v1/pair')).document);
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'PAIR_NOBODY') throw error;
    seen.pair = null;
  }
  showPair();
}

function showPair() {
  const name = seen.pair?.ours.facts.name;
  setText(byId('title', HTMLElement), name === undefined ? 'lvsd' : `lvsd ${name}`);
  showDirectors(seen.vrrp, seen.pair);
  showWrong();
}

async function readIdentity() {
  seen.identity = /** @type {Identity} */ ((await access.ask('v1/identity')).document);
  setText(byId('identity', HTMLElement), `${seen.identity.name}, ${seen.identity.role}`);
  byId('token-button', HTMLElement).hidden = !access.hasToken && seen.identity.by !== 'token';
  showList();
}

/** Whether who looks may change weights of a service. @param {string} service id */
function mayChange(service) {
  const { role, services } = seen.identity ?? { role: 'read', services: [] };
  if (role === 'read') return false;
  return (
    services === 'all' ||
    services.some((one) => (one.endsWith('*') ? service.startsWith(one.slice(0, -1)) : service === one))
  );
}

function showSite() {
  const real = seen.site.reduce((sum, { real }) => sum + real, 0);
  const up = seen.site.reduce((sum, { up }) => sum + up, 0);
  const isWrong = seen.site.filter((served) => served.isWrong).length;
  setText(byId('total-services', HTMLElement), whole(seen.site.length));
  setText(byId('total-services-more', HTMLElement), isWrong === 0 ? 'all in order' : `${whole(isWrong)} not in order`);
  setText(byId('total-servers', HTMLElement), whole(up));
  setText(byId('total-servers-more', HTMLElement), `of ${whole(real)}`);
  showList();
  showWrong();
  if (dialog.key === undefined) return;
  const server = seen.site.flatMap(({ servers }) => servers).find(({ key }) => key === dialog.key);
  dialog.renew(server, seen.loads.get(dialog.key));
}

function showList() {
  if (!seen.hasSite) return;
  const chosen = only.querySelector('input:checked');
  const left = filtered(seen.site, {
    words: filter.value,
    only: chosen instanceof HTMLInputElement ? chosen.value : 'all',
  });
  const rows = ordered(left, order.value, (id) => seen.loads.get(id)?.newPerSecond ?? 0);
  list.show(rows, (key) => seen.loads.get(key), mayChange);
  const isAll = rows.length === seen.site.length;
  setText(
    byId('found', HTMLElement),
    isAll ? many(rows.length, 'service') : `${whole(rows.length)} of ${many(seen.site.length, 'service')}`,
  );
  const nothing = byId('nothing', HTMLElement);
  nothing.hidden = rows.length > 0;
  setText(nothing, seen.site.length === 0 ? 'lvsd serves nothing.' : 'Nothing fits the filter.');
}

function showWrong() {
  if (!seen.hasSite) return;
  const up = seen.site.reduce((sum, served) => sum + served.up, 0);
  showAttention(wrongOf(seen), { services: seen.site.length, servers: up }, (id) => {
    filter.value = id;
    chooseOnly('all');
    showView('services');
    list.forgetHands();
    showList();
    list.reveal(id);
  });
}

/** Whether what is seen is what is: loudly, if it is not. */
function showPulse() {
  const now = Date.now();
  const since = refresh.staleSince(now);
  const isWaiting = since === 0 && refresh.trouble === '' && now - startedAt < 5000;
  const isStale = since !== undefined && !isWaiting;
  const pulse = byId('pulse', HTMLElement);
  const state = isStale ? 'stale' : isWaiting ? 'waiting' : seen.hasStream ? 'live' : 'polled';
  setAttribute(pulse, 'data-state', state);
  setText(pulse, { stale: 'not live', waiting: 'connecting', live: 'live', polled: 'live, without events' }[state]);
  document.body.classList.toggle('is-stale', isStale);
  document.title = `${isStale ? 'NOT LIVE – ' : ''}${byId('title', HTMLElement).textContent}`;
  byId('stale', HTMLElement).hidden = !isStale;
  if (!isStale) return;
  const what = since === 0 ? 'Nothing is known yet.' : `Not live: this is what was at ${clock(since)}.`;
  setText(byId('stale-what', HTMLElement), what);
  setText(
    byId('stale-why', HTMLElement),
    [since === 0 ? '' : `${duration(now - since)} ago.`, refresh.trouble].join(' ').trim(),
  );
}

/** @param {readonly StreamEvent[]} events */
function takeEvents(events) {
  feed.add(events);
  isPairDue ||= events.some(({ event }) => event === 'daemon.reloaded');
  const asked = ASKED_AFTER.filter(([begin]) => events.some(({ event }) => event.startsWith(begin))).flatMap(
    ([, names]) => names,
  );
  for (const name of new Set(asked)) refresh.soon(name);
}

/** What happened before this page was opened, and then what happens. */
async function followEvents() {
  try {
    const { document } = await access.ask(`v1/events?after=0&limit=${EVENTS_AT_FIRST * 10}`);
    const { items, next } = /** @type {{ items: StreamEvent[], next: number }} */ (document);
    feed.add(items.slice(-EVENTS_AT_FIRST));
    stream.start(String(next));
  } catch {
    stream.start(''); // it tries until lvsd is there
  }
}

function startAgain() {
  startedAt = Date.now();
  refresh.now();
  void followEvents();
}

/** @param {import('./site.js').Server} server */
function openServer(server) {
  dialog.open(server, seen.loads.get(server.key), mayChange(server.service.key));
}

/** @param {string} value */
function chooseOnly(value) {
  const input = only.querySelector(`input[value=${value}]`);
  if (input instanceof HTMLInputElement) input.checked = true;
}

/** On a narrow screen one view is seen at a time. @param {string} view */
function showView(view) {
  document.body.dataset['view'] = view;
  for (const button of document.querySelectorAll('[data-show]'))
    setAttribute(
      button,
      'aria-pressed',
      button instanceof HTMLElement && button.dataset['show'] === view ? 'true' : 'false',
    );
  dispatchEvent(new Event('resize')); // what had no width has one now
}

function filterAgain() {
  list.forgetHands();
  showList();
}

filter.addEventListener('input', filterAgain);
only.addEventListener('change', filterAgain);
order.addEventListener('change', filterAgain);
byId('events-level', HTMLSelectElement).addEventListener('change', ({ target }) => {
  if (target instanceof HTMLSelectElement) feed.only(target.value);
});
byId('stale-retry', HTMLElement).addEventListener('click', startAgain);
byId('token-button', HTMLElement).addEventListener('click', () => askForToken(access, startAgain));
byId('keys-button', HTMLElement).addEventListener('click', showKeys);
for (const button of document.querySelectorAll('[data-show]'))
  button.addEventListener('click', () => showView(button instanceof HTMLElement ? (button.dataset['show'] ?? '') : ''));

addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof HTMLInputElement && event.target.type !== 'radio';
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null) return;
  if (event.key === 'Escape' && event.target === filter && filter.value !== '') {
    filter.value = '';
    filterAgain();
  } else if (event.key === 'ArrowDown' && event.target === filter) byId('grid', HTMLElement).focus();
  else if (isTyping || event.target instanceof HTMLSelectElement) return;
  else if (event.key === '/') {
    showView('services');
    filter.focus();
    filter.select();
  } else if (event.key === '?') showKeys();
  else if (event.key === 'w') {
    const isOn = only.querySelector('input[value=wrong]:checked') !== null;
    chooseOnly(isOn ? 'all' : 'wrong');
    filterAgain();
  } else return;
  event.preventDefault();
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden) refresh.pause();
  else refresh.resume();
});
addEventListener('online', startAgain);

setInterval(showPulse, LOOK_EVERY_MS);
startAgain();
