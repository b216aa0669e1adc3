import type { InterfaceAddress } from '../links/rows.js';
import type { Log } from '../system/log.js';
import { reasonOf } from '../system/log.js';

/** The addresses that this machine has, for services that are checked only where they are (ha_suspend). */
export interface LocalAddresses {
  has(address: string): boolean;
  /** At each change; what it returns ends it. */
  watch(onChange: () => void): () => void;
}

export interface AddressSource {
  /** All of them, of every interface. */
  list(): Promise<readonly Pick<InterfaceAddress, 'address'>[]>;
  /** Something about them changed. */
  watch(onEvent: () => void): void;
  close(): void;
}

/**
 * Asks for all addresses at the start and again whenever the kernel says that one came or went: what it says is only taken as a hint,
 * so that no message can be missed. Addresses that cannot be asked for stay as they were known.
 */
export class MachineAddresses implements LocalAddresses {
  readonly #source: AddressSource;
  readonly #log: Log;
  readonly #watchers = new Set<() => void>();
  #addresses: ReadonlySet<string> = new Set();
  #isAsking = false;
  #isStale = false;
  #closed = false;

  constructor(source: AddressSource, log: Log) {
    this.#source = source;
    this.#log = log;
  }

  /** Knows them when it resolves, and from then on. */
  async open(): Promise<void> {
    this.#source.watch(() => void this.#refresh());
    await this.#refresh();
  }

  has(address: string): boolean {
    return this.#addresses.has(address);
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  close(): void {
    this.#closed = true;
    this.#source.close();
  }

  /** One question at a time; what happens meanwhile is asked for once more. */
  async #refresh(): Promise<void> {
    this.#isStale = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#isStale && !this.#closed) {
      this.#isStale = false;
      try {
        const rows = await this.#source.list();
        this.#take(new Set(rows.map(({ address }) => address)));
      } catch (error) {
        this.#say(error);
      }
    }
    this.#isAsking = false;
  }

  #say(error: unknown): void {
    if (!this.#closed) this.#log.warn({ event: 'health.addresses-unknown', reason: reasonOf(error) });
  }

  #take(addresses: ReadonlySet<string>): void {
    if (this.#closed) return;
    const before = this.#addresses;
    this.#addresses = addresses;
    const same = before.size === addresses.size && [...before].every((address) => addresses.has(address));
    if (!same) for (const tell of this.#watchers) tell();
  }
}
