/**
 * Services and their servers as the page shows them: each in one state. Pure.
 * @typedef {import('./documents.js').Service} Service
 * @typedef {import('./documents.js').Destination} Destination
 * @typedef {import('./documents.js').Check} Check
 *
 * @typedef {'up' | 'down' | 'held' | 'maintenance' | 'draining' | 'idle' | 'sorry' | 'apologising'} ServerState
 *
 * @typedef {object} Server
 * @property {'server'} kind
 * @property {string} key of its row
 * @property {Destination} document
 * @property {ServerState} state
 * @property {string} word for the state
 * @property {string} why empty: nothing to add
 * @property {boolean} isWrong
 * @property {string} text what a filter is looked for in
 * @property {Served} service
 *
 * @typedef {object} Served
 * @property {'service'} kind
 * @property {string} key of its row
 * @property {Service} document
 * @property {'up' | 'degraded' | 'down' | 'absent'} state
 * @property {string} word
 * @property {Server[]} servers
 * @property {number} real how many real servers
 * @property {number} up of them
 * @property {boolean} isWrong
 * @property {string} virtual how it serves, in a few words
 * @property {string} text what a filter is looked for in, without its servers
 */

/** How bad a state is: what is worst comes first. */
export const BADNESS = /** @type {const} */ ({
  down: 3,
  absent: 3,
  degraded: 2,
  held: 2,
  apologising: 2,
  maintenance: 1,
  draining: 1,
  idle: 0,
  sorry: 0,
  up: 0,
});

/** @type {Readonly<Record<ServerState, string>>} */
const WORDS = {
  up: 'up',
  down: 'down',
  held: 'held',
  maintenance: 'maintenance',
  draining: 'draining',
  idle: 'weight 0',
  sorry: 'sorry server',
  apologising: 'sorry server in use',
};

/**
 * @param {readonly Service[]} services
 * @param {readonly Destination[]} destinations with `service`
 * @param {readonly Check[]} failing the checks that say down
 * @returns {readonly Served[]}
 */
export function siteOf(services, destinations, failing) {
  /** @type {Map<string, Destination[]>} */
  const byService = new Map();
  for (const one of destinations) {
    const list = byService.get(one.service);
    if (list === undefined) byService.set(one.service, [one]);
    else list.push(one);
  }
  /** @type {Map<string, string>} */
  const reasons = new Map();
  for (const { server, check, detail } of failing) reasons.set(server, detail === '' ? check : `${check}: ${detail}`);
  return services.map((document) => servedOf(document, byService.get(document.id) ?? [], reasons));
}

/** @param {Service} document @param {readonly Destination[]} destinations @param {ReadonlyMap<string, string>} reasons @returns {Served} */
function servedOf(document, destinations, reasons) {
  /** @type {Served} */
  const served = {
    kind: 'service',
    key: document.id,
    document,
    state: 'up',
    word: 'up',
    servers: [],
    real: 0,
    up: 0,
    isWrong: false,
    virtual: virtualOf(document),
    text: [document.id, document.name, document.virtualServer, document.address, document.scheduler, document.engine]
      .join(' ')
      .toLowerCase(),
  };
  served.servers = destinations.map((one) => serverOf(one, served, reasons.get(one.server ?? '') ?? ''));
  const real = served.servers.filter(({ document }) => document.role !== 'sorry');
  served.real = real.length;
  served.up = real.filter(({ state }) => state === 'up').length;
  served.state = stateOf(served, real);
  served.word = wordOf(served);
  served.isWrong = served.state !== 'up' || served.servers.some(({ isWrong }) => isWrong);
  served.text += ` ${served.state}`;
  return served;
}

/** @param {Service} document */
function virtualOf({ scheduler, engine, persistenceSeconds, origin }) {
  const words = [scheduler];
  if (engine === 'userspace') words.push('engine');
  if (persistenceSeconds !== null) words.push(`persistent ${persistenceSeconds} s`);
  if (origin !== 'file') words.push(origin === 'other' ? 'made at run time' : `by the ${origin}`);
  return words.join(' · ');
}

