import { LvsError } from '../errors.js';
import type { Cancel } from '../system/clock.js';
import { reasonOf } from '../system/log.js';
import {
  encoded,
  type Expected,
  type KeyRange,
  type Lease,
  type Range,
  rangeRequest,
  readHeard,
  readKeptAlive,
  readLease,
  readRange,
  readToken,
  readTxn,
  txnRequest,
  whyOf,
  type Write,
} from './etcd-codec.js';
import type { EtcdTransport } from './etcd-http.js';

export interface EtcdOptions {
  /** Members of one etcd: who does not answer is passed over. */
  readonly endpoints: readonly string[];
  readonly login: { readonly user: string; readonly password: string } | undefined;
  readonly transport: EtcdTransport;
}

/** What a watch tells. After `compacted` or `ended` it is over. */
export interface WatchEars {
  changed(): void;
  compacted(): void;
  ended(why: string): void;
}

const UNAUTHORIZED = 401;
const OK = 200;

/** One etcd, over its JSON gateway (v3, etcd 3.4 and later). All methods reject with LvsError FLEET_AWAY or FLEET_ETCD. */
export class Etcd {
  readonly #options: EtcdOptions;
  /** Of the member that answered last. */
  #at = 0;
  #token: string | undefined;

  constructor(options: EtcdOptions) {
    this.#options = options;
  }

  /** @param revision that of the store; undefined: the newest one */
  async range(keys: KeyRange, revision?: number): Promise<Range> {
    const at = revision === undefined ? {} : { revision: String(revision) };
    return readRange(await this.#ask('/v3/kv/range', { ...rangeRequest(keys), ...at }));
  }

  /** @param lease the key goes with it */
  async put(key: string, value: string, lease: string): Promise<void> {
    await this.#ask('/v3/kv/put', { key: encoded(key), value: encoded(value), lease });
  }

  /** undefined: something was not as expected, and nothing was written. */
  async write(
    expected: readonly Expected[],
    writes: readonly Write[],
  ): Promise<{ readonly revision: number } | undefined> {
    return readTxn(await this.#ask('/v3/kv/txn', txnRequest(expected, writes)));
  }

  async grant(seconds: number): Promise<Lease> {
    const lease = readLease(await this.#ask('/v3/lease/grant', { TTL: String(seconds) }));
    if (lease === undefined) throw new LvsError('FLEET_ETCD', [this.#endpoint, 'it granted no lease']);
    return lease;
  }

  /** @returns whether the lease is still there */
  async keepAlive(lease: string): Promise<boolean> {
    return readKeptAlive(await this.#ask('/v3/lease/keepalive', { ID: lease })) > 0;
  }

  async revoke(lease: string): Promise<void> {
    await this.#ask('/v3/lease/revoke', { ID: lease });
  }

  /** At the member that answered last: what it watches it has told of itself before. */
  watch(keys: KeyRange, fromRevision: number, ears: WatchEars): Cancel {
    const body = { create_request: { ...rangeRequest(keys), start_revision: String(fromRevision) } };
    return this.#options.transport.stream(this.#endpoint, '/v3/watch', body, this.#token, {
      line: (told) => {
        const heard = readHeard(told);
        if (heard.is === 'changed') ears.changed();
        else if (heard.is === 'compacted') ears.compacted();
        else if (heard.is === 'ended') ears.ended(heard.why);
      },
      ended: (why) => ears.ended(why),
    });
  }

  close(): void {
    this.#options.transport.close();
  }

  get #endpoint(): string {
    return this.#options.endpoints[this.#at] ?? '';
  }

  /** Of the first member that answers. */
  async #ask(path: string, body: object): Promise<unknown> {
    const { endpoints } = this.#options;
    const silent: string[] = [];
    for (let tries = 0; tries < endpoints.length; tries++) {
      try {
        return await this.#askHere(path, body);
      } catch (error) {
        if (error instanceof LvsError) throw error;
        silent.push(`${this.#endpoint}: ${reasonOf(error)}`);
        this.#at = (this.#at + 1) % endpoints.length;
      }
    }
    throw new LvsError('FLEET_AWAY', [silent.join('; ')]);
  }

  /** A token lives for minutes, and not over a restart of etcd: one that is refused is asked for again, once. */
  async #askHere(path: string, body: object): Promise<unknown> {
    const { login, transport } = this.#options;
    for (let isSecond = false; ; isSecond = true) {
      const isFresh = this.#token === undefined;
      if (login !== undefined) this.#token ??= await this.#authenticate(login);
      const { status, told } = await transport.post(this.#endpoint, path, body, this.#token);
      if (status === OK) return told;
      const why = whyOf(told) ?? `status ${status}`;
      const isToken = status === UNAUTHORIZED || /invalid auth token|revision of auth store is old/.test(why);
      if (!isToken || login === undefined || (isFresh && isSecond)) throw this.#refused(status, why);
      if (isSecond) throw this.#refused(status, why);
      this.#token = undefined;
    }
  }

  async #authenticate({ user, password }: NonNullable<EtcdOptions['login']>): Promise<string> {
    const body = { name: user, password };
    const { status, told } = await this.#options.transport.post(
      this.#endpoint,
      '/v3/auth/authenticate',
      body,
      undefined,
    );
    const token = status === OK ? readToken(told) : undefined;
    if (token === undefined) throw this.#refused(status, whyOf(told) ?? 'it gave no token');
    return token;
  }

  /** A member without a leader is as good as silent: another one may have one. */
  #refused(status: number, why: string): Error {
    return status >= 500 && /no leader|timed out|leader changed|stopped|unavailable/i.test(why)
      ? new Error(why)
      : new LvsError('FLEET_ETCD', [this.#endpoint, why]);
  }
}
