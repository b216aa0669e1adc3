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
  #isFailing = false;

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

  /** What cannot be written now is written at a later call. */
  async remember(now: Remembered): Promise<void> {
    const { last, leaving } = now;
    if (leaving === this.#remembered.leaving && isSameApplied(last, this.#remembered.last)) return;
    const text = encodeLastApplied(last, leaving);
    if (text !== this.#text && !(await this.#write(text))) return;
    this.#text = text;
    this.#remembered = now;
  }

  async forget(): Promise<void> {
    this.#text = '';
    this.#remembered = nothing;
    await this.#attempt('remove', () => this.#file.remove());
  }

  async #write(text: string): Promise<boolean> {
    try {
      await this.#file.write(text);
      this.#isFailing = false;
      return true;
    } catch (error) {
      if (!this.#isFailing) this.#say('write', error); // said once, until it works again
      this.#isFailing = true;
      return false;
    }
  }

  async #attempt<T>(operation: string, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      this.#say(operation, error);
      return undefined;
    }
  }

  #say(operation: string, error: unknown): void {
    this.#log.error({ event: 'director.state-failed', operation, path: this.#file.path, reason: reasonOf(error) });
  }
}
