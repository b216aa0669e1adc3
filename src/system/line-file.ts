import { appendFileSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';

/** Lines that are appended, at most so many bytes of them twice: what is older goes. */
export interface LineFile {
  /** The older lines first. What a crash left of the last one is there too. */
  read(): readonly string[];
  append(lines: readonly string[]): void;
}

const LONGEST = 4 * 1024 * 1024;

/**
 * At `path`; what was there before at `path` with `.1` behind it. Written at once, like a log, and like that not forced to the disk: it outlives the
 * process, not a loss of power. Both functions throw what the file system says.
 */
export function lineFile(path: string, { mode = 0o600, longest = LONGEST } = {}): LineFile {
  const older = `${path}.1`;
  let size = 0;
  return {
    read() {
      const [before, now] = [textOf(older), textOf(path)];
      size = Buffer.byteLength(now);
      if (now !== '' && !now.endsWith('\n')) append(path, '\n', mode); // or the next line would be torn, too
      return [...before.split('\n'), ...now.split('\n')].filter((line) => line !== '');
    },
    append(lines) {
      const text = `${lines.join('\n')}\n`;
      if (size >= longest) {
        renameSync(path, older);
        size = 0;
      }
      append(path, text, mode);
      size += Buffer.byteLength(text);
    },
  };
}

const append = (path: string, text: string, mode: number): void => appendFileSync(path, text, { mode });

/** A file that is far too long is none of ours: it goes. */
function textOf(path: string): string {
  try {
    if (statSync(path).size <= 4 * LONGEST) return readFileSync(path, 'utf8');
    rmSync(path);
    return '';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
