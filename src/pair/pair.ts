/**
 * pair/ — two directors that know each other: who is master, what differs, the planned switch, a second path for what adverts say.
 * codec: codec.ts, messages.ts · rules: machine.ts, facts.ts, failover.ts · owners: link.ts (one connection), pair.ts · tcp.ts is the system's
 */
import { randomBytes } from 'node:crypto';
import type { PairSettings } from '../config/global-settings.js';
import { LvsError } from '../errors.js';
import { familyOf } from '../model/address.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import type { Random } from '../system/random.js';
import { Timers } from '../system/timers.js';
import { type End, NONCE_BYTES } from './codec.js';
import type { SideFacts } from './facts.js';
import { type FailoverOrder, planFailover } from './failover.js';
import { PairLink } from './link.js';
import { newPair, type PairAction, type PairEvent, type PairState, stepPair } from './machine.js';
import type { Message, SideReport, Wish } from './messages.js';
import type { PairNetwork, PairStream } from './ports.js';
import type { PairRouters } from './routers.js';

export interface PairOptions {
  readonly settings: PairSettings;
  readonly secret: Uint8Array;
  readonly network: PairNetwork;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly random: Random;
  readonly log: Log;
  readonly routers: PairRouters;
  /** Our side, now. */
  readonly facts: () => SideFacts;
  readonly report: () => SideReport;
}

/** What `lvsctl pair` shows. */
export interface PairReport {
  readonly peer: { readonly address: string; readonly port: number };
  readonly state: PairState['is'];
  readonly stateForMs: number;
  /** Of silent and refused. */
  readonly why: string | null;
  readonly differences: readonly string[];
  readonly ours: SideReport;
  /** null: it does not answer. */
  readonly theirs: SideReport | null;
  /** Connections that did not prove the key. */
  readonly refused: number;
}

export interface FailoverResult {
  readonly to: 'here' | 'peer';
  readonly routers: readonly string[];
  /** From the question to the answer. */
  readonly tookMs: number;
}

const TELL_MS = 5;
/** Between two calls, while nobody answers. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
/** A stranger at the other end is there tomorrow, too. */
const REFUSED_PAUSE_MS = 10_000;
const DIAL_MS = 1000;
/** Until an address is there to listen at. */
const LISTEN_AGAIN_MS = 2000;
const ANSWER_MS = 1000;
/** The same for what asks us back first. */
const LONG_ANSWER_MS = 2500;
/** Who has not proved a key yet may call so often at once. */
const MOST_STRANGERS = 4;

interface Asked {
  readonly resolve: (answer: Extract<Message, { is: 'answer' }>) => void;
  readonly cancel: () => void;
}

/** Owner of the connection to the other director: whoever calls first has it; it is called again as long as this lives. */
export class Pair {
  readonly #options: PairOptions;
  readonly #timers: Timers<'dial' | 'beat' | 'listen' | 'tell'>;
  readonly #id = randomBytes(NONCE_BYTES).toString('hex');
  readonly #strangers = new Set<PairLink>();
  readonly #asked = new Map<number, Asked>();
  #state: PairState;
  #current: { readonly link: PairLink; readonly end: End; readonly peerId: string } | undefined;
  #unlisten: () => void = () => undefined;
  #listenTrouble: string | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #nextId = 1;
  #refused = 0;
  #toldFacts = '';
  #isDialing = false;
  #isClosed = false;

  constructor(options: PairOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#state = newPair(options.clock.now());
  }

  open(): void {
    void this.#listen();
    this.#dialSoon(0);
    this.#beat();
  }

  get state(): PairState {
    return this.#state;
  }

