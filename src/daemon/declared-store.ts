import {
  afterStep,
  decodeState,
  type DeclaredState,
  emptyState,
  encodeState,
  encodeStep,
  type StateStep,
} from '../declare/state.js';
import { LvsError } from '../errors.js';
import type { AppendedFile } from '../system/appended-file.js';
import { type Log, reasonOf } from '../system/log.js';

export interface DeclaredStoreOptions {
  readonly file: AppendedFile;
  readonly log: Log;
}

/** Steps that follow the whole state in the file before it is written as a whole again. */
const MOST_STEPS = 500;

/** What is declared and the file that keeps it. A step is done when the disk has it: that is one write, which is there or is not. */
export class DeclaredStore {
  readonly #options: DeclaredStoreOptions;
  #state: DeclaredState = emptyState;
  #isUnreadable = false;
  /** In the file behind its first line; undefined: the next write is of the whole state. */
  #steps: number | undefined;

  constructor(options: DeclaredStoreOptions) {
    this.#options = options;
  }

  get state(): DeclaredState {
    return this.#state;
  }

  /** Nothing is known of what was declared, and the file is not ours to overwrite. */
  get isUnreadable(): boolean {
    return this.#isUnreadable;
  }

  async open(): Promise<void> {
    const { file, log } = this.#options;
    try {
      const text = await file.read();
      if (text === undefined) return;
      const decoded = decodeState(text);
      if ('unreadable' in decoded) throw new Error(decoded.unreadable);
      if (decoded.torn) log.warn({ event: 'declared.torn', path: file.path, revision: decoded.state.revision });
      this.#state = decoded.state;
      this.#steps = decoded.torn ? undefined : decoded.steps;
    } catch (error) {
      this.#isUnreadable = true;
      log.error({ event: 'declared.unreadable', path: file.path, reason: reasonOf(error) });
    }
  }

  /** @throws LvsError DECLARED_UNREADABLE */
  mustBeReadable(): void {
    if (this.#isUnreadable) throw new LvsError('DECLARED_UNREADABLE', [this.#options.file.path]);
  }

  /** The commit point. @throws LvsError DECLARED_NOT_STORED, DECLARED_UNREADABLE: the state is what it was */
  async take(step: StateStep): Promise<void> {
    this.mustBeReadable();
    const line = encodeStep(step);
    const next = afterStep(this.#state, step, line.length);
    try {
      await this.#write(line, next);
    } catch (error) {
      this.#steps = undefined; // of what is at the end of the file nothing is known
      throw new LvsError('DECLARED_NOT_STORED', [this.#options.file.path, reasonOf(error)], { cause: error });
    }
    this.#state = next;
  }

  /** The same without the disk, which will have it with the next step that it takes. */
  takeUnstored(step: StateStep): void {
    this.#state = afterStep(this.#state, step, encodeStep(step).length);
    this.#steps = undefined;
  }

  /** Whether the file lacks what is in force. */
  get isBehind(): boolean {
    return this.#steps === undefined && this.#state !== emptyState && !this.#isUnreadable;
  }

  /** @throws what the disk says */
  async catchUp(): Promise<void> {
    if (this.isBehind) await this.#writeWhole(this.#state);
  }

  async #write(line: string, next: DeclaredState): Promise<void> {
    if (this.#steps === undefined || this.#steps >= MOST_STEPS) return this.#writeWhole(next);
    await this.#options.file.append(line);
    this.#steps++;
  }

  async #writeWhole(state: DeclaredState): Promise<void> {
    await this.#options.file.write(encodeState(state));
    this.#steps = 0;
  }
}
