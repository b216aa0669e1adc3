import { closeSync, fdatasync, fstatSync, openSync, readSync, renameSync, statSync, writeSync } from 'node:fs';

export interface AppendLogOptions {
  readonly path: string;
  /** Bytes; when there are so many another file is begun. */
  readonly longest: number;
  /** How many older files stay, as `PATH.1` (the youngest) and so on. */
  readonly older: number;
  readonly mode?: number;
}

/** Bytes that wait for a disk that takes none. */
const MOST_WAITING = 8 * 1024 * 1024;

/**
 * Lines that are appended to a file and kept: written at once and forced to the disk soon after. What cannot be written waits, and is
 * written before anything else as soon as it can be, also the second half of a line. A file that somebody moves away is begun again.
 */
export class AppendLog {
  readonly #options: AppendLogOptions;
  #fd: number | undefined;
  #size = 0;
  #ino = 0;
  readonly #waiting: Buffer[] = [];
  /** Bytes of the first that waits that are in the file already. */
  #done = 0;
  #waitingBytes = 0;
  #lost = 0;
  #isSyncing = false;
  #isDirty = false;

  constructor(options: AppendLogOptions) {
    this.#options = options;
  }

  /** Lines that are given up because too many wait. */
  get lost(): number {
    return this.#lost;
  }

  /** @returns why it is not in the file yet; undefined: it is */
  append(line: string): Error | undefined {
    const bytes = Buffer.from(`${line}\n`);
    if (this.#waitingBytes + bytes.length > MOST_WAITING) this.#lost++;
    else {
      this.#waiting.push(bytes);
      this.#waitingBytes += bytes.length;
    }
    return this.flush();
  }

  /** Writes what waits. @returns why it still does */
  flush(): Error | undefined {
    try {
      this.#follow();
      while (this.#waiting[0] !== undefined) this.#writeFirst(this.#waiting[0]);
      this.#sync();
      return undefined;
    } catch (error) {
      this.#close(); // a disk that was away may be another one when it comes back
      return error as Error;
    }
  }

  /** What waits is tried once more. */
  close(): Error | undefined {
    const failure = this.#waiting.length > 0 ? this.flush() : undefined;
    this.#close();
    return failure;
  }

  #writeFirst(line: Buffer): void {
    const fd = this.#fd ?? this.#open();
    const written = writeSync(fd, line, this.#done);
    this.#isDirty = true;
    this.#size += written;
    this.#done += written;
    if (this.#done < line.length) return;
    this.#waiting.shift();
    this.#waitingBytes -= line.length;
    this.#done = 0;
    if (this.#size >= this.#options.longest) this.#rotate();
  }

  /** The file at our path, if it is not the one that we have open any more. */
  #follow(): void {
    if (this.#fd === undefined) return;
    const now = statSync(this.#options.path, { throwIfNoEntry: false });
    if (now?.ino !== fstatSync(this.#fd).ino) this.#close();
  }

  #open(): number {
    const { path, mode = 0o600 } = this.#options;
    const fd = openSync(path, 'a+', mode);
    this.#fd = fd;
    const { ino, size } = fstatSync(fd);
    this.#size = size;
    if (ino !== this.#ino) this.#done = 0; // what was begun elsewhere is whole here
    this.#ino = ino;
    const last = Buffer.alloc(1);
    const isTorn = size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE;
    if (isTorn && this.#done === 0) this.#size += writeSync(fd, '\n'); // of a process that was killed within a line
    return fd;
  }

  #rotate(): void {
    const { path, older } = this.#options;
    this.#close();
    for (let i = older; i > 0; i--) {
      const from = i === 1 ? path : `${path}.${i - 1}`;
      if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, `${path}.${i}`);
    }
  }

  #sync(): void {
    const fd = this.#fd;
    if (fd === undefined || this.#isSyncing || !this.#isDirty) return;
    this.#isDirty = false;
    this.#isSyncing = true;
    fdatasync(fd, () => {
      this.#isSyncing = false;
      this.#sync();
    });
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

const NEWLINE = 0x0a;
