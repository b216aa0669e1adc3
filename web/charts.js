/**
 * Small charts of the last minutes. Colours are those of the style sheet, so that they follow dark and light.
 * @typedef {object} Point
 * @property {number} at seconds since 1970
 * @property {readonly (number | null)[]} values
 */
import uPlot from './uplot.js';
import { inside, setAttribute, setText } from './dom.js';
import { clock } from './format.js';

/** Points: ten minutes at one in two seconds. */
const MOST = 300;
const WINDOW_SECONDS = { shortest: 60, longest: 600 };
const HEIGHT = 76;

export class Chart {
  /** @type {HTMLElement} */
  #figure;
  /** @type {HTMLElement} */
  #place;
  /** @type {readonly string[]} names of custom properties of the style sheet */
  #colours;
  /** @type {(value: number | null) => string} */
  #say;
  /** @type {(values: readonly (number | null)[]) => string} */
  #sayAll;
  /** @type {Point[]} */
  #points = [];
  /** @type {uPlot | undefined} */
  #plot;

  /**
   * @param {HTMLElement} figure with a figcaption that has a b, and a div
   * @param {{ colours: readonly string[], say: (value: number | null) => string, sayAll: (values: readonly (number | null)[]) => string }} how
   */
  constructor(figure, { colours, say, sayAll }) {
    this.#figure = figure;
    this.#place = inside(figure, 'div', HTMLElement);
    this.#colours = colours;
    this.#say = say;
    this.#sayAll = sayAll;
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#place.clientWidth, height: HEIGHT })).observe(
      this.#place,
    );
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#renew());
  }

  /** @param {number} atMs milliseconds since 1970 @param {readonly (number | null)[]} values one for each line */
  add(atMs, values) {
    const at = atMs / 1000;
    const last = this.#points.at(-1);
    if (last !== undefined && at <= last.at) return;
    this.#points.push({ at, values });
    if (this.#points.length > MOST) this.#points.shift();
    const said = this.#sayAll(values);
    setText(inside(this.#figure, 'figcaption b', HTMLElement), said);
    this.#draw();
    const name = inside(this.#figure, 'figcaption', HTMLElement).textContent;
    setAttribute(this.#place, 'role', 'img');
    setAttribute(this.#place, 'aria-label', `${name}, highest in the last ten minutes ${this.#say(this.#highest())}`);
  }

  #highest() {
    const known = this.#points.flatMap(({ values }) => values.flatMap((value) => value ?? []));
    return known.length === 0 ? null : Math.max(...known);
  }

  /** It grows with what is known. @returns {[number, number]} */
  #window() {
    const to = this.#points.at(-1)?.at ?? 0;
    const known = to - (this.#points[0]?.at ?? to);
    return [to - Math.min(Math.max(known, WINDOW_SECONDS.shortest), WINDOW_SECONDS.longest), to];
  }

  #draw() {
    const width = this.#place.clientWidth;
    if (width === 0) return; // it is in a view that is not shown
    const columns = /** @type {uPlot.AlignedData} */ ([
      this.#points.map(({ at }) => at),
      ...this.#colours.map((_, i) => this.#points.map(({ values }) => values[i] ?? null)),
    ]);
    if (this.#plot === undefined) this.#plot = new uPlot(this.#options(width), columns, this.#place);
    else this.#plot.setData(columns);
  }

  #renew() {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#draw();
  }

  /** @param {number} width @returns {uPlot.Options} */
  #options(width) {
    const style = getComputedStyle(this.#figure);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const font = `10px ${style.fontFamily}`;
    const axis = { stroke: colour('--quiet'), font, ticks: { show: false } };
    return {
      width,
      height: HEIGHT,
      padding: [6, 2, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 5 }, drag: { x: false, y: false } },
      scales: {
        x: { range: () => this.#window() },
        y: { range: (_, _lowest, highest) => [0, Math.max(highest * 1.15, 1)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 20,
          space: 50,
          gap: 2,
          incrs: [60, 120, 300],
          values: (_, at) => at.map((s) => clock(s * 1000).slice(0, 5)),
        },
        {
          ...axis,
          grid: { stroke: colour('--line'), width: 1 },
          size: 54,
          space: 26,
          gap: 4,
          values: (_, values) => values.map((value) => this.#say(value)),
        },
      ],
      series: [
        {},
        ...this.#colours.map((name) => ({
          stroke: colour(name),
          width: 1.5,
          points: { show: false },
          ...(this.#colours.length === 1 ? { fill: `color-mix(in srgb, ${colour(name)} 14%, transparent)` } : {}),
        })),
      ],
    };
  }
}
