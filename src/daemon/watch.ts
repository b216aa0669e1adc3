import type { CheckStatus } from '../cli/control.js';
import type { AskingCheck, Check } from '../config/check.js';
import type { Configuration, RealServer, VirtualServer } from '../config/configuration.js';
import { serverName, virtualServerName } from '../director/names.js';
import type { Outcome } from '../health/check.js';
import { assumed, type Judgement, known } from '../health/judge.js';
import { Monitor } from '../health/monitor.js';
import type { ProbePorts } from '../health/ports.js';
import { Slots } from '../health/slots.js';
import type { Log } from '../system/log.js';
import { checkIdentity, isAsking, monitorSettings } from './checks.js';

export interface WatchOptions {
  readonly ports: ProbePorts;
  readonly log: Log;
  /** A verdict changed on a server of this virtual server. */
  readonly onChange: (virtualServer: string) => void;
  /** All checks of a server together: it went up or down. */
  readonly onServer: (server: string, isUp: boolean) => void;
}

/** What is known of a server before its first attempt; undefined: nothing. */
export type Before = (virtual: VirtualServer, server: RealServer) => boolean | undefined;

type Monitors = ReadonlyMap<string, Monitor>;

const ATTEMPTS_AT_A_TIME = 500;

/** All monitors, by server and check. A reload hands it another configuration; a check that did not change goes on as it was. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #slots = new Slots(ATTEMPTS_AT_A_TIME);
  #servers = new Map<string, Monitors>();
  /** What was told of each server, or was true when its watch began. */
  readonly #told = new Map<string, boolean>();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Every check of it succeeds, or there is none. */
  isUp(server: string): boolean {
    for (const monitor of this.#servers.get(server)?.values() ?? [])
      if (monitor.judgement.verdict === 'down') return false;
    return true;
  }

  /**
   * Watches the servers of `configuration`. Those that are no longer in it keep their verdict until the function returned is
   * called, which is when nobody asks any more.
   */
  follow(configuration: Configuration, before: Before): () => Promise<void> {
    const old = this.#servers;
    const servers = new Map<string, Monitors>();
    for (const virtual of configuration.virtualServers)
      for (const server of virtual.realServers) {
        const name = serverName(virtualServerName(virtual), server);
        if (!servers.has(name)) servers.set(name, this.#monitorsOf(name, virtual, server, before));
      }
    this.#servers = new Map([...old, ...servers]);
    for (const name of servers.keys()) if (!this.#told.has(name)) this.#told.set(name, this.isUp(name));
    return async () => {
      this.#servers = servers;
      for (const name of old.keys()) if (!servers.has(name)) this.#told.delete(name);
      const kept = new Set([...servers.values()].flatMap((monitors) => [...monitors.values()]));
      await stopAll([...old.values()].flatMap((monitors) => [...monitors.values()]).filter((one) => !kept.has(one)));
    };
  }

  get status(): CheckStatus[] {
    return [...this.#servers].flatMap(([server, monitors]) =>
      [...monitors.values()].map(({ settings, judgement, outcome }) => ({
        server,
        check: settings.check.is,
        verdict: judgement.verdict,
        proven: judgement.proven,
        last: outcome?.is ?? 'none',
        detail: outcome?.detail ?? '',
      })),
    );
  }

  async stop(): Promise<void> {
    // verdicts stay: the director may still ask for them
    await stopAll([...this.#servers.values()].flatMap((monitors) => [...monitors.values()]));
  }

  #tell(server: string): void {
    const isUp = this.isUp(server);
    if (this.#told.get(server) === isUp) return;
    this.#told.set(server, isUp);
    this.#options.onServer(server, isUp);
  }

  #monitorsOf(name: string, virtual: VirtualServer, server: RealServer, before: Before): Monitors {
    const old = this.#servers.get(name);
    const monitors = new Map<string, Monitor>();
    for (const check of server.checks.filter(isAsking)) {
      const identity = checkIdentity(check);
      const running = old?.get(identity);
      // another check of a server that was watched: what the old ones found holds until the new one knows better
      const believed = old === undefined ? before(virtual, server) : this.isUp(name);
      monitors.set(identity, running ?? this.#start(virtualServerName(virtual), name, check, initial(check, believed)));
    }
    return monitors;
  }

  #start(virtualServer: string, server: string, check: AskingCheck, judgement: Judgement): Monitor {
    const { ports, log, onChange } = this.#options;
    const kind = check.is;
    const monitor = new Monitor(monitorSettings(check), {
      ports,
      slots: this.#slots,
      initial: judgement,
      onVerdict: (verdict, outcome) => {
        log[verdict === 'up' ? 'info' : 'warn']({
          event: 'health.verdict',
          server,
          check: kind,
          verdict,
          ...reason(outcome),
        });
        this.#tell(server);
        onChange(virtualServer);
      },
      onOutcome: (outcome) => {
        if (outcome.is === 'alive') return;
        const level = check.pace.logAllFailures || outcome.is === 'inconclusive' ? 'warn' : 'debug';
        log[level]({ event: 'health.attempt', server, check: kind, ...reason(outcome) });
      },
    });
    monitor.start();
    return monitor;
  }
}

const initial = (check: Check, believed: boolean | undefined): Judgement =>
  believed === undefined ? assumed(check.pace.alpha ? 'down' : 'up') : known(believed ? 'up' : 'down');

const reason = (outcome: Outcome): { is: string; why?: string; detail: string } => outcome;

const stopAll = async (monitors: readonly Monitor[]): Promise<void> => {
  await Promise.all(monitors.map((monitor) => monitor.stop()));
};
