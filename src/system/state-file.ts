import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file that is replaced as a whole: a crash leaves the old text or the new one, never half of it. */
export interface StateFile {
  readonly path: string;
  /** undefined: there is none. */
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
  /** No error if there is none. */
  remove(): Promise<void>;
}

export function stateFile(path: string): StateFile {
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
      const next = `${path}.${process.pid}.new`;
      const file = await open(next, 'w', 0o644);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(next, path);
    },
    remove: () => rm(path, { force: true }),
  };
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
