import { open, stat, truncate } from 'node:fs/promises';
import { type StateFile, stateFile } from './state-file.js';

/** A state file that grows by lines between the times that it is replaced. */
export interface AppendedFile extends Pick<StateFile, 'path' | 'read' | 'write'> {
  /** Resolves when the disk has it. Where that fails the file is as it was, or has a last line that is not whole. */
  append(line: string): Promise<void>;
}

/** @param mode of the file */
export function appendedFile(path: string, mode = 0o600): AppendedFile {
  return {
    ...stateFile(path, mode),
    async append(line) {
      const { size } = await stat(path);
      try {
        const file = await open(path, 'a');
        try {
          await file.writeFile(line);
          await file.datasync();
        } finally {
          await file.close();
        }
      } catch (error) {
        await truncate(path, size).catch(() => undefined);
        throw error;
      }
    },
  };
}

/** Of a process that shall leave nothing behind. */
export function memoryFile(): AppendedFile {
  let kept: string | undefined;
  return {
    path: 'memory',
    read: () => Promise.resolve(kept),
    write(text) {
      kept = text;
      return Promise.resolve();
    },
    append(line) {
      kept = `${kept ?? ''}${line}`;
      return Promise.resolve();
    },
  };
}
