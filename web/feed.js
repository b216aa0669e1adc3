/**
 * The events of lvsd, the newest first.
 * @typedef {import('./documents.js').StreamEvent} StreamEvent
 */
import { make } from './dom.js';
import { moment } from './format.js';

const MOST = 500;
const LEVELS = ['info', 'warn', 'error'];
const OF_ALL = new Set(['id', 'at', 'event', 'level', 'time', 'pid']);
/** Fields that say the most, in the order of a sentence. */
const FIRST = [
  'server',
  'service',
  'virtualServer',
  'instance',
  'router',
  'name',
  'peer',
  'verdict',
  'from',
  'to',
  'why',
  'reason',
  'detail',
];

export class Feed {
  /** @type {HTMLElement} */
  #list;
  /** The newest last. @type {StreamEvent[]} */
  #events = [];
  #level = 'info';

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
  }

  /** @param {string} level this one and those above */
  only(level) {
    this.#level = level;
    this.#list.replaceChildren(
      ...this.#events
        .filter((one) => this.#isShown(one))
        .map(lineOf)
        .reverse(),
    );
  }

  /** @param {readonly StreamEvent[]} events */
  add(events) {
    const last = this.#events.at(-1)?.id ?? -1;
    const fresh = events.filter(({ id }) => id > last);
    this.#events.push(...fresh);
    this.#events.splice(0, this.#events.length - MOST);
    this.#list.prepend(
      ...fresh
        .slice(-MOST)
        .filter((one) => this.#isShown(one))
        .map(lineOf)
        .reverse(),
    );
    while (this.#list.childElementCount > MOST) this.#list.lastElementChild?.remove();
  }

  /** @param {string} words one line, about what could not be seen */
  gap(words) {
    this.#list.prepend(make('li', { class: 'gap' }, words));
  }

  /** @param {StreamEvent} event */
  #isShown({ level }) {
    return LEVELS.indexOf(level) >= LEVELS.indexOf(this.#level);
  }
}

/** @param {StreamEvent} event */
function lineOf(event) {
  const { at, level, event: name } = event;
  return make(
    'li',
    { 'data-level': level },
    make('time', { datetime: new Date(at).toISOString() }, moment(at, Date.now())),
    make('b', {}, ...(level === 'info' ? [] : [make('span', { class: 'sr' }, `${level} `)]), name),
    make('span', {}, fieldsOf(event)),
  );
}

/** @param {StreamEvent} event */
function fieldsOf(event) {
  const names = Object.keys(event).filter((name) => !OF_ALL.has(name));
  const place = (/** @type {string} */ name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return names
    .toSorted((one, other) => place(one) - place(other))
    .map((name) => [name, textOf(event[name])])
    .filter(([, text]) => text !== '')
    .map(([name, text]) => (FIRST.includes(name ?? '') ? text : `${name} ${text}`))
    .join(' · ');
}

/** @param {unknown} value @returns {string} */
function textOf(value) {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
