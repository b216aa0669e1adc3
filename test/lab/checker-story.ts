/** What becomes of one virtual server in the kernel's table while things happen to its real server. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { IpvsClient } from '../../src/ipvs/client.js';

export interface Step {
  /** Goes on: `the server answers 503`. */
  readonly what: string;
  readonly act?: () => unknown;
  /** The table after that: `10.2.0.11 1, 10.2.0.12 0` (address and weight), empty without a server. */
  readonly becomes: string;
  /** Nothing else may happen for so long after that. */
  readonly holdsMs?: number;
  /** What lvsd has to give as the reason of the verdict. */
  readonly because?: RegExp;
}

/** What a step came to. */
export interface Told {
  readonly step: Step;
  readonly table: string;
  readonly tookMs: number;
}

const LOOK_MS = 50;

/** Follows the services of a host, by their ports. Every table that was there for long enough to be seen is kept, in order. */
export class TableHistory implements AsyncDisposable {
  readonly #ipvs: IpvsClient;
  readonly #done: Promise<void>;
  readonly #tables = new Map<number, string[]>();
  #running = true;

  constructor(ipvs: IpvsClient) {
    this.#ipvs = ipvs;
    this.#done = this.#run();
  }

  of(port: number): readonly string[] {
    return this.#tables.get(port) ?? [];
  }

  async #run(): Promise<void> {
    while (this.#running) {
      for (const { key, destinations } of await this.#ipvs.list()) {
        if (key.by !== 'address') continue;
        const rows = destinations.map(({ key, settings }) => `${key.address} ${settings.weight}`);
        this.#see(key.port, rows.sort().join(', '));
      }
      await sleep(LOOK_MS);
    }
  }

  #see(port: number, table: string): void {
    const seen = this.#tables.get(port) ?? [];
    if (seen.at(-1) !== table) this.#tables.set(port, [...seen, table]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running = false;
    await this.#done;
    this.#ipvs.close();
  }
}

/** Takes the steps one after the other, up to the first that does not come true within its limit. Never rejects. */
export async function tell(
  history: TableHistory,
  port: number,
  steps: readonly Step[],
  limitMs: number,
): Promise<readonly Told[]> {
  const told: Told[] = [];
  for (const step of steps) {
    const begun = performance.now();
    const took = (): number => performance.now() - begun;
    let trouble: string | undefined;
    try {
      await step.act?.();
    } catch (error) {
      trouble = String(error);
    }
    const now = (): string => trouble ?? history.of(port).at(-1) ?? 'no service';
    while (trouble === undefined && now() !== step.becomes && took() < limitMs) await sleep(LOOK_MS);
    const tookMs = took();
    if (now() === step.becomes) await sleep(step.holdsMs ?? 0);
    told.push({ step, table: now(), tookMs });
    if (now() !== step.becomes) break;
  }
  return told;
}
