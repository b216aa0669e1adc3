import type { Duplex } from 'node:stream';
import type { MessageSink } from './backup-daemon.js';
import { LineSender } from './line-sender.js';
import { failed, LineStream } from './line-stream.js';
import { RESYNC_VERSION, type ReplayReport } from './lines.js';
import { OtherTable } from './other-table.js';
import type { PaceLimits } from './pace.js';
import { type MessageOut, Replay, type RunningOptions } from './replay.js';

/** A million connections in five seconds, and a third of a gigabit link. */
export const defaultPace: PaceLimits = { connectionsPerSecond: 200_000, bytesPerSecond: 40_000_000 };

/** Then it is given up, and what is missing is told. */
const MOST_ROUNDS = 5;

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
    const theirs = new OtherTable();
    const replay = new Replay(options, theirs, new LineSender(stream), asked);
    for (let round = 1; round <= MOST_ROUNDS; round++) {
      await compare(stream, theirs);
      const isDone = await replay.round();
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

/** Asks what is there. Our own table is not read for that: what was sent is known. */
async function compare(stream: LineStream, theirs: OtherTable): Promise<void> {
  await stream.say({ kind: 'want-digests' });
  const { digests } = await stream.hearOnly('digests');
  const buckets = theirs.differing(digests);
  theirs.forget(buckets);
  if (buckets.isEmpty) return;
  await stream.say({ kind: 'want-keys', buckets });
  for (let isLast = false; !isLast; ) {
    const { keys, last } = await stream.hearOnly('keys');
    theirs.learn(keys);
    isLast = last;
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
  const replay = new Replay(options, new OtherTable(), out, { syncId, maxLength, seed: 0 });
  await replay.round();
  return replay.report;
}

const nothing = (): Promise<void> => Promise.resolve();
