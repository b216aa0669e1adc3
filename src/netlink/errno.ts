import { constants } from 'node:os';

const names = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** `ESRCH` for 3. A number that libc has no name for (the kernel keeps some to itself) is `E524`. */
export const errnoName = (errno: number): string => names.get(errno) ?? `E${errno}`;

/** The kernel answered, and the answer was no. Transport failures are a different class. */
export class KernelRefusal extends Error {
  override readonly name = 'KernelRefusal';
  /** `ESRCH`, `EEXIST`, … */
  readonly errno: string;
  readonly errnoNumber: number;
  /** The text of the extended ack, where the kernel gave one. */
  readonly words: string | undefined;

  constructor(errno: number, words?: string) {
    super(words === undefined ? errnoName(errno) : `${errnoName(errno)}: ${words}`);
    this.errno = errnoName(errno);
    this.errnoNumber = errno;
    this.words = words;
  }
}
