/**
 * What is wrong at a glance, the worst first. Pure.
 * @typedef {import('./documents.js').Status} Status
 * @typedef {import('./documents.js').Pair} Pair
 * @typedef {import('./documents.js').Vrrp} Vrrp
 * @typedef {import('./documents.js').Pending} Pending
 * @typedef {import('./site.js').Served} Served
 *
 * @typedef {object} Wrong
 * @property {'bad' | 'warn' | 'note'} level
 * @property {string} text
 * @property {string} detail
 * @property {string | undefined} filter words that show it in the list
 */

import { clock, many } from './format.js';

const LEVELS = ['bad', 'warn', 'note'];
const MOST_NAMES = 3;

/**
 * @param {{ site: readonly Served[], status: Status | undefined, vrrp: Vrrp | undefined, pair: Pair | null | undefined, pending: Pending | null }} seen
 * @returns {readonly Wrong[]}
 */
export function wrongOf({ site, status, vrrp, pair, pending }) {
  const all = [
    ...site.flatMap(wrongOfService),
    ...(vrrp?.instances ?? []).flatMap(wrongOfRouter),
    ...(pair === undefined || pair === null ? [] : wrongOfPair(pair)),
    ...(status === undefined ? [] : wrongOfTable(status)),
    ...(pending === null ? [] : [waiting(pending)]),
  ];
  return all.toSorted((one, other) => LEVELS.indexOf(one.level) - LEVELS.indexOf(other.level));
}

/** @param {Served} served @returns {Wrong[]} */
function wrongOfService(served) {
  const { document, servers, state } = served;
  /** @type {Wrong[]} */
  const wrong = [];
  const failing = servers.filter((server) => server.state === 'down' || server.state === 'held');
  const apology = servers.some((server) => server.state === 'apologising') ? '; the sorry server answers' : '';
  const filter = document.id;
  const detail = failing.length === 0 ? '' : namesOf(failing);
  if (state === 'absent') wrong.push({ level: 'bad', text: `${document.name} is not in force`, detail, filter });
  else if (state === 'down') {
    const why = document.quorum !== null && !document.quorum.met ? 'has no quorum' : 'has no server that is up';
    wrong.push({ level: 'bad', text: `${document.name} ${why}${apology}`, detail, filter });
  } else if (failing.length > 0) {
    const what = failing.length === 1 ? 'a server' : `${failing.length} servers`;
    wrong.push({ level: 'warn', text: `${document.name} is without ${what} of ${served.real}`, detail, filter });
  }
  return wrong;
}

/** @param {readonly import('./site.js').Server[]} servers */
function namesOf(servers) {
  const names = servers
    .slice(0, MOST_NAMES)
    .map(({ document, why, state }) => `${document.address}:${document.port} ${state}${why === '' ? '' : ` (${why})`}`);
  const more = servers.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

/** @param {import('./documents.js').VirtualRouter} router @returns {Wrong[]} */
function wrongOfRouter({ name, role, fault, held, addressesInUse, sent, lastAdvertMsAgo }) {
  /** @type {Wrong[]} */
  const wrong = [];
  const say = (/** @type {Wrong['level']} */ level, /** @type {string} */ text, detail = '') =>
    void wrong.push({ level, text, detail, filter: undefined });
  if (role === 'fault') say('bad', `virtual router ${name} is in fault`, fault ?? '');
  for (const { address, mac } of addressesInUse)
    say('bad', `${address} of virtual router ${name} is in use by another machine`, mac);
  if (sent.refusedByKernel > 0) say('warn', `adverts of ${name} are not sent`, many(sent.refusedByKernel, 'refusal'));
  if (role === 'backup' && lastAdvertMsAgo === null) say('warn', `${name} is backup and hears no master`);
  if (held) say('note', `virtual router ${name} may not become master yet`);
  return wrong;
}

/** @param {Pair} pair @returns {Wrong[]} */
function wrongOfPair({ state, why, differences, peer }) {
  /** @type {Wrong[]} */
  const wrong = [];
  if (state !== 'connected')
    wrong.push({
      level: 'bad',
      text: `the other director ${peer.address} is ${state}`,
      detail: why ?? '',
      filter: undefined,
    });
  for (const text of differences)
    wrong.push({ level: 'warn', text: `the pair differs: ${text}`, detail: '', filter: undefined });
  return wrong;
}

/** @param {Status} status @returns {Wrong[]} */
function wrongOfTable({ refused, drift, foreign }) {
  return [
    ...refused.map(({ change, reason }) => wrongThing('warn', `refused: ${change}`, reason)),
    ...drift.map((change) => wrongThing('warn', 'somebody changed the table', `to put it right: ${change}`)),
    ...foreign.map((service) => wrongThing('note', `${service} is somebody else's and left alone`, '')),
  ];
}

/** @param {Pending} pending */
const waiting = ({ who, until }) =>
  wrongThing('warn', `a change by ${who} goes back at ${clock(until)} unless it is confirmed`, 'lvsctl confirm');

/** @param {Wrong['level']} level @param {string} text @param {string} detail @returns {Wrong} */
const wrongThing = (level, text, detail) => ({ level, text, detail, filter: undefined });
