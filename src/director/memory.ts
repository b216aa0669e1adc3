import { type Log, reasonOf } from '../system/log.js';
import type { StateFile } from '../system/state-file.js';
import type { Leaving } from './leaving.js';
import { decodeLastApplied, decodeLeaving, encodeLastApplied, isSameApplied, type LastApplied } from './ownership.js';

export interface Remembered {
  readonly last: LastApplied;
  readonly leaving: Leaving;
}

const nothing: Remembered = { last: new Map(), leaving: new Map() };

/** What is remembered over our death: which services are ours. A disk that fails does not keep us from forwarding. */
export class Memory {
  readonly #file: Pick<StateFile, 'path' | 'read' | 'write' | 'remove'>;
  readonly #log: Log;
  #text = '';
  #remembered: Remembered = nothing;

  constructor(file: Pick<StateFile, 'path' | 'read' | 'write' | 'remove'>, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  async recall(): Promise<Remembered> {
    const text = await this.#attempt('read', () => this.#file.read());
    if (text === undefined) return nothing;
    this.#text = text;
    const last = decodeLastApplied(text);
    if (last === undefined) this.#log.warn({ event: 'director.state-unreadable', path: this.#file.path });
    return last === undefined ? nothing : { last, leaving: decodeLeaving(text) };
  }

  async remember(now: Remembered): Promise<void> {
    const { last, leaving } = now;
    if (leaving === this.#remembered.leaving && isSameApplied(last, this.#remembered.last)) return;
    this.#remembered = now;
    const text = encodeLastApplied(last, leaving);
    if (text === this.#text) return;
    this.#text = text;
    await this.#attempt('write', () => this.#file.write(text));
  }

  async forget(): Promise<void> {
    this.#text = '';
    this.#remembered = nothing;
    await this.#attempt('remove', () => this.#file.remove());
  }

  async #attempt<T>(operation: string, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      this.#log.error({ event: 'director.state-failed', operation, path: this.#file.path, reason: reasonOf(error) });
      return undefined;
    }
  }
}
