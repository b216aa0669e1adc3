import { type Bundle, fingerprintOf } from '../config/bundle.js';
import { LvsError } from '../errors.js';
import { decodePushQuestion } from '../pair/push-messages.js';
import type { PushOrder, PushResult, PushStatus } from '../pair/push-order.js';
import type { AnswerPeer, PeerDirector } from '../pair/questions.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import type { PushFiles } from './push-files.js';
import { PushLeader, TRIAL_MS } from './push-leader.js';
import { PushSite } from './push-site.js';
import type { Reload } from './reload.js';
import type { ConfigurationSource } from './world.js';

export interface PushOptions {
  /** undefined: there is no way to the other director. */
  readonly peer: PeerDirector | undefined;
  readonly reload: Pick<Reload, 'configuration' | 'files' | 'fingerprint' | 'troubles' | 'fromSource'>;
  readonly source: ConfigurationSource;
  readonly files: Pick<PushFiles, 'unwritable' | 'begin' | 'keep' | 'recover' | 'doubts' | 'clear'>;
  /** What the other side's log calls us. */
  readonly name: () => string;
  readonly clock: Clock;
  /** ms since 1970. */
  readonly wallMs: () => number;
  readonly log: Log;
}

/** The configuration of both directors: what is pushed from here, and what the peer pushes. */
export class Push {
  readonly #options: PushOptions;
  readonly #site: PushSite;
  #leader: PushLeader | undefined;
  #last: PushResult | null = null;

  constructor(options: PushOptions) {
    this.#options = options;
    this.#site = new PushSite({ ...options, settings: { trialMs: TRIAL_MS } });
  }

  /** Of what the peer asks, that which concerns pushes. */
  readonly answer: AnswerPeer = async (told) => {
    const question = decodePushQuestion(told);
    if (question === undefined) return { ok: false, error: `this lvsd does not understand '${told.do}'` };
    if (question.do === 'push-clock') return { ok: true, result: this.#options.wallMs() };
    return { ok: true, result: await this.#site.ask(question, 'peer') };
  };

  /**
   * Brings one file into force on both directors, or on none. Resolves when it is known how it ended, or both have agreed on a moment far away.
   * @throws LvsError PAIR_NOBODY, PAIR_REFUSED
   */
  async lead(order: PushOrder): Promise<PushResult> {
    const { peer, clock, wallMs, name, reload } = this.#options;
    if (peer === undefined || reload.configuration?.globals.pair === undefined) throw new LvsError('PAIR_NOBODY', []);
    const against = order.force ? null : await this.#against();
    if (this.#leader !== undefined)
      throw new LvsError('PAIR_REFUSED', ["another push is under way ('lvsctl push --status', '--cancel')"]);
    const { files, complaints } = this.#read(order);
    if (files === undefined) return unreadable(complaints);
    let agreed: (atMs: number) => void = () => undefined;
    const isAgreed = new Promise<number>((resolve) => (agreed = resolve));
    const leader = new PushLeader({
      site: this.#site,
      peer,
      from: name(),
      order,
      files,
      against,
      clock,
      wallMs,
      onAgreed: agreed,
    });
    this.#leader = leader;
    const ended = this.#run(leader, order);
    return Promise.race([ended, isAgreed.then((atMs) => scheduled(leader.id, files, atMs))]);
  }

  /** The one that waits for its moment. @throws LvsError PAIR_REFUSED */
  cancel(): void {
    if (this.#leader?.cancel('it was cancelled') !== true)
      throw new LvsError('PAIR_REFUSED', ['no push of this director waits for its moment']);
  }

  status(): PushStatus {
    const { fingerprint, configuration } = this.#options.reload;
    const leader = this.#leader;
    return {
      fingerprint: fingerprint ?? null,
      accepts: configuration?.globals.pair?.acceptsPush ?? false,
      running: leader === undefined ? null : { id: leader.id, state: leader.state, atMs: leader.atMs ?? null },
      last: this.#last,
      here: this.#site.state.is,
    };
  }

  /** What is on trial goes back at the next start. */
  async close(): Promise<void> {
    this.#leader?.stop();
    await this.#site.close();
  }

  async #run(leader: PushLeader, { checkOnly }: PushOrder): Promise<PushResult> {
    const { log } = this.#options;
    try {
      const result = await leader.run();
      const { end } = result;
      this.#last = result;
      const told = { event: 'pair.push-ended', push: leader.id, is: end.is, ...('why' in end ? { why: end.why } : {}) };
      if (end.is === 'in-force' || end.is === 'checked') log.info(told);
      else log.warn(told);
      if (!checkOnly) await this.#settleDoubt(result);
      return result;
    } finally {
      this.#leader = undefined;
    }
  }

  /** What the peer has is known again. */
  async #settleDoubt({ end }: PushResult): Promise<void> {
    const isKnown = end.is === 'in-force' || (end.is === 'back' && end.peer === 'back');
    if (!isKnown) return;
    const { files, log } = this.#options;
    await files.clear().catch((error: unknown) => log.warn({ event: 'pair.push-note', reason: reasonOf(error) }));
  }

  #read({ file }: PushOrder): { readonly files: Bundle | undefined; readonly complaints: readonly string[] } {
    const { source } = this.#options;
    const read = file === null ? source.read() : source.readAt?.(file);
    if (read === undefined) throw new LvsError('PAIR_REFUSED', ['this director reads no other files']);
    const { configuration, complaints, files } = read;
    // of another file complaints are about its own places; what is offered is read as if it lay in the place of ours
    return configuration === undefined ? { files: undefined, complaints } : { files, complaints };
  }

  /** The peer may have what is in force here, and what a push of ours may have left there. */
  async #against(): Promise<{ readonly here: readonly string[]; readonly peer: readonly string[] }> {
    const { fingerprint } = this.#options.reload;
    const here = fingerprint === undefined ? [] : [fingerprint];
    return { here, peer: [...here, ...(await this.#options.files.doubts())] };
  }
}

const unreadable = (complaints: readonly string[]): PushResult => ({
  id: '',
  end: { is: 'refused', why: ['here: it is not read without errors'] },
  complaints: { here: complaints, peer: [] },
  fingerprint: '',
  atMs: null,
});

const scheduled = (id: string, files: Bundle, atMs: number): PushResult => ({
  id,
  end: { is: 'scheduled' },
  complaints: { here: [], peer: [] },
  fingerprint: fingerprintOf(files),
  atMs,
});
