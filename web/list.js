/**
 * The list of services and servers: a treegrid of any length of which only what is in sight has elements. One row is active; focus stays on the
 * grid itself, so that no row that scrolls away takes it along.
 * @typedef {import('./site.js').Served} Served
 * @typedef {import('./site.js').Server} Server
 * @typedef {import('./rates.js').Load} Load
 *
 * @typedef {object} Row
 * @property {Served | Server} item
 * @property {boolean} isOpen of a service
 * @property {number} position among its brothers, from 1
 * @property {number} brothers
 */
import { setAttribute } from './dom.js';
import { fillRow, newRow } from './row.js';

/** Rows beyond both edges of the window, for a scroll that is faster than we are. */
const SPARE = 8;

export class List {
  /** @type {HTMLElement} */
  #grid;
  /** @type {(server: Server) => void} */
  #onServer;
  /** @type {readonly Row[]} */
  #rows = [];
  /** @type {ReturnType<typeof import('./site.js').filtered>} */
  #left = [];
  /** Keys of services. Opened by hand, and closed by hand although a filter would open them. */
  #opened = new Set();
  #closed = new Set();
  /** Key of the active row. */
  #active = '';
  /** @type {Map<string, HTMLElement>} */
  #elements = new Map();
  /** @type {(key: string) => Load | undefined} */
  #loadOf = () => undefined;
  /** @type {(service: string) => boolean} */
  #mayChange = () => false;
  #isDue = false;

