import { spawn } from 'node:child_process';
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LvsError } from '../errors.js';
import { type Log, reasonOf } from '../system/log.js';

export const LOCK_FILE = 'lvsd.lock';
/** Of the process that holds the addresses: it is beside a director, and outlives it. */
export const VRRP_LOCK_FILE = 'vrrp.lock';

/** What a folder is one process's alone for. */
export interface Lock {
  readonly file: string;
  /** `pid`: of who has it. */
  readonly taken: (folder: string, pid: string) => LvsError;
}

const ofDirector: Lock = { file: LOCK_FILE, taken: (folder, pid) => new LvsError('FOLDER_TAKEN', [folder, pid]) };
export const lockOfVrrp: Lock = {
  file: VRRP_LOCK_FILE,
  taken: (folder, pid) => new LvsError('VRRP_RUNS', [folder, pid]),
};
/** What flock(1) ends with if somebody else has the lock. */
const TAKEN = 1;

/**
 * One lvsd for each folder of state: two would drive one engine, and write over each other's memory. The kernel keeps the lock as long as
 * we live, and no longer. Where it cannot be had for another reason (no flock(1), a read-only folder) that is logged.
 * @returns gives it back
 * @throws LvsError FOLDER_TAKEN, or what `lock` says
 */
export async function lockFolder(folder: string, log: Log, lock: Lock = ofDirector): Promise<() => Promise<void>> {
  const path = join(folder, lock.file);
  let file: FileHandle | undefined;
  try {
    // not recursive: as state files do it
    await mkdir(folder, { mode: 0o755 }).catch(() => undefined);
    file = await open(path, 'a', 0o644);
    if (await isTaken(file)) throw lock.taken(folder, (await holder(path)) ?? 'unknown');
    const held = file;
    // on a full disk it is ours all the same, and nobody can say whose
    await held.truncate(0).catch(() => undefined);
    await held.write(`${process.pid}\n`).catch(() => undefined);
    return () => held.close();
  } catch (error) {
    await file?.close();
    if (error instanceof LvsError) throw error;
    log.warn({ event: 'daemon.not-locked', path, reason: reasonOf(error) });
    return () => Promise.resolve();
  }
}

/** The lock belongs to the open file, which is ours and flock(1)'s alike: it outlives flock(1). */
const isTaken = (file: FileHandle): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const child = spawn('flock', ['--nonblock', '3'], { stdio: ['ignore', 'ignore', 'ignore', file.fd] });
    child.once('error', reject);
    child.once('exit', (status, signal) => {
      if (status === 0 || status === TAKEN) resolve(status === TAKEN);
      else reject(new Error(`flock ended with ${signal ?? `status ${status}`}`));
    });
  });

const holder = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').then(
    (text) => /^\d+$/.exec(text.trim())?.[0],
    () => undefined,
  );
