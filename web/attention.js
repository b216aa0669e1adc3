/**
 * What is wrong, above everything else.
 * @typedef {import('./wrong.js').Wrong} Wrong
 */
import { byId, make, setAttribute, setText } from './dom.js';
import { many } from './format.js';

/** At first, and when somebody wants to see them all. */
const MOST = { shown: 8, asked: 500 };
let areAllShown = false;

const LEVELS = { bad: 'critical', warn: 'warning', note: 'note' };

/** @param {readonly Wrong[]} wrong @param {{ services: number, servers: number }} counts @param {(filter: string) => void} onShow */
export function showAttention(wrong, { services, servers }, onShow) {
  const panel = byId('attention', HTMLElement);
  const worst = wrong[0]?.level;
  setAttribute(panel, 'data-level', worst ?? 'well');
  setText(byId('attention-title', HTMLElement), titleOf(wrong, services, servers));
  const shown = wrong.slice(0, areAllShown ? MOST.asked : MOST.shown);
  const lines = shown.map(({ level, text, detail, filter }) => {
    const line = make('li', { 'data-level': level }, make('span', { class: 'mark', 'aria-hidden': 'true' }));
    const words = [make('span', { class: 'sr' }, `${LEVELS[level]}: `), make('b', {}, text)];
    const what =
      filter === undefined ? make('span', {}, ...words) : make('button', { type: 'button', class: 'link' }, ...words);
    if (filter !== undefined) what.addEventListener('click', () => onShow(filter));
    line.append(make('p', {}, what, ...(detail === '' ? [] : [' ', make('small', {}, detail)])));
    return line;
  });
  const rest = wrong.length - shown.length;
  if (rest > 0 && areAllShown) lines.push(make('li', { class: 'more' }, `and ${rest} more`));
  else if (rest > 0) {
    const more = make('button', { type: 'button', class: 'link' }, `and ${rest} more`);
    more.addEventListener('click', () => {
      areAllShown = true;
      showAttention(wrong, { services, servers }, onShow);
    });
    lines.push(make('li', { class: 'more' }, more));
  }
  replaceIfOther(byId('attention-list', HTMLElement), lines);
}

/** Whoever has a button of it under his finger keeps it. @param {HTMLElement} list @param {readonly HTMLElement[]} lines */
function replaceIfOther(list, lines) {
  const isSame =
    list.childElementCount === lines.length && lines.every((line, i) => list.children[i]?.isEqualNode(line) === true);
  if (!isSame) list.replaceChildren(...lines);
}

/** @param {readonly Wrong[]} wrong @param {number} services @param {number} servers */
function titleOf(wrong, services, servers) {
  if (services === 0 && wrong.length === 0) return 'Nothing is served';
  const bad = wrong.filter(({ level }) => level === 'bad').length;
  const warn = wrong.filter(({ level }) => level === 'warn').length;
  if (bad === 0 && warn === 0) return `All is well: ${many(services, 'service')}, ${many(servers, 'server')} up`;
  const parts = [];
  if (bad > 0) parts.push(`${bad} critical`);
  if (warn > 0) parts.push(many(warn, 'warning'));
  return `Needs a look: ${parts.join(', ')}`;
}
