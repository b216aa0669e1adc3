import type { Finding } from '../health/finding.js';
import type { Watcher } from '../health/monitor.js';
import { checkId } from './checks.js';
import type { WantedCheck } from './places.js';

/** A real server that is watched. */
export interface Seat {
  readonly server: string;
  readonly virtualServer: string;
  readonly wanted: readonly WantedCheck[];
  /** One for each check that is wanted. */
  readonly probes: readonly Probe[];
  /** None of its service's addresses is here (ha_suspend): nobody needs to ask for it. */
  readonly isAsleep: () => boolean;
}

/** One watcher and the servers it watches for. */
export class Probe {
  /** The kind of check. */
  readonly is: string;
  readonly watcher: Watcher;
  /** Names of servers. */
  readonly servers = new Set<string>();
  readonly #identity: string;
  #id: string | undefined;

  constructor({ check, identity }: WantedCheck, watcher: Watcher) {
    this.is = check.is;
    this.#identity = identity;
    this.watcher = watcher;
  }

  get finding(): Finding {
    return this.watcher.finding;
  }

  /** Of its check, for files. */
  readonly id = (): string => (this.#id ??= checkId(this.#identity));
}
