/**
 * A row of the list: of a service or of a server, the same eight cells.
 * @typedef {import('./list.js').Row} Row
 * @typedef {import('./rates.js').Load} Load
 */
import { inside, make, setAttribute, setText } from './dom.js';
import { bits, NOT_KNOWN, short, whole } from './format.js';

const STATES = /** @type {const} */ (['up', 'maintenance', 'draining', 'idle', 'held', 'down']);

/** @param {'service' | 'server'} kind */
export function newRow(kind) {
  const cell = (/** @type {string} */ name, /** @type {(Node | string)[]} */ ...children) =>
    make('div', { role: 'gridcell', class: `cell ${name}` }, ...children);
  const bar = make(
    'span',
    { class: 'bar-of-servers', 'aria-hidden': 'true' },
    ...STATES.map((state) => make('i', { 'data-state': state })),
  );
  return make(
    'div',
    { role: 'row', class: `row ${kind}` },
    make(
      'div',
      { role: 'rowheader', class: 'cell name' },
      make('span', { class: 'mark', 'aria-hidden': 'true' }),
      make('span', { class: 'title' }),
      make('small'),
    ),
    cell('state', make('span', { class: 'word' }), ...(kind === 'service' ? [bar] : [make('small', { class: 'why' })])),
    cell('weight'),
    cell('active', make('b'), make('small')),
    cell('new', make('b'), make('small')),
    cell('in', make('b'), make('small')),
    cell('out', make('b'), make('small')),
    cell('act', ...(kind === 'server' ? [make('button', { type: 'button', tabindex: -1 })] : [])),
  );
}

/** @param {HTMLElement} element @param {Row} row @param {Load | undefined} load @param {boolean} mayChange */
export function fillRow(element, row, load, mayChange) {
  const { item, isOpen, position, brothers } = row;
  setAttribute(element, 'aria-level', item.kind === 'service' ? 1 : 2);
  setAttribute(element, 'aria-posinset', position);
  setAttribute(element, 'aria-setsize', brothers);
  setAttribute(element, 'data-state', item.state);
  setAttribute(element, 'data-wrong', item.isWrong);
  say(element, '.word', item.word);
  if (item.kind === 'service') fillService(element, item, isOpen);
  else fillServer(element, item, mayChange);
  amount(element, '.active', whole(load?.active), 'established');
  amount(element, '.new', short(load?.newPerSecond), 'new/s');
  amount(element, '.in', bits(load?.inPerSecond), 'in');
  amount(element, '.out', bits(load?.outPerSecond), 'out');
}

/** @param {HTMLElement} element @param {import('./site.js').Served} service @param {boolean} isOpen */
function fillService(element, { document, servers, virtual }, isOpen) {
  setAttribute(element, 'aria-expanded', isOpen ? 'true' : 'false');
  say(element, '.title', document.name);
  say(element, '.name small', virtual);
  say(element, '.weight', '');
  for (const state of STATES) {
    const count = servers.filter((server) => server.state === state).length;
    const part = inside(element, `.bar-of-servers i[data-state=${state}]`, HTMLElement);
    if (part.style.flexGrow !== String(count)) part.style.flexGrow = String(count);
    setAttribute(part, 'hidden', count === 0);
  }
}

/** @param {HTMLElement} element @param {import('./site.js').Server} server @param {boolean} mayChange */
function fillServer(element, { document, why, service }, mayChange) {
  const { address, port, method, weight, configuredWeight, server } = document;
  const name = `${address}:${port}`;
  say(element, '.title', name);
  say(element, '.name small', method);
  say(element, '.why', why);
  setAttribute(inside(element, '.why', HTMLElement), 'title', why === '' ? undefined : why);
  const usual = configuredWeight !== null && configuredWeight !== weight ? ` (of ${configuredWeight})` : '';
  say(element, '.weight', `${weight === null ? NOT_KNOWN : `weight ${weight}`}${usual}`);
  const button = inside(element, 'button', HTMLButtonElement);
  const does = mayChange && server !== null ? 'Change' : 'Details';
  setText(button, does);
  setAttribute(button, 'aria-label', `${does} ${name} of ${service.document.name}`);
}

/** @param {HTMLElement} element @param {string} selector @param {string} text */
const say = (element, selector, text) => setText(inside(element, selector, HTMLElement), text);

/** A number, and what it is for who has no columns. @param {HTMLElement} element @param {string} cell @param {string} text @param {string} unit */
function amount(element, cell, text, unit) {
  say(element, `${cell} b`, text);
  say(element, `${cell} small`, unit);
}
