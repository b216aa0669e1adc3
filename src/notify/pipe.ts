import { execFile } from 'node:child_process';
import { closeSync, constants, fstatSync, lstatSync, openSync, writeSync } from 'node:fs';
import { chown, unlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { NotifyFifo } from '../config/global-settings.js';
import type { Account } from '../system/accounts.js';
import { type Log, reasonOf } from '../system/log.js';

/** Lines written before the pipe is open; a burst of a whole configuration fits. */
const MOST_EARLY = 65_536;

export interface PipeOptions {
  readonly log: Log;
  /** Who shall own the pipe if it has to be made; undefined: there is no such user. */
  readonly owner: (fifo: NotifyFifo) => Promise<Account | 'us' | undefined>;
}

/**
 * One named pipe. It is opened for reading too, so that neither opening nor writing ever waits for a reader and none sees its end
 * while we live; what does not fit is dropped, counted and said.
 */
export class Pipe {
  readonly path: string;
  readonly #options: PipeOptions;
  readonly #opening: Promise<void>;
  #fd: number | undefined;
  #made = false;
  #early: string[] | undefined = [];
  #dropped = 0;

  constructor(fifo: NotifyFifo, options: PipeOptions) {
    this.path = fifo.path;
    this.#options = options;
    this.#opening = this.#open(fifo);
  }

  /** Lines that were lost since the beginning. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Resolves when it can be written, or it is known that it cannot. */
  opened(): Promise<void> {
    return this.#opening;
  }

  /** Its name leads to it. Another process that writes the same pipe may have removed it and made it anew. */
  get isThere(): boolean {
    if (this.#fd === undefined) return false;
    const ours = fstatSync(this.#fd);
    const found = lstatSync(this.path, { throwIfNoEntry: false });
    return found?.ino === ours.ino && found.dev === ours.dev;
  }

  /** Never waits. */
  write(line: string): void {
    if (this.#early !== undefined && this.#early.length < MOST_EARLY) this.#early.push(line);
    else if (this.#fd === undefined) this.#drop('it is not open');
    else
      try {
        // at most PIPE_BUF bytes go whole or not at all
        writeSync(this.#fd, line);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        this.#drop(code === 'EAGAIN' ? 'it is full: nobody reads it' : reasonOf(error));
      }
  }

  /** A pipe that we made is removed. */
  async close(): Promise<void> {
    await this.#opening;
    if (this.#fd === undefined) return;
    // the name first: a reader that opens it again at its end shall not find it
    if (this.#made && this.isThere) await unlink(this.path).catch(() => undefined);
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  async #open(fifo: NotifyFifo): Promise<void> {
    const { log, owner } = this.#options;
    try {
      const account = await owner(fifo);
      if (account === undefined) throw new Error(`there is no user '${fifo.user ?? ''}' or no such group`);
      this.#made = await makePipe(fifo.path);
      if (this.#made && account !== 'us') await chown(fifo.path, account.uid, account.gid);
      this.#fd = openPipe(fifo.path, account);
    } catch (error) {
      log.error({ event: 'notify.pipe-failed', path: fifo.path, reason: reasonOf(error) });
    }
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const line of early) this.write(line);
  }

  /** Said at the 1st, 10th, 100th … line. */
  #drop(reason: string): void {
    this.#dropped++;
    if (/^10*$/.test(String(this.#dropped)))
      this.#options.log.warn({ event: 'notify.pipe-dropped', path: this.path, dropped: this.#dropped, reason });
  }
}

const execute = promisify(execFile);

/** true: we made it; false: something is there. */
async function makePipe(path: string): Promise<boolean> {
  try {
    await execute('mkfifo', ['-m', '600', '--', path]);
    return true;
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string };
    if (/File exists/.test(stderr)) return false;
    throw new Error(stderr.trim() || reasonOf(error), { cause: error });
  }
}

/** Something else may have been put in its place: only a pipe of ours, or of who shall own it, is written. */
function openPipe(path: string, account: Account | 'us'): number {
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  const found = fstatSync(fd);
  const owners = [process.geteuid?.() ?? 0, ...(account === 'us' ? [] : [account.uid])];
  if (found.isFIFO() && owners.includes(found.uid)) return fd;
  closeSync(fd);
  throw new Error(found.isFIFO() ? `it belongs to user ${found.uid}` : 'it is no named pipe');
}
