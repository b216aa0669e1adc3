import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Table, TableService } from '../model/table.js';
import type { Clock } from '../system/clock.js';
import { Timers } from '../system/timers.js';
import { plan } from './plan.js';

export interface DriftWatchOptions {
  readonly clock: Clock;
  /** Between two looks. */
  readonly pauseMs: number;
  /** What is there. Changes are made meanwhile. */
  readonly look: () => Promise<Table>;
  readonly known: () => Table;
  readonly isOurs: (service: string) => boolean;
  /** After each look: whether there seems to be something else than what is known. The next pause begins when it is done. Never rejects. */
  readonly onLooked: (differs: boolean) => Promise<void>;
}

/** Reading a large table takes the kernel time: no more than this part of ours goes there. */
const SHARE = 1 / 200;
/** Services compared between two looks at what else there is to do. */
const IN_A_ROW = 200;

/** Looks at the table every now and then, beside those who change it: none of them waits for that. */
export class DriftWatch {
  readonly #options: DriftWatchOptions;
  readonly #timers: Timers<'look'>;
  #isStopped = false;

  constructor(options: DriftWatchOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** The next look is a whole pause from now. */
  begin(): void {
    this.#arm(this.#options.pauseMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timers.disarmAll();
  }

  #arm(ms: number): void {
    if (!this.#isStopped) this.#timers.arm('look', ms, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { clock, pauseMs, onLooked } = this.#options;
    const start = clock.now();
    const differs = await this.#differs().catch(() => true); // who looks closer finds why it cannot be read
    if (this.#isStopped) return;
    await onLooked(differs);
    this.#arm(Math.max(pauseMs, (clock.now() - start) / SHARE));
  }

  /** In anything of ours that we have not changed ourselves while it was read. */
  async #differs(): Promise<boolean> {
    const { look, known, isOurs } = this.#options;
    const before = new Map(known());
    const seen = await look();
    const names = new Set([...before.keys(), ...[...seen.keys()].filter(isOurs)]);
    let compared = 0;
    for (const name of names) {
      if (++compared % IN_A_ROW === 0) await nextTurn();
      const service = known().get(name);
      const isChanged = service !== before.get(name); // one that changes is another object
      if (!isChanged && plan(alone(name, service), alone(name, seen.get(name))).length > 0) return true;
    }
    return false;
  }
}

const alone = (name: string, service: TableService | undefined): Table =>
  new Map(service === undefined ? [] : [[name, service]]);