  /** Something of our side is not what it was: it is told soon, and once for all that changes in this moment. */
  changed(): void {
    if (this.#isClosed || this.#current === undefined || this.#timers.isArmed('tell')) return;
    this.#timers.arm('tell', TELL_MS, () => {
      this.#tellFacts();
      this.#tellStates();
    });
  }

  /** These were master here and have let go without a successor. */
  lost(names: readonly string[]): void {
    this.#current?.link.send({ is: 'lost', routers: this.#options.routers.idsOf(names) });
  }

  async report(): Promise<PairReport> {
    const { settings, clock, report } = this.#options;
    const answer = await this.#ask({ do: 'report' }, ANSWER_MS);
    const state = this.#state;
    return {
      peer: { address: settings.peer, port: settings.port },
      state: state.is,
      stateForMs: clock.now() - state.sinceMs,
      why: state.is === 'connected' ? null : state.why,
      differences: state.is === 'connected' ? state.differences : [],
      ours: report(),
      refused: this.#refused,
      theirs: (typeof answer === 'string' ? undefined : answer.report) ?? null,
    };
  }

  /** Planned switch. @throws LvsError PAIR_REFUSED: nothing was changed */
  async failover(order: FailoverOrder): Promise<FailoverResult> {
    const { routers, settings, facts, clock } = this.#options;
    const state = this.#state;
    if (state.is !== 'connected') throw new LvsError('PAIR_REFUSED', [`the peer is ${state.is}: ${state.why}`]);
    const plan = planFailover(order, {
      ours: routers.states(),
      theirs: state.routers,
      here: [facts().name, settings.source ?? facts().name],
      peer: [settings.peer, ...(state.facts === undefined ? [] : [state.facts.name])],
      together: (names) => routers.together(names),
    });
    if (typeof plan === 'string') throw new LvsError('PAIR_REFUSED', [plan]);
    const startMs = clock.now();
    const why = plan.to === 'peer' ? await this.#give(plan.routers) : await this.#request(plan.routers);
    if (why !== undefined) throw new LvsError('PAIR_REFUSED', [why]);
    return { ...plan, tookMs: clock.now() - startMs };
  }

  /** Before we stop: the peer takes what is master here, if it can. Never rejects. */
  async handOverAll(): Promise<void> {
    const { routers, log } = this.#options;
    if (this.#state.is !== 'connected') return;
    const masters = routers.states().flatMap(({ name, role }) => (role === 'master' ? [name] : []));
    if (masters.length === 0) return;
    const why = await this.#give(masters);
    if (why !== undefined) log.warn({ event: 'pair.not-taken', why });
  }

  close(): void {
    this.#isClosed = true;
    this.#timers.disarmAll();
    this.#unlisten();
    for (const link of this.#strangers) link.close();
    this.#current?.link.close();
    this.#current = undefined;
    this.#forget('we stop');
  }

  // ---------------------------------------------------------------- planned switch

  /** @returns why not; undefined: done */
  async #give(names: readonly string[]): Promise<string | undefined> {
    const { routers } = this.#options;
    const ids = routers.idsOf(names);
    const answer = await this.#ask({ do: 'take-over', routers: ids }, ANSWER_MS);
    if (typeof answer === 'string') {
      void this.#ask({ do: 'give-back', routers: ids }, ANSWER_MS);
      return answer;
    }
    if (answer.refused !== null) return answer.refused;
    routers.stepDown(names);
    // beside our adverts of priority 0, which may get lost
    this.#current?.link.send({ is: 'lost', routers: ids });
    return undefined;
  }

  async #request(names: readonly string[]): Promise<string | undefined> {
    const answer = await this.#ask({ do: 'hand-over', routers: this.#options.routers.idsOf(names) }, LONG_ANSWER_MS);
    return typeof answer === 'string' ? answer : (answer.refused ?? undefined);
  }

  /** A string is why there is no answer. */
  #ask(wish: Wish, withinMs: number): Promise<Extract<Message, { is: 'answer' }> | string> {
    const link = this.#current?.link;
    if (link === undefined) return Promise.resolve('the peer is not connected');
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(withinMs, () => {
        this.#asked.delete(id);
        resolve(`the peer did not answer within ${withinMs} ms`);
      });
      this.#asked.set(id, { resolve, cancel });
      link.send({ is: 'wish', id, wish });
    });
  }

  async #grant(wish: Wish): Promise<Omit<Extract<Message, { is: 'answer' }>, 'is' | 'id'>> {
    const { routers, report } = this.#options;
    if (wish.do === 'report') return { refused: null, report: report() };
    const names = routers.namesOf(wish.routers);
    if (names === undefined) return { refused: 'not all of these virtual routers are there' };
    switch (wish.do) {
      case 'take-over':
        return { refused: (await routers.takeOver(names)) ?? null };
      case 'give-back':
        routers.giveBack(names);
        return { refused: null };
      case 'hand-over': {
        const other = routers.states().find(({ name, role }) => names.includes(name) && role !== 'master');
        if (other !== undefined) return { refused: `${other.name} is ${other.role} there` };
        const all = routers.together(names);
        if (all.length > names.length) return { refused: 'sync groups are of other members there' };
        return { refused: (await this.#give(names)) ?? null };
      }
    }
  }

  // ---------------------------------------------------------------- what is said

  #beat(): void {
    this.#timers.arm('beat', this.#options.facts().beatMs, () => {
      this.#beat();
      this.#tellFacts();
      this.#tellStates();
      this.#step({ is: 'beat' });
    });
  }

  #tellStates(): void {
    this.#current?.link.send({ is: 'states', routers: this.#options.routers.states() });
  }

  #tellFacts(): void {
    const facts = this.#options.facts();
    const text = JSON.stringify(facts);
    if (this.#current === undefined || text === this.#toldFacts) return;
    this.#toldFacts = text;
    this.#current.link.send({ is: 'facts', facts });
  }

  #heard(link: PairLink, message: Message): void {
    if (this.#current?.link !== link) return;
    switch (message.is) {
      case 'proof':
        return;
      case 'answer': {
        const asked = this.#asked.get(message.id);
        this.#asked.delete(message.id);
        asked?.cancel();
        return asked?.resolve(message);
      }
      case 'wish':
        return void this.#answer(link, message);
      case 'facts':
      case 'states':
      case 'lost':
        return this.#step({ is: 'heard', message });
    }
  }

  async #answer(link: PairLink, { id, wish }: Extract<Message, { is: 'wish' }>): Promise<void> {
    try {
      link.send({ is: 'answer', id, ...(await this.#grant(wish)) });
    } catch (error) {
      link.send({ is: 'answer', id, refused: reasonOf(error) });
    }
  }

  #step(event: PairEvent): void {
    const { clock, facts, routers, settings } = this.#options;
    const ours = { facts: facts(), routers: routers.states(), secondPathMs: settings.secondPathSeconds * 1000 };
    const { state, actions } = stepPair(ours, this.#state, event, clock.now());
    this.#state = state;
    for (const action of actions) this.#do(action);
  }

  #do(action: PairAction): void {
    const { routers, settings, log } = this.#options;
    switch (action.do) {
      case 'tell': {
        const { event, why, differences } = action;
        const told = { event, peer: settings.peer, ...(why && { why }), ...(differences && { differences }) };
        return event === 'pair.found' || event === 'pair.agrees' ? log.info(told) : log.warn(told);
      }
      case 'close':
        return this.#drop(action.why, false);
      case 'master-lost':
        return routers.masterLost(action.router);
      case 'master-confirmed':
        return routers.masterConfirmed(action.router, action.lastAdvertMs, settings.secondPathSeconds * 1000);
    }
  }

  // ---------------------------------------------------------------- the connection

  async #listen(): Promise<void> {
    const { network, settings, log } = this.#options;
    try {
      const unlisten = await network.listen(
        { address: settings.source, family: familyOf(settings.peer), port: settings.port },
        (stream) => this.#accept(stream),
      );
      this.#unlisten = unlisten;
      this.#listenTrouble = undefined;
      if (this.#isClosed) unlisten();
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== this.#listenTrouble) log.warn({ event: 'pair.not-listening', reason });
      this.#listenTrouble = reason;
      if (!this.#isClosed) this.#timers.arm('listen', LISTEN_AGAIN_MS, () => void this.#listen());
    }
  }

  /** Others than the peer are not even told so. */
  #accept(stream: PairStream): void {
    const isPeer = stream.remote === this.#options.settings.peer;
    if (!isPeer || this.#isClosed || this.#strangers.size >= MOST_STRANGERS) return stream.close();
    this.#greet(stream, 'called');
  }

  /** The other side is wanted, and not there. It may have called while we did. */
  #isMissing(): boolean {
    return !this.#isClosed && this.#current === undefined;
  }

  /** Not at the same moment as the other side, or there are two connections. */
  #dialSoon(leastMs: number): void {
    if (!this.#isMissing() || this.#isDialing) return;
    const jitter = this.#options.random.next();
    this.#timers.arm('dial', leastMs + jitter * FIRST_PAUSE_MS, () => void this.#dial());
  }

  async #dial(): Promise<void> {
    if (!this.#isMissing()) return;
    const { network, settings } = this.#options;
    this.#isDialing = true;
    try {
      const { peer: address, port, source } = settings;
      const stream = await network.dial({ address, port, source, timeoutMs: DIAL_MS });
      this.#isDialing = false;
      if (this.#isMissing()) this.#greet(stream, 'caller');
      else stream.close();
    } catch (error) {
      this.#isDialing = false;
      if (!this.#isMissing()) return;
      this.#step({ is: 'ended', why: reasonOf(error), refused: false });
      this.#dialAgain(false);
    }
  }

  #dialAgain(refused: boolean): void {
    this.#pauseMs = refused ? REFUSED_PAUSE_MS : Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    this.#dialSoon(this.#pauseMs);
  }

  #greet(stream: PairStream, end: End): void {
    const link: PairLink = new PairLink({
      stream,
      end,
      ours: { nonce: randomBytes(NONCE_BYTES).toString('hex'), id: this.#id },
      secret: this.#options.secret,
      clock: this.#options.clock,
      onOpen: (peerId) => this.#opened(link, end, peerId),
      onMessage: (message) => this.#heard(link, message),
      onEnd: (why, refused) => this.#ended(link, end, why, refused),
    });
    this.#strangers.add(link);
  }

  #opened(link: PairLink, end: End, peerId: string): void {
    this.#strangers.delete(link);
    if (this.#isClosed || !this.#isBetter(end, peerId)) return link.close();
    this.#timers.disarm('dial');
    const before = this.#current;
    this.#current = { link, end, peerId };
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#toldFacts = '';
    before?.link.close();
    if (before !== undefined) this.#forget('the connection is another one');
    this.#step({ is: 'opened' });
    this.#tellFacts();
    this.#tellStates();
  }

  /**
   * Than the connection there is. Both have called at once: both keep what the lower id called. Else the later one stays: whoever calls
   * again has given up the other.
   */
  #isBetter(end: End, peerId: string): boolean {
    const before = this.#current;
    if (before === undefined || before.peerId !== peerId || before.end === end) return true;
    return (end === 'caller') === this.#id < peerId;
  }

  #ended(link: PairLink, end: End, why: string, refused: boolean): void {
    this.#strangers.delete(link);
    if (refused) this.#refused++;
    if (this.#current?.link === link) return this.#drop(why, refused);
    if (this.#current !== undefined || this.#isClosed) return;
    this.#step({ is: 'ended', why, refused });
    if (end === 'caller') this.#dialAgain(refused);
  }

  #drop(why: string, refused: boolean): void {
    this.#current?.link.close();
    this.#current = undefined;
    this.#forget(why);
    this.#step({ is: 'ended', why, refused });
    this.#pauseMs = FIRST_PAUSE_MS;
    if (refused) this.#dialAgain(true);
    else this.#dialSoon(FIRST_PAUSE_MS);
  }

  /** Nothing of what was asked is answered any more. */
  #forget(why: string): void {
    const asked = [...this.#asked];
    this.#asked.clear();
    for (const [id, { resolve, cancel }] of asked) {
      cancel();
      resolve({ is: 'answer', id, refused: `the connection to the peer ended: ${why}` });
    }
  }
}
