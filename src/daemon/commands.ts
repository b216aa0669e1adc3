import type { GlobalSettings, Script, ScriptUser } from '../config/configuration.js';
import type { NotifyFifo, OnceScript } from '../config/global-settings.js';
import type { RunCommand } from '../health/ports.js';
import { type Account, findAccount } from '../system/accounts.js';
import type { Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import { reasonOf } from '../system/log.js';
import { runScript, type ScriptEnd, type ScriptOrder } from '../system/run-script.js';
import { findProgram, inspectScript, type SecurityFiles, systemFiles } from '../system/script-security.js';
import { mayBecomeOthers } from './capabilities.js';

/** Who runs scripts if nobody is named: the first of them that there is. keepalived's, and that of our package. */
const USUAL_USERS = ['keepalived_script', 'lvsd-check'] as const;

export type CommandSettings = Pick<
  GlobalSettings,
  'scriptUser' | 'scriptSecurity' | 'supplementaryGroups' | 'scriptTimeoutSeconds' | 'umask'
>;

/** Where accounts, files and programs are looked up; a test passes what it likes. */
export interface CommandPlaces {
  readonly findAccount: typeof findAccount;
  readonly files: SecurityFiles;
  /** As $PATH; absent: where a shell without it looks. */
  readonly searchPath?: string | undefined;
  /** Who we are. */
  readonly uid: number;
  /** root, and who has CAP_SETUID and CAP_SETGID. */
  readonly mayBecomeOthers: boolean;
}

export interface CommandOptions {
  /** Absent: script_timeout. Infinity: none. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly endsWithUs?: boolean;
}

const systemPlaces = (): CommandPlaces => ({
  findAccount,
  files: systemFiles,
  searchPath: process.env['PATH'],
  uid: process.geteuid?.() ?? 0,
  mayBecomeOthers: mayBecomeOthers(),
});

/** What keepalived does where a file says nothing. */
const DEFAULTS: CommandSettings = {
  scriptUser: undefined,
  scriptSecurity: false,
  supplementaryGroups: false,
  scriptTimeoutSeconds: 60,
  umask: 0o177,
};

/** Runs the programs that a configuration names: as whom and under which rules its global_defs say, looked at directly before each run. */
export class Commands {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #places: CommandPlaces;
  /** What runs, and what ends it. */
  readonly #running = new Map<Promise<ScriptEnd>, AbortController>();
  readonly #warned = new Set<string>();
  #settings: CommandSettings = DEFAULTS;

  constructor(clock: Clock, log: Log, places: CommandPlaces = systemPlaces()) {
    this.#clock = clock;
    this.#log = log;
    this.#places = places;
  }

  follow(settings: CommandSettings): void {
    this.#settings = settings;
    this.#warned.clear();
  }

  /** Never rejects: what cannot or must not be run has failed, with the reason. */
  run(script: Script, options: CommandOptions = {}): Promise<ScriptEnd> {
    // not AbortSignal.any: what lives as long as we do must not collect a dependant for each run
    const ending = new AbortController();
    const end = (): void => ending.abort();
    if (options.signal?.aborted === true) end();
    options.signal?.addEventListener('abort', end, { once: true });
    const run = this.#run(script, options, ending.signal)
      .catch((error: unknown): ScriptEnd => ({ failed: reasonOf(error) }))
      .finally(() => {
        options.signal?.removeEventListener('abort', end);
        this.#running.delete(run);
      });
    this.#running.set(run, ending);
    return run;
  }

  /** The port of MISC_CHECK. Whoever asks is told at once that it was stopped; the program gets its time to end. */
  readonly runCommand: RunCommand = (command, timeoutMs, signal) => {
    if (signal.aborted) return Promise.resolve({ failed: 'stopped' });
    return new Promise((resolve) => {
      const stopped = (): void => resolve({ failed: 'stopped' });
      signal.addEventListener('abort', stopped, { once: true });
      void this.run(command, { timeoutMs, signal, endsWithUs: true }).then((end) => {
        signal.removeEventListener('abort', stopped);
        resolve(end);
      });
    });
  };

  /** startup_script and shutdown_script: waited for, within their time; what becomes of them stops nobody. */
  async once(which: 'startup' | 'shutdown', order: OnceScript | undefined): Promise<void> {
    if (order === undefined) return;
    const end = await this.run(order.script, { timeoutMs: 1000 * order.timeoutSeconds, endsWithUs: true });
    const fields = { which, script: order.script.argv.join(' '), ...end };
    if ('status' in end && end.status === 0) this.#log.info({ event: 'script.done', ...fields });
    else this.#log.error({ event: 'script.failed', ...fields });
  }

  /** Who shall own a pipe that has to be made; undefined: there is no such user or group. */
  async ownerOf({ user, group }: NotifyFifo): Promise<Account | 'us' | undefined> {
    const named = user === undefined ? this.#settings.scriptUser : { user, ...(group === undefined ? {} : { group }) };
    const found = await this.#account(named);
    return 'failed' in found ? undefined : (found.account ?? 'us');
  }

  /** Ends what still runs. */
  async stop(): Promise<void> {
    for (const ending of this.#running.values()) ending.abort();
    await Promise.all(this.#running.keys());
  }

  async #run(script: Script, options: CommandOptions, signal: AbortSignal): Promise<ScriptEnd> {
    const { scriptTimeoutSeconds, umask } = this.#settings;
    const { timeoutMs: limit = 1000 * scriptTimeoutSeconds, endsWithUs } = options;
    const order = await this.#order(script);
    if ('failed' in order) return order;
    if (signal.aborted) return { failed: 'stopped' };
    const more = {
      ...(limit === Number.POSITIVE_INFINITY ? {} : { timeoutMs: limit }),
      ...(endsWithUs === undefined ? {} : { endsWithUs }),
    };
    return runScript({ ...order, umask, signal, ...more }, this.#clock);
  }

  async #order({ argv, user }: Script): Promise<ScriptOrder | { readonly failed: string }> {
    const { files, searchPath, uid } = this.#places;
    const [name = '', ...words] = argv;
    const who = await this.#account(user ?? this.#settings.scriptUser);
    if ('failed' in who) return who;
    const program = await findProgram(name, searchPath, files);
    if (program === undefined) return { failed: `there is no program '${name}' in $PATH` };
    const isRoot = (who.account?.uid ?? uid) === 0 || who.account?.gid === 0;
    const { missing, unsafe } = await inspectScript(program, files);
    if (missing !== undefined) return { failed: missing };
    if (isRoot && unsafe !== undefined) {
      if (this.#settings.scriptSecurity) return { failed: `${unsafe}: it is not run as root (enable_script_security)` };
      this.#warn(program, unsafe);
    }
    return { argv: [program, ...words], ...who };
  }

  async #account(user: ScriptUser | undefined): Promise<{ readonly account?: Account } | { readonly failed: string }> {
    const { findAccount: find, mayBecomeOthers } = this.#places;
    const supplementary = user?.supplementary ?? this.#settings.supplementaryGroups;
    if (user === undefined) {
      // nobody asked for it where it cannot be
      for (const name of mayBecomeOthers ? USUAL_USERS : []) {
        const usual = await find(name, { supplementary });
        if (usual !== undefined) return { account: usual };
      }
      return {};
    }
    const account = await find(user.user, { group: user.group, supplementary });
    if (account !== undefined) return { account };
    return {
      failed: `there is no user '${user.user}'${user.group === undefined ? '' : ` or no group '${user.group}'`}`,
    };
  }

  #warn(script: string, reason: string): void {
    if (this.#warned.has(script)) return;
    this.#warned.add(script);
    this.#log.warn({ event: 'script.unsafe', script, reason });
  }
}
