/**
 * The pair and its virtual routers, side by side.
 * @typedef {import('./documents.js').Pair} Pair
 * @typedef {import('./documents.js').Vrrp} Vrrp
 * @typedef {import('./documents.js').VirtualRouter} VirtualRouter
 */
import { byId, inside, make } from './dom.js';
import { duration, many, NOT_KNOWN } from './format.js';

const ROLES = { initialize: 'starting', backup: 'backup', master: 'master', fault: 'fault' };

/** @param {Vrrp | undefined} vrrp @param {Pair | null | undefined} pair null: there is none; undefined: not known yet */
export function showDirectors(vrrp, pair) {
  byId('pair', HTMLElement).replaceChildren(...pairLines(pair));
  const table = byId('routers', HTMLTableElement);
  const routers = vrrp?.instances ?? [];
  table.hidden = routers.length === 0;
  const theirs = new Map((pair?.theirs?.vrrp.instances ?? []).map((one) => [one.name, one]));
  byId('routers-peer', HTMLElement).hidden = pair === null || pair === undefined;
  const rows = routers.map((router) => {
    const cells = [
      make('th', { scope: 'row' }, router.name, make('small', {}, addressesOf(router))),
      make('td', {}, ...roleOf(router)),
    ];
    if (pair) cells.push(make('td', {}, ...roleOf(theirs.get(router.name))));
    return make('tr', {}, ...cells);
  });
  inside(table, 'tbody', HTMLElement).replaceChildren(...rows);
}

/** @param {VirtualRouter} router */
function addressesOf({ interface: device, vrid, addresses }) {
  const [first, ...rest] = addresses;
  const named = first === undefined ? '' : rest.length === 0 ? first : `${first} and ${rest.length} more`;
  return [named, `${device ?? ''} vrid ${vrid}`.trim()].filter((part) => part !== '').join(' · ');
}

/** @param {VirtualRouter | undefined} router */
function roleOf(router) {
  if (router === undefined) return [make('span', { class: 'role' }, NOT_KNOWN)];
  const { role, priority, fault, held, masterForMs } = router;
  const more = [`priority ${priority}`];
  if (role === 'master' && masterForMs !== null) more.push(`for ${duration(masterForMs)}`);
  if (fault !== null) more.push(fault);
  if (held) more.push('held back');
  return [make('span', { class: 'role', 'data-role': role }, ROLES[role]), make('small', {}, more.join(' · '))];
}

const PAIR = { connected: 'connected', silent: 'is silent', refused: 'is refused' };

/** @param {Pair | null | undefined} pair */
function pairLines(pair) {
  if (pair === undefined) return [];
  if (pair === null) return [make('p', { class: 'quiet' }, 'This director has no peer.')];
  const { ours, theirs, peer, state, stateForMs, why, differences, sync } = pair;
  const name = theirs?.facts.name ?? peer.address;
  const lines = [
    make(
      'p',
      { class: 'peer', 'data-state': state },
      make('b', {}, ours.facts.name),
      make('span', { class: 'tie', 'aria-hidden': 'true' }),
      make('b', {}, name),
      make('small', {}, `${PAIR[state]} for ${duration(stateForMs)}${why === null ? '' : `: ${why}`}`),
    ),
  ];
  if (state === 'connected')
    lines.push(
      make(
        'p',
        { class: 'quiet' },
        differences.length === 0 ? 'Nothing differs between the two.' : `${many(differences.length, 'difference')}.`,
      ),
    );
  if (sync !== null) lines.push(make('p', { class: 'quiet' }, `Connections: ${syncWords(sync)}`));
  return lines;
}

/** @param {NonNullable<Pair['sync']>} sync */
function syncWords({ ours: { connections, sessions, waitsFor } }) {
  const words = [];
  if (waitsFor !== null) words.push(`waits for ${waitsFor}`);
  if (connections.is !== 'off')
    words.push(`kernel ${connections.is}${connections.why === null ? '' : ` (${connections.why})`}`);
  if (sessions.takes !== null) words.push(`engine ${sessions.takes.phase}`);
  return words.length === 0 ? 'not kept in step' : words.join(', ');
}
