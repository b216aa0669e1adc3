import type { Duplex } from 'node:stream';
import { LvsError } from '../../src/errors.js';
import type { SecureNetwork } from '../../src/pair/secure.js';
import { duplexPair } from './duplex-pair.js';

interface Listener {
  readonly key: string;
  readonly peer: string;
  readonly accept: (line: Duplex) => void;
  readonly refused: (why: string) => void;
}

const keyOf = (key: Uint8Array): string => Buffer.from(key).toString('hex');

/** Encrypted connections between hosts that are names, without sockets. */
export class FakeSecureHub {
  readonly #listeners = new Map<string, Listener>();
  readonly #open = new Set<Duplex>();
  /** No connection is made any more, and those there were are cut. */
  #isCut = false;
  /** Of addresses that cannot be listened at. */
  readonly taken = new Set<string>();
  dials = 0;

  get connections(): number {
    return [...this.#open].filter((line) => !line.destroyed).length / 2;
  }

  cut(): void {
    this.#isCut = true;
    for (const line of this.#open) line.destroy();
    this.#open.clear();
  }

  mend(): void {
    this.#isCut = false;
  }

  network(own: string): SecureNetwork {
    return {
      listen: ({ key, peer }, accept, refused) => {
        if (this.taken.has(own)) return Promise.reject(new Error('listen EADDRINUSE'));
        const listener = { key: keyOf(key), peer, accept, refused };
        this.#listeners.set(own, listener);
        return Promise.resolve(() => {
          if (this.#listeners.get(own) === listener) this.#listeners.delete(own);
        });
      },
      dial: ({ address, key }) => {
        this.dials++;
        const listener = this.#listeners.get(address);
        if (this.#isCut || listener?.peer !== own) return Promise.reject(new LvsError('SYNC_AWAY', ['nobody listens']));
        if (listener.key !== keyOf(key)) {
          listener.refused('its key is not ours');
          return Promise.reject(new LvsError('SYNC_UNTRUSTED', ['its key is not ours']));
        }
        const [near, far] = duplexPair();
        for (const line of [near, far]) {
          line.on('error', () => undefined);
          this.#open.add(line);
        }
        listener.accept(far);
        return Promise.resolve(near);
      },
    };
  }
}