  /** @param {HTMLElement} grid @param {(server: Server) => void} onServer what is done with a server is wanted */
  constructor(grid, onServer) {
    this.#grid = grid;
    this.#onServer = onServer;
    grid.addEventListener('keydown', (event) => this.#onKey(event));
    grid.addEventListener('click', (event) => this.#onClick(event));
    grid.addEventListener('focus', () => this.#showFocus());
    addEventListener('scroll', () => this.#later(), { passive: true });
    new ResizeObserver(() => this.#later()).observe(grid);
    addEventListener('resize', () => this.#later());
  }

  /**
   * @param {ReturnType<typeof import('./site.js').filtered>} left
   * @param {(key: string) => Load | undefined} loadOf
   * @param {(service: string) => boolean} mayChange
   */
  show(left, loadOf, mayChange) {
    this.#left = left;
    this.#loadOf = loadOf;
    this.#mayChange = mayChange;
    this.#lay();
  }

  /** What somebody closed or opened by hand is forgotten: another filter is another list. */
  forgetHands() {
    this.#closed.clear();
  }

  /** @param {string} service id: opened, active, and in sight */
  reveal(service) {
    this.#opened.add(service);
    this.#lay();
    this.#activate(this.#rows.findIndex(({ item }) => item.key === service));
    this.#grid.focus({ preventScroll: true });
  }

  get #height() {
    return Number.parseFloat(getComputedStyle(this.#grid).getPropertyValue('--row')) || 40;
  }

  #lay() {
    /** @type {Row[]} */
    const rows = [];
    for (const [i, { served, servers, isOpened }] of this.#left.entries()) {
      const isOpen = isOpened ? !this.#closed.has(served.key) : this.#opened.has(served.key);
      rows.push({ item: served, isOpen, position: i + 1, brothers: this.#left.length });
      if (isOpen)
        for (const [j, server] of servers.entries())
          rows.push({ item: server, isOpen: false, position: j + 1, brothers: servers.length });
    }
    this.#rows = rows;
    setAttribute(this.#grid, 'aria-rowcount', rows.length);
    this.#draw();
  }

  #later() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  #draw() {
    const height = this.#height;
    this.#grid.style.height = `${this.#rows.length * height}px`;
    const above = -this.#grid.getBoundingClientRect().top;
    const from = Math.max(0, Math.floor(above / height) - SPARE);
    const to = Math.min(this.#rows.length, Math.ceil((above + innerHeight) / height) + SPARE);
    /** @type {Map<string, HTMLElement>} */
    const elements = new Map();
    for (let i = from; i < to; i++) {
      const row = this.#rows[i];
      if (row === undefined) continue;
      const { key } = row.item;
      const element = this.#elements.get(key) ?? newRow(row.item.kind);
      fillRow(
        element,
        row,
        this.#loadOf(key),
        this.#mayChange((row.item.kind === 'server' ? row.item.service : row.item).key),
      );
      setAttribute(element, 'id', `row-${i}`);
      setAttribute(element, 'aria-rowindex', i + 1);
      setAttribute(element, 'aria-selected', key === this.#active ? 'true' : 'false');
      element.dataset['key'] = key;
      const place = `translateY(${i * height}px)`;
      if (element.style.transform !== place) element.style.transform = place;
      elements.set(key, element);
    }
    for (const [key, element] of this.#elements) if (!elements.has(key)) element.remove();
    for (const element of elements.values()) if (!element.isConnected) this.#grid.append(element);
    this.#elements = elements;
    const active = elements.get(this.#active);
    setAttribute(this.#grid, 'aria-activedescendant', active?.id);
  }

  #showFocus() {
    if (this.#at < 0) this.#activate(0);
  }

  /** Of the active row; -1: there is none. */
  get #at() {
    return this.#rows.findIndex(({ item }) => item.key === this.#active);
  }

  /** @param {number} index */
  #activate(index) {
    const row = this.#rows[Math.max(0, Math.min(index, this.#rows.length - 1))];
    if (row === undefined) return;
    this.#active = row.item.key;
    this.#bringIntoSight(this.#at);
    this.#draw();
  }

  /** @param {number} index */
  #bringIntoSight(index) {
    const height = this.#height;
    const { top } = this.#grid.getBoundingClientRect();
    const covered = Number.parseFloat(getComputedStyle(this.#grid).getPropertyValue('--covered')) || 0;
    const [above, below] = [top + index * height - covered, top + (index + 1) * height - innerHeight];
    if (above < 0) scrollBy(0, above);
    else if (below > 0) scrollBy(0, below);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.#at;
    const page = Math.max(1, Math.floor(innerHeight / this.#height) - 6);
    /** @type {Readonly<Record<string, number>>} */
    const places = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: Infinity,
    };
    const place = places[event.key];
    if (place !== undefined) this.#activate(place);
    else if (event.key === 'ArrowRight') this.#open(at);
    else if (event.key === 'ArrowLeft') this.#close(at);
    else if (event.key === 'Enter' || event.key === ' ') this.#use(at);
    else return;
    event.preventDefault();
  }

  /** @param {MouseEvent} event */
  #onClick(event) {
    if (!(event.target instanceof Element) || getSelection()?.isCollapsed === false) return;
    const element = event.target.closest('[role=row]');
    if (!(element instanceof HTMLElement)) return;
    const key = element.dataset['key'] ?? '';
    this.#active = key;
    const at = this.#at;
    this.#draw();
    this.#use(at);
  }

  /** A service is opened or closed, a server is asked about. @param {number} at */
  #use(at) {
    const row = this.#rows[at];
    if (row === undefined) return;
    if (row.item.kind === 'server') this.#onServer(row.item);
    else this.#turn(row, !row.isOpen);
  }

  /** Right: opens; what is open already goes on to its first server. @param {number} at */
  #open(at) {
    const row = this.#rows[at];
    if (row?.item.kind !== 'service') return;
    if (!row.isOpen) this.#turn(row, true);
    else if (this.#rows[at + 1]?.item.kind === 'server') this.#activate(at + 1);
  }

  /** Left: closes; a server goes back to its service. @param {number} at */
  #close(at) {
    const row = this.#rows[at];
    if (row === undefined) return;
    const { item } = row;
    if (item.kind === 'service') this.#turn(row, false);
    else this.#activate(this.#rows.findIndex((one) => one.item.key === item.service.key));
  }

  /** @param {Row} row of a service @param {boolean} isOpen */
  #turn({ item }, isOpen) {
    if (isOpen) {
      this.#opened.add(item.key);
      this.#closed.delete(item.key);
    } else {
      this.#opened.delete(item.key);
      this.#closed.add(item.key);
    }
    this.#lay();
  }
}
