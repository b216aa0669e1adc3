import type { IpvsClient } from '../../ipvs/client.js';
import type { Names } from './names.js';

/** The world around one run, so that it can be a process, a test, or one of many runs in one process. */
export interface Io {
  /** What the program was called: for hints and the help text. */
  readonly program: () => string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** The next whole lines of standard input, as many as have come; undefined at its end. */
  readonly readLines: () => string | undefined;
  /** A file's text, or undefined if it cannot be read. */
  readonly readFile: (path: string) => string | undefined;
  readonly names: Names;
  /** Throws LvsError if there is no socket to be had. */
  readonly open: () => IpvsClient;
  /** modprobe ip_vs; true if it says it is there. */
  readonly loadModule: () => boolean;
  readonly privileged: () => boolean;
}
