import type { Configuration, Script, ScriptUser } from '../config/configuration.js';
import { serverName, virtualServerName } from '../director/names.js';
import { findAccount } from '../system/accounts.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { runScript, type ScriptOrder } from '../system/run-script.js';

const SCRIPT_TIMEOUT_MS = 60_000;
/** keepalived's: who runs scripts if nobody is named, where there is such a user. */
const USUAL_USER = 'keepalived_script';

interface Scripts {
  readonly up: Script | undefined;
  readonly down: Script | undefined;
}

/** Runs the notify scripts of servers and quorums. Not queued: those of one moment run side by side, as keepalived's do. */
export class Notify {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #running = new Set<Promise<void>>();
  #scripts: ReadonlyMap<string, Scripts> = new Map();
  #user: ScriptUser | undefined;
  #virtualServers: Configuration['virtualServers'] = [];

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  follow({ globals, virtualServers }: Configuration): void {
    this.#user = globals.scriptUser;
    this.#virtualServers = virtualServers;
    this.#scripts = new Map(
      virtualServers.flatMap((virtual) => {
        const name = virtualServerName(virtual);
        const quorum: [string, Scripts] = [name, { up: virtual.quorumUp, down: virtual.quorumDown }];
        return [
          quorum,
          ...virtual.realServers.map((server): [string, Scripts] => [
            serverName(name, server),
            { up: server.notifyUp, down: server.notifyDown },
          ]),
        ];
      }),
    );
  }

  /** `name` is that of a server or of a virtual server (its quorum). */
  tell(name: string, isUp: boolean): void {
    const scripts = this.#scripts.get(name);
    const script = isUp ? scripts?.up : scripts?.down;
    if (script === undefined) return;
    const run = this.#run(name, script).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  /** We stop: for virtual servers with `omega` this is as if everything went down. */
  tellOmega(isUp: (server: string) => boolean, quorums: ReadonlyMap<string, boolean>): void {
    for (const virtual of this.#virtualServers.filter(({ omega }) => omega)) {
      const name = virtualServerName(virtual);
      for (const server of virtual.realServers)
        if (isUp(serverName(name, server))) this.tell(serverName(name, server), false);
      if (quorums.get(name) === true) this.tell(name, false);
    }
  }

  /** Resolves when the scripts that run have ended; each has its deadline. */
  async stop(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #run(name: string, script: Script): Promise<void> {
    const fields = { name, script: script.argv.join(' ') };
    try {
      const order = await this.#order(script);
      const end = 'failed' in order ? order : await runScript(order, this.#clock);
      if ('failed' in end || end.status !== 0) this.#log.warn({ event: 'notify.failed', ...fields, ...end });
      else this.#log.info({ event: 'notify.done', ...fields });
    } catch (error) {
      this.#log.warn({ event: 'notify.failed', ...fields, failed: reasonOf(error) });
    }
  }

  async #order({ argv, user = this.#user }: Script): Promise<ScriptOrder | { readonly failed: string }> {
    if (user === undefined)
      return { argv, timeoutMs: SCRIPT_TIMEOUT_MS, ...(await findAccount(USUAL_USER, undefined)) };
    const account = await findAccount(user.user, user.group);
    if (account === undefined) return { failed: `there is no user '${user.user}' or no such group` };
    return { argv, timeoutMs: SCRIPT_TIMEOUT_MS, ...account };
  }
}
