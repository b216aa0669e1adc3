import type { ListedService } from '../ipvs/rows.js';
import { Describer } from './describe.js';
import { markOf } from './fingerprint.js';
import type { ReplayReport } from './lines.js';
import { MessageWriter } from './message.js';
import type { OtherTable } from './other-table.js';
import { Pacer, type PacerOptions } from './pacer.js';
import type { ConnectionTable } from './table-file.js';
import type { ConnectionRow } from './table-row.js';

export interface RunningOptions extends PacerOptions {
  /** What /proc tells here. */
  readonly table: ConnectionTable;
  readonly services: () => Promise<readonly ListedService[]>;
}

/** A connection that has no longer to live may be over at the other side when we look. Seconds. */
const FADING_SECONDS = 5;

export interface MessageOut {
  send(message: Uint8Array): Promise<void>;
  /** All of them have arrived. */
  finish(): Promise<void>;
  /** We are busy. */
  beat(): Promise<void>;
}

/** This side's table, made into messages for another one, round by round. */
export class Replay {
  readonly #options: RunningOptions;
  readonly #theirs: OtherTable;
  readonly #out: MessageOut;
  readonly #writer: MessageWriter;
  readonly #seed: number;
  readonly #pacer: Pacer;
  #report: ReplayReport = {
    rounds: 0,
    connections: 0,
    sent: 0,
    messages: 0,
    repeated: 0,
    missing: 0,
    unverified: 0,
    untold: 0,
    guessed: 0,
  };

  constructor(
    options: RunningOptions,
    theirs: OtherTable,
    out: MessageOut,
    { syncId, maxLength, seed }: { readonly syncId: number; readonly maxLength: number; readonly seed: number },
  ) {
    this.#options = options;
    this.#theirs = theirs;
    this.#out = out;
    this.#writer = new MessageWriter(syncId, maxLength);
    this.#seed = seed;
    this.#pacer = new Pacer(options);
  }

  get report(): ReplayReport {
    return this.#report;
  }

  /** Sends what the other one has not. true: nothing that it should have was missing. */
  async round(): Promise<boolean> {
    const theirs = this.#theirs;
    const before = this.#report;
    const describer = new Describer(await this.#options.services());
    const count = { sent: 0, repeated: 0, missing: 0, messages: 0, untold: 0 };
    let ready: Uint8Array[] = [];
    const tell = (row: ConnectionRow): void => {
      const mark = markOf(row, this.#seed);
      if (theirs.has(mark)) return;
      const added = this.#writer.add(describer.describe(row));
      if (added === 'too-long') {
        count.untold++;
        return;
      }
      count.sent++;
      if (theirs.isMissing(mark)) {
        count.repeated++;
        if (row.expiresSeconds >= FADING_SECONDS) count.missing++;
      }
      theirs.add(mark);
      if (added !== undefined) ready.push(added);
    };
    const flush = async (connections: number): Promise<void> => {
      const messages = ready;
      ready = [];
      const bytes = messages.reduce((sum, { length }) => sum + length, 0);
      await this.#pacer.pause(connections, bytes);
      for (const message of messages) await this.#out.send(message);
      count.messages += messages.length;
      await this.#out.beat();
      this.#pacer.resume();
    };
    this.#pacer.resume();
    const { rows, refused } = await this.#options.table.scan(tell, flush);
    const last = this.#writer.flush();
    if (last !== undefined) ready.push(last);
    await flush(0);
    await this.#out.finish();
    this.#report = {
      rounds: before.rounds + 1,
      connections: rows,
      sent: before.sent + count.sent,
      messages: before.messages + count.messages,
      repeated: before.repeated + count.repeated,
      missing: count.missing,
      unverified: count.sent - count.missing,
      untold: refused + count.untold,
      guessed: describer.guessed,
    };
    return count.sent === 0 || (before.rounds > 0 && count.missing === 0);
  }
}
