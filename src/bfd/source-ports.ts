import type { Random } from '../system/random.js';
import { FIRST_SOURCE_PORT, LAST_SOURCE_PORT } from './rfc5880.js';

const COUNT = LAST_SOURCE_PORT - FIRST_SOURCE_PORT + 1;

/** RFC 5881 §4: each session sends from a port of its own, out of these, for as long as it lives. */
export class SourcePorts {
  readonly #random: Random;
  readonly #taken = new Set<number>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** One that no session has; whether another program has it, bind(2) says. */
  take(): number {
    const start = Math.floor(this.#random.next() * COUNT);
    for (let i = 0; i < COUNT; i++) {
      const port = FIRST_SOURCE_PORT + ((start + i) % COUNT);
      if (this.#taken.has(port)) continue;
      this.#taken.add(port);
      return port;
    }
    // More sessions than ports: the RFC wants them different, the kernel does not.
    return FIRST_SOURCE_PORT + start;
  }

  giveBack(port: number): void {
    this.#taken.delete(port);
  }
}
