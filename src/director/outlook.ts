import type { Desired } from './desired.js';
import type { Life } from './lives.js';

type Memories = Pick<Desired, 'quorums' | 'lives' | 'held' | 'wakes'>;

/** What the director remembers from one look to the next, of all virtual servers; a look at some of them renews only theirs. */
export class Outlook {
  #quorums = new Map<string, boolean>();
  #lives = new Map<string, Life>();
  #held = new Map<string, readonly string[]>();
  #wakes = new Map<string, number>();

  get quorums(): ReadonlyMap<string, boolean> {
    return this.#quorums;
  }

  get lives(): Desired['lives'] {
    return this.#lives;
  }

  get held(): Desired['held'] {
    return this.#held;
  }

  /** Of everything: what is not in it is forgotten. */
  replace({ quorums, lives, held, wakes }: Memories): void {
    this.#quorums = new Map(quorums);
    this.#lives = new Map(lives);
    this.#held = new Map(held);
    this.#wakes = new Map(wakes);
  }

  /** Of the virtual servers that are in it. */
  renew({ quorums, lives, held, wakes }: Memories): void {
    for (const [name, life] of lives) this.#lives.set(name, life);
    for (const name of quorums.keys()) {
      put(this.#quorums, name, quorums.get(name));
      put(this.#held, name, held.get(name));
      put(this.#wakes, name, wakes.get(name));
    }
  }

  /** Servers that left virtual servers which are still there. */
  forget(servers: Iterable<string>): void {
    for (const name of servers) this.#lives.delete(name);
  }

  /** Those whose table changes by itself at this moment or did before. */
  due(now: number): readonly string[] {
    return [...this.#wakes].flatMap(([name, at]) => (at <= now ? [name] : []));
  }

  /** When the next one does; Infinity: none will. */
  get nextWake(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const at of this.#wakes.values()) if (at < next) next = at;
    return next;
  }
}

function put<T>(map: Map<string, T>, name: string, value: T | undefined): void {
  if (value === undefined) map.delete(name);
  else map.set(name, value);
}
