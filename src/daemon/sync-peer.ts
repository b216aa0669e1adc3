import type { Duplex } from 'node:stream';
import type { PairSettings } from '../config/global-settings.js';
import { isLvsError, LvsError } from '../errors.js';
import { familyOf } from '../model/address.js';
import { answerAsker, Asker } from '../pair/asking.js';
import { callChannel, type ChannelHello, type ChannelWords, grantChannel, hearChannel } from '../pair/channel.js';
import type { AnswerPeer, PeerAnswer, PeerDirector, PeerQuestion } from '../pair/questions.js';
import { type SecureNetwork, tlsKey } from '../pair/secure.js';
import type { SyncPeerReport } from '../pair/sync-report.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import type { Random } from '../system/random.js';
import { Timers } from '../system/timers.js';

export interface SyncPeerOptions {
  readonly settings: Pick<PairSettings, 'peer' | 'port' | 'source'>;
  readonly secret: Uint8Array;
  readonly network: SecureNetwork;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly answer: AnswerPeer;
  /** The other one wants a channel: it is granted or refused, and whoever does so owns the connection. */
  readonly called: (line: Duplex, hello: ChannelHello) => void;
  /** It is there now, or is no longer. */
  readonly changed: () => void;
}

/** Beside the pair's own port. */
const PORTS_AFTER = 1;
const DIAL_MS = 3000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
/** A stranger is there tomorrow, too. */
const UNTRUSTED_PAUSE_MS = 10_000;
/** Until an address is there to listen at. */
const LISTEN_AGAIN_MS = 2000;
/** What was refused for ever new reasons is one line of the log in so long. */
const REFUSED_GAP_MS = 10_000;

type State = { readonly is: 'connected' | 'away' | 'untrusted'; readonly sinceMs: number; readonly why: string | null };

/** Owner of the encrypted way to the other director: listens, keeps a connection for our questions, and calls for other channels. */
export class SyncPeer implements PeerDirector {
  readonly #options: SyncPeerOptions;
  readonly #key: Uint8Array;
  readonly #timers: Timers<'listen' | 'dial'>;
  /** Ends of answering. */
  readonly #answering = new Set<() => void>();
  #unlisten: () => void = () => undefined;
  #notListening: string | null = null;
  #asker: Asker | undefined;
  #state: State;
  #pauseMs = FIRST_PAUSE_MS;
  #refusedMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: SyncPeerOptions) {
    this.#options = options;
    this.#key = tlsKey(options.secret);
    this.#timers = new Timers(options.clock);
    this.#state = { is: 'away', sinceMs: options.clock.now(), why: 'it was not reached yet' };
  }

  open(): void {
    void this.#listen();
    void this.#dial();
  }

  get isConnected(): boolean {
    return this.#state.is === 'connected';
  }

  /** How long it has been so. */
  get forMs(): number {
    return this.#options.clock.now() - this.#state.sinceMs;
  }

  report(): SyncPeerReport {
    const { is, why } = this.#state;
    return { is, why, forMs: this.forMs, notListening: this.#notListening };
  }

  /** @throws LvsError PAIR_REFUSED */
  ask(question: PeerQuestion, withinMs: number): Promise<PeerAnswer> {
    if (this.#asker !== undefined) return this.#asker.ask(question, withinMs);
    return Promise.reject(
      new LvsError('PAIR_REFUSED', [`the other director: ${this.#state.why ?? 'it is not there'}`]),
    );
  }

  /** A connection for another channel, and what the other one said to it. @throws LvsError SYNC_AWAY, SYNC_UNTRUSTED, SYNC_REFUSED */
  async call(hello: ChannelHello): Promise<{ readonly line: Duplex; readonly words: ChannelWords }> {
    const { settings, network, clock } = this.#options;
    const { peer: address, port, source } = settings;
    const line = await network.dial({
      address,
      port: port + PORTS_AFTER,
      source,
      key: this.#key,
      timeoutMs: DIAL_MS,
    });
    const words = await callChannel(line, hello, clock);
    return { line, words };
  }

  /** The connections of other channels are their owners'. */
  close(): void {
    this.#isClosed = true;
    this.#timers.disarmAll();
    this.#unlisten();
    this.#asker?.close();
    for (const end of [...this.#answering]) end();
  }

  async #listen(): Promise<void> {
    const { settings, network, log } = this.#options;
    const { peer, port, source: address } = settings;
    try {
      const where = { address, family: familyOf(peer), port: port + PORTS_AFTER, peer, key: this.#key };
      this.#unlisten = await network.listen(
        where,
        (line) => void this.#accept(line),
        (why) => this.#refused(why),
      );
      this.#notListening = null;
      if (this.#isClosed) this.#unlisten();
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== this.#notListening) log.warn({ event: 'pair.sync-not-listening', reason });
      this.#notListening = reason;
      if (!this.#isClosed) this.#timers.arm('listen', LISTEN_AGAIN_MS, () => void this.#listen());
    }
  }

  #refused(why: string): void {
    const { clock, log, settings } = this.#options;
    if (clock.now() < this.#refusedMs + REFUSED_GAP_MS) return;
    this.#refusedMs = clock.now();
    log.warn({ event: 'pair.sync-refused', peer: settings.peer, why });
  }

  async #accept(line: Duplex): Promise<void> {
    const { clock, called } = this.#options;
    try {
      const hello = await hearChannel(line, clock);
      if (this.#isClosed) line.destroy();
      else if (hello.channel === 'director') this.#answer(line);
      else called(line, hello);
    } catch (error) {
      this.#refused(reasonOf(error));
    }
  }

  /** One is enough: who calls again has given up the one before. */
  #answer(line: Duplex): void {
    const { clock, answer } = this.#options;
    for (const end of [...this.#answering]) end();
    grantChannel(line);
    const end = answerAsker(line, clock, answer, () => void this.#answering.delete(end));
    this.#answering.add(end);
    this.#dialNow();
  }

  /** Whoever calls us can be called. */
  #dialNow(): void {
    if (this.#timers.isArmed('dial')) this.#timers.arm('dial', 0, () => void this.#dial());
  }

  async #dial(): Promise<void> {
    const { clock } = this.#options;
    try {
      const { line } = await this.call({ channel: 'director' });
      if (this.#isClosed) return void line.destroy();
      this.#asker = new Asker(line, clock, (why) => {
        this.#asker = undefined;
        if (this.#isClosed) return;
        this.#become('away', why);
        this.#dialAgain(FIRST_PAUSE_MS);
      });
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#become('connected', null);
    } catch (error) {
      if (this.#isClosed) return;
      const isUntrusted = isLvsError(error, 'SYNC_UNTRUSTED');
      this.#become(isUntrusted ? 'untrusted' : 'away', reasonOf(error));
      this.#pauseMs = isUntrusted ? UNTRUSTED_PAUSE_MS : Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
      this.#dialAgain(this.#pauseMs);
    }
  }

  #dialAgain(leastMs: number): void {
    const { random } = this.#options;
    this.#timers.arm('dial', leastMs + random.next() * FIRST_PAUSE_MS, () => void this.#dial());
  }

  #become(is: State['is'], why: string | null): void {
    const { clock, log, settings, changed } = this.#options;
    const before = this.#state;
    this.#state = { is, why, sinceMs: before.is === is ? before.sinceMs : clock.now() };
    if (before.is === is) return;
    const { peer } = settings;
    if (is === 'connected') log.info({ event: 'pair.sync-found', peer });
    else if (is === 'untrusted') log.error({ event: 'pair.sync-refused', peer, why });
    else log.warn({ event: 'pair.sync-lost', peer, why });
    changed();
  }
}