/** @param {Served} served @param {readonly Server[]} real @returns {Served['state']} */
function stateOf({ document, up }, real) {
  if (!document.inForce) return 'absent';
  if (document.quorum !== null && !document.quorum.met) return 'down';
  const hasHeld = real.some(({ state }) => state === 'held');
  if (up === 0 && !hasHeld && real.some(({ state }) => state === 'down')) return 'down';
  return real.some(({ state }) => state === 'down' || state === 'held') ? 'degraded' : 'up';
}

/** @param {Served} served */
function wordOf({ state, document, up, real }) {
  if (state === 'absent') return 'not in force';
  if (document.quorum !== null && !document.quorum.met) return 'no quorum';
  if (state === 'down') return 'down';
  return real === 0 ? 'no servers' : `${up} of ${real} up`;
}

/** @param {Destination} document @param {Served} service @param {string} reason of a check @returns {Server} */
function serverOf(document, service, reason) {
  const state = stateOfServer(document);
  const word = WORDS[state];
  const why = [
    document.refused === null ? '' : `refused: ${document.refused}`,
    state === 'down' || state === 'held' ? reason : '',
    state === 'draining' && document.drain === null ? 'weight 0 by an operator' : '',
    document.health === 'down' && (state === 'maintenance' || state === 'draining') ? `check fails: ${reason}` : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
  return {
    kind: 'server',
    key: `${service.key} ${document.id}`,
    document,
    state,
    word,
    why,
    isWrong: state === 'down' || state === 'held' || document.refused !== null,
    text: `${document.id} ${document.address}:${document.port} ${document.server ?? ''} ${word} ${state}`.toLowerCase(),
    service,
  };
}

/** What an operator wanted goes before what the checks say. @param {Destination} document @returns {ServerState} */
function stateOfServer({ role, health, weight, configuredWeight, override, maintenance, drain }) {
  if (role === 'sorry') return weight === null ? 'sorry' : 'apologising';
  if (drain !== null) return 'draining';
  if (maintenance) return 'maintenance';
  if (override === 0 && configuredWeight !== 0) return 'draining';
  const isServing = weight !== null && weight > 0;
  if (health === 'down') return isServing && override === null ? 'held' : 'down';
  if (weight === 0) return 'idle';
  return 'up';
}

/** Which servers `only` shows. @type {Readonly<Record<string, (server: Server) => boolean>>} */
const ONLY = {
  wrong: ({ isWrong, state }) => isWrong || state === 'apologising',
  leaving: ({ state }) => state === 'draining',
  maintenance: ({ state }) => state === 'maintenance',
};

/**
 * What is left of the site by a filter. Each word has to be found in a service, which then shows all its servers, or in some of its servers,
 * which then are shown, opened.
 * @param {readonly Served[]} site
 * @param {{ words: string, only: string }} filter
 * @returns {readonly { served: Served, servers: readonly Server[], isOpened: boolean }[]}
 */
export function filtered(site, { words, only }) {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const fits = ONLY[only];
  const left = [];
  for (const served of site) {
    const missing = wanted.filter((word) => !served.text.includes(word));
    let servers = served.servers;
    if (missing.length > 0) servers = servers.filter(({ text }) => missing.every((word) => text.includes(word)));
    if (missing.length > 0 && servers.length === 0) continue;
    if (fits !== undefined) {
      servers = servers.filter(fits);
      if (servers.length === 0 && !(only === 'wrong' && served.isWrong)) continue;
    }
    left.push({ served, servers, isOpened: fits !== undefined || missing.length > 0 });
  }
  return left;
}

/**
 * @param {readonly { served: Served, servers: readonly Server[], isOpened: boolean }[]} rows
 * @param {string} order
 * @param {(id: string) => number} loadOf new connections per second of a service
 */
export function ordered(rows, order, loadOf) {
  if (order === 'worst') return rows.toSorted((one, other) => badnessOf(other.served) - badnessOf(one.served));
  if (order === 'busiest') return rows.toSorted((one, other) => loadOf(other.served.key) - loadOf(one.served.key));
  return rows;
}

/** @param {Served} served */
const badnessOf = ({ state, servers, isWrong }) =>
  BADNESS[state] * 10 + (isWrong ? 5 : 0) + Math.max(0, ...servers.map((server) => BADNESS[server.state]));
