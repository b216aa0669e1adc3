import type { Duplex } from 'node:stream';
import type { ListedService } from '../ipvs/rows.js';
import type { Clock } from '../system/clock.js';
import type { MessageSink } from './backup-daemon.js';
import { Describer } from './describe.js';
import { BucketSet, Fingerprint, markOf } from './fingerprint.js';
import { failed, LineStream } from './line-stream.js';
import { RESYNC_VERSION, type ReplayReport } from './lines.js';
import { MessageWriter } from './message.js';
import { type Pace, type PaceLimits, spend } from './pace.js';
import type { ConnectionTable } from './table-file.js';
import type { ConnectionRow } from './table-reader.js';

export interface RunningOptions {
  readonly clock: Clock;
  /** What /proc tells here. */
  readonly table: ConnectionTable;
  readonly services: () => Promise<readonly ListedService[]>;
  readonly pace: PaceLimits;
}

/** A million connections in five seconds, and a third of a gigabit link. */
export const defaultPace: PaceLimits = { connectionsPerSecond: 200_000, bytesPerSecond: 40_000_000 };

/** Then it is given up, and what is missing is told. */
const MOST_ROUNDS = 5;
/** Bytes of messages in a line, and lines that are not yet confirmed. */
const LINE_BYTES = 48 * 1024;
const MOST_UNCONFIRMED = 8;
/** A connection that has no longer to live may be over at the other side when we look. Seconds. */
const FADING_SECONDS = 5;

/**
 * Answers a director that joins: replays the table until nothing that was sent is missing there. The stream is closed in the end.
 * @param refuse a sentence if it shall not be done, because this director is none to learn from
 * @throws LvsError RESYNC_FAILED
 */
export async function giveConnections(
  duplex: Duplex,
  options: RunningOptions,
  refuse: () => string | undefined = () => undefined,
): Promise<ReplayReport> {
  const stream = new LineStream(duplex, options.clock);
  try {
    const asked = await stream.hearOnly('ask');
    const why =
      asked.version === RESYNC_VERSION
        ? refuse()
        : `the other director speaks version ${asked.version}, this one ${RESYNC_VERSION}`;
    if (why !== undefined) {
      await stream.say({ kind: 'refused', why });
      throw failed(why);
    }
    const out = new LineSender(stream);
    const replay = new Replay(options, out, asked);
    for (let round = 1; round <= MOST_ROUNDS; round++) {
      await stream.say({ kind: 'want-digests' });
      const theirs = await stream.hearOnly('digests');
      const isDone = await replay.round(await lacking(stream, replay, theirs));
      if (isDone) break;
    }
    const { report } = replay;
    await stream.say({ kind: 'complete', report });
    duplex.end();
    return report;
  } catch (error) {
    stream.close();
    throw error;
  }
}

/**
 * The whole table to a kernel that has nobody to ask for it: another daemon's backup. Nothing is compared, and nothing that is lost is sent again.
 * @throws LvsError RESYNC_FAILED
 */
export async function broadcastConnections(
  sink: MessageSink,
  options: RunningOptions,
  { syncId, maxLength }: { readonly syncId: number; readonly maxLength: number },
): Promise<ReplayReport> {
  const out: MessageOut = { send: (message) => sink.send(message), finish: () => sink.drained(), beat: nothing };
  const replay = new Replay(options, out, { syncId, maxLength, seed: 0 });
  await replay.round(undefined);
  return replay.report;
}

const nothing = (): Promise<void> => Promise.resolve();

/** In which buckets something may be missing, and what is there; undefined: everything is missing. */
interface Lacking {
  readonly buckets: BucketSet;
  readonly present: Fingerprint;
}

async function lacking(
  stream: LineStream,
  replay: Replay,
  theirs: { readonly count: number; readonly digests: Uint32Array },
): Promise<Lacking | undefined> {
  if (theirs.count === 0) return undefined;
  const ours = await replay.look();
  const buckets = BucketSet.differing(ours.digests, theirs.digests);
  const present = new Fingerprint();
  if (buckets.isEmpty) return { buckets, present };
  await stream.say({ kind: 'want-keys', buckets });
  for (let isLast = false; !isLast; ) {
    const { keys, last } = await stream.hearOnly('keys');
    for (let i = 0; i < keys.length; i += 2) present.add([keys[i]!, keys[i + 1]!]);
    isLast = last;
  }
  return { buckets, present };
}

