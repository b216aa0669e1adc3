import type { VrrpInstance } from '../config/vrrp/vrrp.js';
import type { Cancel } from '../system/clock.js';
import type { Log } from '../system/log.js';
import type { State } from './machine-types.js';

/** Of a session. `left`: its other end has taken leave, which is no sign that it is not there (RFC 5882 §3.2). */
export type SessionNews = 'up' | 'down' | 'left';

export interface MasterWatchPorts {
  readonly log: Log;
  readonly follow: (session: string, tell: (news: SessionNews) => void) => Cancel;
  /** The state of an instance; undefined: there is none of that name. */
  readonly stateOf: (instance: string) => State | undefined;
  /** The master of this instance is gone. */
  readonly lost: (instance: string) => void;
}

/** A bfd_instance, as far as it matters here. */
export interface MasterSession {
  readonly name: string;
  /** Canonical text. */
  readonly neighbor: string;
}

/**
 * bfd_master: a backup that hears a master, and whose BFD session with that master's address was up and goes down, need not wait for adverts
 * that do not come. Sessions with others than the master mean nothing; that a session is down from the beginning, or was ended, neither.
 */
export class MasterWatch {
  readonly #ports: MasterWatchPorts;
  /** By name of the session. */
  readonly #followed = new Map<string, Cancel>();
  #sessions: ReadonlyMap<string, MasterSession> = new Map();
  #instances: readonly Pick<VrrpInstance, 'name' | 'masterSessions'>[] = [];

  constructor(ports: MasterWatchPorts) {
    this.#ports = ports;
  }

  follow(
    instances: readonly Pick<VrrpInstance, 'name' | 'masterSessions'>[],
    sessions: readonly MasterSession[],
  ): void {
    this.#instances = instances;
    this.#sessions = new Map(sessions.map((session) => [session.name, session]));
    const wanted = new Set(instances.flatMap(({ masterSessions }) => masterSessions));
    for (const [name, cancel] of this.#followed)
      if (!wanted.has(name)) {
        cancel();
        this.#followed.delete(name);
      }
    for (const name of wanted) if (!this.#followed.has(name)) this.#followed.set(name, this.#watch(name));
  }

  close(): void {
    for (const cancel of this.#followed.values()) cancel();
    this.#followed.clear();
  }

  #watch(name: string): Cancel {
    let wasUp = false;
    return this.#ports.follow(name, (news) => {
      if (wasUp && news === 'down') this.#lost(name);
      wasUp = news === 'up';
    });
  }

  #lost(name: string): void {
    const { log, stateOf, lost } = this.#ports;
    const neighbor = this.#sessions.get(name)?.neighbor;
    for (const { name: instance, masterSessions } of this.#instances) {
      if (!masterSessions.includes(name)) continue;
      const state = stateOf(instance);
      if (state?.is !== 'backup' || state.master === undefined || state.master.source !== neighbor) continue;
      log.warn({ event: 'vrrp.master-lost', router: instance, session: name, source: neighbor });
      lost(instance);
    }
  }
}
