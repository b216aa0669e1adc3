import { basename } from 'node:path';
import { type Bundle, fingerprintOf, untransportable } from '../config/bundle.js';
import {
  type Asked,
  newPush,
  type Pushed,
  type PushAction,
  type PushEvent,
  type PushSettings,
  type PushState,
  stepPush,
} from '../pair/push-machine.js';
import { done, failure, type PushOffer, type PushQuestion, type PushReply } from '../pair/push-messages.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';
import { Timers } from '../system/timers.js';
import type { PushFiles } from './push-files.js';
import type { Reload } from './reload.js';
import type { ConfigurationSource } from './world.js';

export interface PushSiteOptions {
  readonly settings: PushSettings;
  readonly reload: Pick<Reload, 'configuration' | 'files' | 'fingerprint' | 'troubles' | 'fromSource'>;
  readonly source: ConfigurationSource;
  readonly files: Pick<PushFiles, 'unwritable' | 'begin' | 'keep' | 'recover'>;
  readonly clock: Clock;
  /** ms since 1970. */
  readonly wallMs: () => number;
  readonly log: Log;
}

/** What stands, or is tried: the text, and the fingerprint of what it takes the place of. */
interface Standing {
  readonly files: Bundle;
  readonly instead: string | undefined;
}

const ACCEPT = "it takes no pushes; write 'pair_accept_push' into its global_defs";
const FORCE = 'look at it there, and say --force if it may be overwritten';

/** One director's side of a push: what both directors ask of it, be it led from here or from the peer. */
export class PushSite {
  readonly #options: PushSiteOptions;
  readonly #timers: Timers<'push'>;
  readonly #work = new Mailbox();
  readonly #waiting = new Map<string, ((reply: PushReply) => void)[]>();
  #state: PushState = newPush;
  #standing: Standing | undefined;

  constructor(options: PushSiteOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  get state(): PushState {
    return this.#state;
  }

  /** Resolves when it is done or refused: a commit for a later moment not before that. */
  ask(question: Exclude<PushQuestion, { readonly do: 'push-clock' }>, by: Pushed['by']): Promise<PushReply> {
    switch (question.do) {
      case 'push-offer':
        return this.#offer(question, by);
      case 'push-commit': {
        const inMs = question.atMs === null ? 0 : Math.max(0, question.atMs - this.#options.wallMs());
        return this.#answerTo('commit', { is: 'commit', id: question.id, inMs });
      }
      case 'push-settle': {
        const { id, keep, why } = question;
        return this.#answerTo(keep ? 'keep' : 'back', { is: 'settle', id, keep, why });
      }
    }
  }

  /** What is on trial goes back at the next start. */
  async close(): Promise<void> {
    this.#timers.disarmAll();
    await this.#work.close();
    for (const resolves of this.#waiting.values()) for (const resolve of resolves) resolve(failure('it stops'));
    this.#waiting.clear();
  }

  #offer(offer: PushOffer, by: Pushed['by']): Promise<PushReply> {
    const { id, from, files, holdMs } = offer;
    const reply = this.#judge(offer, by);
    if (reply.failed === null && this.#isFreeFor(by))
      this.#standing = { files, instead: this.#options.reload.fingerprint };
    return this.#answerTo('offer', { is: 'offer', push: { id, by, from }, reply, holdMs });
  }

  #isFreeFor(by: Pushed['by']): boolean {
    return this.#state.is === 'idle' || (this.#state.is === 'offered' && this.#state.push.by === by);
  }

  /** Whether a reload would take it, with nothing changed. */
  #judge({ files, against }: PushOffer, by: Pushed['by']): PushReply {
    const { reload, source } = this.#options;
    if (by === 'peer' && reload.configuration?.globals.pair?.acceptsPush !== true) return failure(ACCEPT);
    if (reload.files === undefined) return failure('its configuration does not come from files');
    const wrong = untransportable(files) ?? this.#collision(files) ?? this.#options.files.unwritable();
    if (wrong !== undefined) return failure(wrong);
    const changed = against === null ? undefined : this.#changedMeanwhile(files, against);
    if (changed !== undefined) return failure(`${changed}; ${FORCE}`);
    const { configuration, complaints } = source.read(files);
    if (configuration === undefined) return failure('it is not read without errors', complaints);
    return { ...done, complaints };
  }

  #collision({ included }: Bundle): string | undefined {
    const name = basename(this.#options.source.path);
    const isTaken = included.some(({ path }) => path === name);
    return isTaken ? `its main file is called ${name}, as one of those that are included` : undefined;
  }

  /** By whom else than by the one who pushes: what is in force, or what waits on the disk for a reload. */
  #changedMeanwhile(files: Bundle, against: readonly string[]): string | undefined {
    const { source, reload } = this.#options;
    const inForce = reload.fingerprint ?? 'none';
    const offered = fingerprintOf(files);
    if (!against.includes(inForce) && inForce !== offered)
      return `its configuration (${inForce}) is not the one that this push is to replace`;
    const { files: onDisk } = source.read();
    const waiting = onDisk === undefined ? 'unreadable' : fingerprintOf(onDisk);
    if (waiting === inForce || waiting === offered) return undefined;
    return `${source.path} was changed there (${waiting}), and that is not in force yet`;
  }