interface MessageOut {
  send(message: Uint8Array): Promise<void>;
  /** All of them have arrived. */
  finish(): Promise<void>;
  /** We are busy. */
  beat(): Promise<void>;
}

/** Messages in lines, a few of them on their way. */
class LineSender implements MessageOut {
  readonly #stream: LineStream;
  #messages: Uint8Array[] = [];
  #bytes = 0;
  #said = 0;
  #taken = 0;

  constructor(stream: LineStream) {
    this.#stream = stream;
  }

  async send(message: Uint8Array): Promise<void> {
    this.#messages.push(message);
    this.#bytes += message.length;
    if (this.#bytes >= LINE_BYTES) await this.#say();
  }

  async finish(): Promise<void> {
    if (this.#messages.length > 0) await this.#say();
    while (this.#taken < this.#said) await this.#confirm();
  }

  beat(): Promise<void> {
    return this.#stream.beat();
  }

  async #say(): Promise<void> {
    while (this.#said - this.#taken >= MOST_UNCONFIRMED) await this.#confirm();
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    await this.#stream.say({ kind: 'messages', number: ++this.#said, messages });
  }

  async #confirm(): Promise<void> {
    const { number } = await this.#stream.hearOnly('taken');
    if (number !== this.#taken + 1)
      throw failed(`the other director confirms ${number}, where ${this.#taken + 1} was due`);
    this.#taken = number;
  }
}

class Replay {
  readonly #options: RunningOptions;
  readonly #out: MessageOut;
  readonly #writer: MessageWriter;
  readonly #seed: number;
  /** What was sent, ever. */
  readonly #sent = new Fingerprint();
  #pace: Pace = { paidMs: Number.NEGATIVE_INFINITY };
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
    out: MessageOut,
    { syncId, maxLength, seed }: { readonly syncId: number; readonly maxLength: number; readonly seed: number },
  ) {
    this.#options = options;
    this.#out = out;
    this.#writer = new MessageWriter(syncId, maxLength);
    this.#seed = seed;
  }

  get report(): ReplayReport {
    return this.#report;
  }

  async look(): Promise<Fingerprint> {
    const found = new Fingerprint();
    await this.#options.table.scan(
      (row) => found.add(markOf(row, this.#seed)),
      async (connections) => {
        await this.#wait(connections, 0);
        await this.#out.beat();
      },
    );
    return found;
  }

  /** Sends what the other one has not. true: nothing of what was sent before was missing. */
  async round(lacks: Lacking | undefined): Promise<boolean> {
    const before = this.#report;
    const describer = new Describer(await this.#options.services());
    const count = { sent: 0, repeated: 0, missing: 0, messages: 0, untold: 0 };
    let ready: Uint8Array[] = [];
    const tell = (row: ConnectionRow): void => {
      const mark = markOf(row, this.#seed);
      if (lacks !== undefined && (!lacks.buckets.has(mark[0]) || lacks.present.has(mark))) return;
      const added = this.#writer.add(describer.describe(row));
      if (added === 'too-long') {
        count.untold++;
        return;
      }
      count.sent++;
      if (this.#sent.has(mark)) {
        count.repeated++;
        if (row.expiresSeconds >= FADING_SECONDS) count.missing++;
      }
      this.#sent.add(mark);
      if (added !== undefined) ready.push(added);
    };
    const flush = async (connections: number): Promise<void> => {
      const messages = ready;
      ready = [];
      await this.#wait(
        connections,
        messages.reduce((sum, { length }) => sum + length, 0),
      );
      for (const message of messages) await this.#out.send(message);
      count.messages += messages.length;
      await this.#out.beat();
    };
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

  async #wait(connections: number, bytes: number): Promise<void> {
    const { clock, pace } = this.#options;
    const { pace: after, waitMs } = spend(this.#pace, { connections, bytes }, pace, clock.now());
    this.#pace = after;
    if (waitMs > 0) await new Promise<void>((resolve) => void clock.after(waitMs, resolve));
  }
}
