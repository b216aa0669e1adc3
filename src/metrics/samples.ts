import { families, type FamilyName } from './families.js';
import type { Histogram } from './histogram.js';
import { type Format, headOf, labelsOf, numberText, sampleName } from './text.js';

/** The values of the small families: those whose number does not grow with the table. */
export class Samples {
  readonly #lines = new Map<FamilyName, string[]>();
  #count = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  add(name: FamilyName, value: number | bigint, labels: Readonly<Record<string, string>> = {}): void {
    this.#line(name, `${sampleName(name)}${labelsOf(labels)} ${numberText(value)}\n`);
  }

  /** One for each row. */
  addEach(name: FamilyName, label: string, values: Iterable<readonly [string, number | bigint]>): void {
    for (const [key, value] of values) this.add(name, value, { [label]: key });
  }

  addHistogram(name: FamilyName, { counted: { buckets, sum, count } }: Histogram): void {
    const own = sampleName(name);
    for (const [end, below] of buckets) this.#line(name, `${own}_bucket{le="${endText(end)}"} ${below}\n`);
    this.#line(name, `${own}_sum ${sum}\n`);
    this.#line(name, `${own}_count ${count}\n`);
  }

  /** In the order of families.ts. */
  *text(format: Format): Generator<string> {
    for (const name of Object.keys(families) as FamilyName[]) {
      const lines = this.#lines.get(name);
      if (lines !== undefined) yield headOf(name, format) + lines.join('');
    }
  }

  #line(name: FamilyName, line: string): void {
    const lines = this.#lines.get(name);
    if (lines === undefined) this.#lines.set(name, [line]);
    else lines.push(line);
    this.#count++;
  }
}

/** OpenMetrics wants a point in it. */
const endText = (end: number): string => (end === Infinity ? '+Inf' : Number.isInteger(end) ? `${end}.0` : String(end));