  #answerTo(to: Asked, event: PushEvent & ({ readonly id: string } | { readonly is: 'offer' })): Promise<PushReply> {
    const key = keyOf(to, event.is === 'offer' ? event.push.id : event.id);
    return new Promise((resolve) => {
      this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), resolve]);
      this.#step(event);
    });
  }

  #step(event: PushEvent): void {
    const { state, actions } = stepPush(this.#options.settings, this.#state, event);
    this.#state = state;
    for (const action of actions) this.#do(action);
  }

  #do(action: PushAction): void {
    switch (action.do) {
      case 'answer': {
        const key = keyOf(action.to, action.id);
        for (const resolve of this.#waiting.get(key) ?? []) resolve(action.reply);
        this.#waiting.delete(key);
        return;
      }
      case 'arm':
        return this.#timers.arm('push', action.ms, () => this.#step({ is: 'timer' }));
      case 'disarm':
        return this.#timers.disarm('push');
      case 'tell':
        return this.#tell(action);
      case 'try':
        return this.#inTurn((push) => this.#try(push));
      case 'keep':
        return this.#inTurn(() => this.#options.files.keep());
      case 'back':
        return this.#inTurn(() => this.#back());
    }
  }

  #tell({ event, push: { id, by, from }, why }: Extract<PushAction, { readonly do: 'tell' }>): void {
    const { log } = this.#options;
    const told = { event, push: id, by, from, ...(why === undefined ? {} : { why }) };
    if (event === 'pair.push-stuck') log.error(told);
    else if (event === 'pair.push-back' || event === 'pair.push-refused') log.warn(told);
    else log.info(told);
  }

  #inTurn(run: (push: Pushed) => Promise<void>): void {
    if (this.#state.is === 'idle') return;
    const { push } = this.#state;
    const worked = this.#work
      .post(() => run(push))
      .then(
        () => undefined,
        (error: unknown) => reasonOf(error),
      );
    void worked.then((failed) => this.#step({ is: 'worked', failed }));
  }

  async #try({ id, by }: Pushed): Promise<void> {
    const { reload, source, files } = this.#options;
    const { files: before } = reload;
    if (this.#standing === undefined || before === undefined) throw new Error('it is not offered any more');
    const { files: after, instead } = this.#standing;
    if (reload.fingerprint !== instead || instead === undefined)
      throw new Error('its configuration was changed meanwhile');
    const doubt = by === 'here' ? [instead, fingerprintOf(after)] : [];
    const had = reload.troubles;
    await files.begin(id, { before, after, present: source.read().files ?? before, doubt });
    await reload.fromSource();
    const [trouble, ...more] = reload.troubles.filter((one) => !had.includes(one));
    if (trouble !== undefined) throw new Error(`${trouble}${more.length === 0 ? '' : ` (and ${more.length} more)`}`);
  }

  async #back(): Promise<void> {
    const { files, reload } = this.#options;
    if ((await files.recover()) !== undefined) await reload.fromSource();
  }
}

const keyOf = (to: Asked, id: string): string => `${to} ${id}`;
