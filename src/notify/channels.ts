import type { Script, ScriptUser } from '../config/configuration.js';
import type { MailSettings, NotifyFifo } from '../config/global-settings.js';
import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import { Mailer } from './mailer.js';
import { Pipes, type PipesOptions } from './pipes.js';
import type { RunScript, SendMails } from './ports.js';
import { Lanes } from './queue.js';
import { type MailText, scriptText } from './words.js';

export interface ChannelsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly run: RunScript;
  readonly send: SendMails;
  /** Who shall own a pipe. */
  readonly pipeOwner: PipesOptions['owner'];
}

const SCRIPTS_AT_ONCE = 16;
const BACKLOG = 100;
const MAIL_PATIENCE_MS = 2_000;
/** keepalived's child_wait_time. */
const STOP_MS = 5_000;

/** Where news go: scripts in order, one at a time per object that they are about; pipes and mail at once. Nothing is lost without a word in the log. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #lanes: Lanes;
  readonly #pipes: Pipes;
  readonly #mailer: Mailer;

  constructor(options: ChannelsOptions) {
    const { clock, log, run, send, pipeOwner: owner } = options;
    this.#options = options;
    this.#pipes = new Pipes({ clock, log, run, owner });
    this.#mailer = new Mailer({ clock, log, send });
    this.#lanes = new Lanes({
      atOnce: SCRIPTS_AT_ONCE,
      backlog: BACKLOG,
      onBacklog: (name, waiting) => log.error({ event: 'notify.backlog', name, waiting }),
    });
  }

  /** These pipes from now on. Resolves when they are open. */
  follow(fifos: readonly (NotifyFifo | undefined)[]): Promise<void> {
    return this.#pipes.follow(fifos.filter((fifo) => fifo !== undefined));
  }

  /** A line with its end, to each pipe. */
  write(line: string): void {
    this.#pipes.write(line);
  }

  mail(settings: MailSettings, mail: MailText): void {
    this.#mailer.post(settings, mail);
  }

  /** `begins` is called when what came before about the same object is done, also where there is no script. */
  run(
    name: string,
    script: Script | undefined,
    { begins, timeoutMs }: { readonly begins?: () => void; readonly timeoutMs?: number } = {},
  ): void {
    this.#lanes.post(name, async (signal) => {
      begins?.();
      if (script === undefined) return;
      const { log, run } = this.#options;
      const fields = { name, script: scriptText(script) };
      const end = await run(script, { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
      if ('failed' in end) log.error({ event: 'notify.failed', ...fields, ...end });
      else if (end.status !== 0) log.warn({ event: 'notify.failed', ...fields, ...end });
      else log.info({ event: 'notify.done', ...fields });
    });
  }

  /** Resolves when what was told has been done, or after `withinMs`; what was cut is logged. */
  async stop(withinMs: number = STOP_MS): Promise<void> {
    const mails = this.#mailer.stop(Math.min(withinMs, MAIL_PATIENCE_MS));
    const inTime = await this.#drainedWithin(withinMs);
    if (!inTime)
      for (const [name, dropped] of await this.#lanes.cut())
        this.#options.log.error({ event: 'notify.cut', name, dropped });
    await mails;
    await this.#pipes.stop();
  }

  #drainedWithin(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const disarm = this.#options.clock.after(ms, () => resolve(false));
      void this.#lanes.drained().then(() => {
        disarm();
        resolve(true);
      });
    });
  }
}

/** A script that names no user is run by the one that global_defs named when it happened. */
export const owned = (script: Script | undefined, scriptUser: ScriptUser | undefined): Script | undefined =>
  script === undefined || script.user !== undefined || scriptUser === undefined
    ? script
    : { ...script, user: scriptUser };
