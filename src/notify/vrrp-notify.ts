import { hostname } from 'node:os';
import type { GlobalSettings, Script } from '../config/configuration.js';
import type { SyncGroup, VrrpInstance, VrrpNotifications } from '../config/vrrp/vrrp.js';
import { Channels, type ChannelsOptions, owned } from './channels.js';
import {
  vrrpArguments,
  vrrpLine,
  vrrpMail,
  type VrrpOccurrence,
  type VrrpState,
  type VrrpSubject,
} from './vrrp-words.js';

export type VrrpNotifyGlobals = Pick<GlobalSettings, 'routerId' | 'mail' | 'fifos' | 'scriptUser' | 'vrrp'>;

/** keepalived's: what a script may take while we stop. */
const STOP_SCRIPT_MS = 1_000;

/**
 * Tells of virtual routers and their groups: the script of the state, then the one for all states, one after the other per router or group;
 * pipes and mail at once. Who shall be told of what is decided before.
 */
export class VrrpNotify {
  readonly #channels: Channels;
  #globals: VrrpNotifyGlobals | undefined;
  /** The state of the last mail, by subject. */
  readonly #mailed = new Map<string, VrrpState>();

  constructor(options: ChannelsOptions) {
    this.#channels = new Channels(options);
  }

  /** Resolves when the pipes are open. The reader of the pipe for all events is the director's: it tells there, too. */
  async follow(globals: VrrpNotifyGlobals): Promise<void> {
    this.#globals = globals;
    const { all, vrrp } = globals.fifos;
    const { script: _reader, ...pipe } = all ?? { path: '' };
    await this.#channels.follow([all === undefined ? undefined : pipe, vrrp]);
  }

  instance({ name, notify, notifyDeleted }: VrrpInstance, state: VrrpState, priority: number): void {
    const deleted = typeof notifyDeleted === 'string' ? undefined : notifyDeleted;
    this.#changed({ kind: 'INSTANCE', name, priority }, notify, state, deleted);
  }

  group({ name, notify }: SyncGroup, state: VrrpState): void {
    this.#changed({ kind: 'GROUP', name, priority: 0 }, notify, state, undefined);
  }

  /** A master has heard a router that should not be master. */
  heardLower({ name, notifyMasterRxLowerPriority: script }: VrrpInstance, priority: number): void {
    const subject = { kind: 'INSTANCE', name, priority } as const;
    this.write(subject, 'MASTER_RX_LOWER_PRI');
    this.#run(subject, script, []);
  }

  /** On pipes only: a priority that has changed, or a state that is said again. */
  write(subject: VrrpSubject, what: VrrpState | VrrpOccurrence): void {
    this.#channels.write(vrrpLine(subject, what));
  }

  /** Resolves when what was told has been done, or some seconds later; what was cut is logged. */
  stop(): Promise<void> {
    return this.#channels.stop();
  }

  #changed(
    subject: VrrpSubject,
    notify: VrrpNotifications,
    state: VrrpState,
    deleted: VrrpInstance['notifyMasterRxLowerPriority'],
  ): void {
    this.write(subject, state);
    const limit = state === 'STOP' ? { timeoutMs: STOP_SCRIPT_MS } : {};
    this.#run(subject, state === 'DELETED' ? deleted : notify[scriptOf[state]], [], limit);
    this.#run(subject, notify.any, vrrpArguments(subject, state), limit);
    this.#mail(subject, notify, state);
  }

  #run(
    subject: VrrpSubject,
    script: Script | undefined,
    more: readonly string[],
    limit: { readonly timeoutMs?: number } = {},
  ): void {
    const whole = owned(script, this.#globals?.scriptUser);
    if (whole === undefined) return;
    this.#channels.run(laneOf(subject), { ...whole, argv: [...whole.argv, ...more] }, limit);
  }

  /** Once per state: a fault that comes and goes between two mails of one state is none. */
  #mail(subject: VrrpSubject, { smtpAlert }: VrrpNotifications, state: VrrpState): void {
    const { mail, routerId, vrrp } = this.#globals ?? {};
    if (!smtpAlert || mail === undefined || (state === 'FAULT' && vrrp?.noMailForFaults === true)) return;
    const text = vrrpMail(routerId ?? hostname(), subject, state);
    if (text === undefined || this.#mailed.get(laneOf(subject)) === state) return;
    this.#mailed.set(laneOf(subject), state);
    this.#channels.mail(mail, text);
  }
}

const scriptOf = { MASTER: 'master', BACKUP: 'backup', FAULT: 'fault', STOP: 'stop' } as const;

const laneOf = ({ kind, name }: VrrpSubject): string =>
  `${kind === 'GROUP' ? 'vrrp_sync_group' : 'vrrp_instance'} ${name}`;
