import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const CHUNK = 1 << 18;
/** Exit code of a shell's child that SIGPIPE ended. */
const BROKEN_PIPE = 141;

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** For descriptors that somebody made non-blocking: a pipe of another Node, a terminal. */
function nap(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

/** All of a text to a descriptor, however slowly its reader takes it. Ends the process quietly when the reader has gone. */
export function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      if (codeOf(error) === 'EPIPE') process.exit(BROKEN_PIPE);
      if (codeOf(error) !== 'EAGAIN') throw error;
      nap();
    }
  }
}

/** Whole lines of a descriptor, as many as one read brings; what stands behind the last newline waits for more. */
export function lineReader(descriptor: number): () => string | undefined {
  let rest = Buffer.alloc(0);
  let ended = false;
  return () => {
    while (!ended) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const length = readSome(descriptor, chunk);
      if (length === 0) {
        ended = true;
        break;
      }
      const bytes = Buffer.concat([rest, chunk.subarray(0, length)]);
      const end = bytes.lastIndexOf(10) + 1;
      rest = bytes.subarray(end);
      if (end > 0) return bytes.toString('utf8', 0, end);
    }
    if (rest.length === 0) return undefined;
    const last = rest.toString('utf8');
    rest = Buffer.alloc(0);
    return last;
  };
}

function readSome(descriptor: number, into: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, into);
    } catch (error) {
      if (codeOf(error) === 'EOF') return 0;
      if (codeOf(error) !== 'EAGAIN') return 0; // closed, or not to be read: the original sees no lines either
      nap();
    }
  }
}

/** Files of /proc say no size, so they are read to their end. */
export function readTextFile(path: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return undefined;
  }
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const length = readSome(descriptor, chunk);
    if (length === 0) break;
    chunks.push(chunk.subarray(0, length));
  }
  closeSync(descriptor);
  return Buffer.concat(chunks).toString('utf8');
}
