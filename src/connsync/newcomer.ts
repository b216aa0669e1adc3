import type { Duplex } from 'node:stream';
import type { SyncDaemon } from '../ipvs/rows.js';
import type { Clock } from '../system/clock.js';
import type { MessageSink } from './backup-daemon.js';
import { Fingerprint, markOf } from './fingerprint.js';
import { failed, LineStream } from './line-stream.js';
import { KEYS_PER_LINE, type Line, RESYNC_VERSION, type ReplayReport } from './lines.js';
import { headerOf } from './message.js';
import type { ConnectionTable } from './table-file.js';

/** So long is a message at most, unless the daemon was told otherwise: 1500 bytes with their headers. */
const DEFAULT_MAX_LENGTH = 1472;

export interface NewcomerOptions {
  /** To the running director. It is closed in the end. */
  readonly stream: Duplex;
  readonly clock: Clock;
  /** What /proc tells here. */
  readonly table: ConnectionTable;
  /** The backup daemon that runs here, and the way to it. */
  readonly daemon: SyncDaemon;
  readonly sink: MessageSink;
  /** 32 bits of chance. */
  readonly seed: number;
  /** Messages in the kernel by now. */
  readonly onProgress?: (messages: number) => void;
}

/**
 * Asks a running director for all of its connections, and gives them to this kernel's backup daemon. Resolves when the tables were compared; who
 * waits to become eligible looks whether `missing` is 0. The daemons of both sides run before it starts, so that nothing falls between.
 * @throws LvsError RESYNC_FAILED
 */
export async function takeConnections(options: NewcomerOptions): Promise<ReplayReport> {
  const { daemon, clock, seed } = options;
  const stream = new LineStream(options.stream, clock);
  const newcomer = new Newcomer(stream, options);
  try {
    const maxLength = daemon.maxLength === undefined || daemon.maxLength === 0 ? DEFAULT_MAX_LENGTH : daemon.maxLength;
    await stream.say({ kind: 'ask', version: RESYNC_VERSION, syncId: daemon.syncId, maxLength, seed });
    for (;;) {
      const line = await stream.hear();
      if (line.kind === 'complete') return line.report;
      await newcomer.obey(line);
    }
  } finally {
    stream.close();
  }
}

class Newcomer {
  readonly #stream: LineStream;
  readonly #options: NewcomerOptions;
  /** Of our table, when we were asked last. */
  #looked = new Fingerprint();
  #messages = 0;

  constructor(stream: LineStream, options: NewcomerOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  async obey(line: Line): Promise<void> {
    switch (line.kind) {
      case 'want-digests':
        return this.#look();
      case 'want-keys':
        for (const keys of this.#looked.keysIn(line.buckets, KEYS_PER_LINE))
          await this.#stream.say({ kind: 'keys', keys, last: false });
        return this.#stream.say({ kind: 'keys', keys: new Uint32Array(0), last: true });
      case 'messages':
        await this.#take(line.messages);
        return this.#stream.say({ kind: 'taken', number: line.number });
      default:
        throw failed(`the other director says ${line.kind}, which is ours to say`);
    }
  }

  /** What was sent is in the table when we look. */
  async #look(): Promise<void> {
    const { table, sink, seed } = this.#options;
    await sink.drained();
    const looked = new Fingerprint();
    await table.scan(
      (row) => looked.add(markOf(row, seed)),
      () => this.#stream.beat(),
    );
    this.#looked = looked;
    await this.#stream.say({ kind: 'digests', count: looked.count, digests: looked.digests });
  }

  async #take(messages: readonly Uint8Array[]): Promise<void> {
    const { sink, onProgress } = this.#options;
    for (const message of messages) {
      const header = headerOf(message);
      if (typeof header === 'string') throw failed(`the other director sends a sync message that is none: ${header}`);
      await sink.send(message);
      this.#messages++;
    }
    onProgress?.(this.#messages);
  }
}
