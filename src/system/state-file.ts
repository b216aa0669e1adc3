import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A file that is replaced as a whole: a crash, or a disk without room, leaves the old text or the new one, never half of it. */
export interface StateFile {
  readonly path: string;
  /** undefined: there is none. */
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
  /** No error if there is none. */
  remove(): Promise<void>;
}

/** @param mode of the file */
export function stateFile(path: string, mode = 0o644): StateFile {
  return {
    path,
    async read() {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(text) {
      // not recursive: Node 20 never returns from a recursive mkdir below /proc, and /var/lib is there
      await mkdir(dirname(path), { mode: 0o755 }).catch(unlessThere);
      // hidden: what a crash leaves of it is not among the files that somebody looks for here
      const next = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
      try {
        await rm(next, { force: true }); // of another lvsd with our number, with the mode of its day
        await writeSynced(next, text, mode);
        await rename(next, path);
      } catch (error) {
        await rm(next, { force: true }).catch(() => undefined); // half of it would take the room that was missing
        throw error;
      }
      await syncFolder(dirname(path));
    },
    remove: () => rm(path, { force: true }),
  };
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function writeSynced(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** That the new name is the new text's outlives a loss of power, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
