import type { AppendedFile } from '../../src/system/appended-file.js';
import type { StateFile } from '../../src/system/state-file.js';

/** A state file without a disk. */
export class MemoryFile implements StateFile {
  readonly path = '/memory/state.json';
  text: string | undefined;
  writes = 0;

  constructor(text?: string) {
    this.text = text;
  }
  read(): Promise<string | undefined> {
    return Promise.resolve(this.text);
  }
  write(text: string): Promise<void> {
    this.text = text;
    this.writes++;
    return Promise.resolve();
  }
  remove(): Promise<void> {
    this.text = undefined;
    return Promise.resolve();
  }
}

export class MemoryAppendedFile extends MemoryFile implements AppendedFile {
  append(line: string): Promise<void> {
    this.text = (this.text ?? '') + line;
    this.writes++;
    return Promise.resolve();
  }
}
