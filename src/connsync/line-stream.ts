import type { Duplex } from 'node:stream';
import { LvsError } from '../errors.js';
import type { Cancel, Clock } from '../system/clock.js';
import { decodeLine, encodeLine, type Line, LONGEST_LINE } from './lines.js';

/** Who says nothing for so long is gone. */
const SILENCE_MS = 30_000;
/** So often says who works for long that it does. */
const WORKING_MS = 5000;

export const failed = (why: string, cause?: unknown): LvsError<'RESYNC_FAILED'> =>
  new LvsError('RESYNC_FAILED', [why], { cause });

/** Lines over a connection: a TLS socket, a Unix socket. Nothing is read while nobody waits for a line, so the other one waits, too. */
export class LineStream {
  readonly #duplex: Duplex;
  readonly #clock: Clock;
  readonly #lines: AsyncGenerator<Line>;
  #saidMs: number;

  constructor(duplex: Duplex, clock: Clock) {
    this.#duplex = duplex;
    this.#clock = clock;
    this.#saidMs = clock.now();
    this.#lines = linesOf(duplex);
    // told to whoever reads or writes next; without a listener it would end the process
    duplex.on('error', () => undefined);
  }

  /** Resolves when there is room for another. @throws LvsError RESYNC_FAILED if the connection ended */
  async say(line: Line): Promise<void> {
    this.#saidMs = this.#clock.now();
    if (this.#duplex.destroyed || this.#duplex.writableEnded) throw failed('the connection ended');
    if (this.#duplex.write(encodeLine(line))) return;
    await this.#within(new Promise<void>((resolve) => this.#whenWritable(resolve)));
  }

  /** For one that is busy: the other shall not take it for dead. */
  async beat(): Promise<void> {
    if (this.#clock.now() - this.#saidMs >= WORKING_MS) await this.say({ kind: 'working' });
  }

  /** The next line but `working`. @throws LvsError RESYNC_FAILED if none comes, or one that is none of ours */
  async hear(): Promise<Line> {
    for (;;) {
      const next = await this.#within(this.#lines.next());
      if (next.done === true) throw failed('the connection ended');
      if (next.value.kind === 'refused') throw failed(next.value.why);
      if (next.value.kind !== 'working') return next.value;
    }
  }

  /** @throws LvsError RESYNC_FAILED if it is another one */
  async hearOnly<K extends Line['kind']>(kind: K): Promise<Extract<Line, { kind: K }>> {
    const line = await this.hear();
    if (line.kind !== kind) throw failed(`the other director says ${line.kind}, where ${kind} was due`);
    return line as Extract<Line, { kind: K }>;
  }

  close(): void {
    this.#duplex.destroy();
  }

  #whenWritable(run: () => void): void {
    const events = ['drain', 'close', 'error'] as const;
    const once = (): void => {
      for (const event of events) this.#duplex.off(event, once);
      run();
    };
    for (const event of events) this.#duplex.on(event, once);
  }

  async #within<T>(wait: Promise<T>): Promise<T> {
    let cancel: Cancel = () => undefined;
    const silence = new Promise<never>((_, reject) => {
      cancel = this.#clock.after(SILENCE_MS, () => reject(failed('the other director does not answer')));
    });
    try {
      return await Promise.race([wait, silence]);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      cancel();
    }
  }
}

async function* linesOf(duplex: Duplex): AsyncGenerator<Line> {
  let parts: string[] = [];
  let length = 0;
  duplex.setEncoding('latin1');
  try {
    for await (const chunk of duplex as AsyncIterable<string>) {
      const [first = '', ...others] = chunk.split('\n');
      parts.push(first);
      for (const other of others) {
        yield readLine(parts.join(''));
        parts = [other];
        length = 0;
      }
      length += (others.at(-1) ?? first).length;
      if (length > LONGEST_LINE) throw failed('what the other director sends is no resync');
    }
  } catch (cause) {
    if (cause instanceof LvsError) throw cause;
    throw failed('the connection ended', cause);
  }
}

function readLine(text: string): Line {
  const line = text.length > LONGEST_LINE ? undefined : decodeLine(text);
  if (line === undefined) throw failed('what the other director sends is no resync');
  return line;
}
