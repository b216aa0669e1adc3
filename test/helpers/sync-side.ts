/** One `lvsd sync` of a pair: its owners are the real ones; network, kernel, engine and time are fakes. */
import type { ConnectionTable } from '../../src/connsync/table-file.js';
import { SyncHolder } from '../../src/daemon/sync-holder.js';
import { syncOrderOf } from '../../src/daemon/sync-order.js';
import type { EngineClient } from '../../src/dataplane/client.js';
import { SESSION_RECORD_BYTES } from '../../src/dataplane/protocol.js';
import { LvsError } from '../../src/errors.js';
import type { SyncDaemon } from '../../src/ipvs/rows.js';
import type { SyncReport } from '../../src/pair/sync-report.js';
import type { Role } from '../../src/vrrp/machine-types.js';
import { configurationOf } from './configuration.js';
import { type FakeClock, settled } from './fake-clock.js';
import type { FakeSecureHub } from './fake-secure-network.js';
import { MemoryFile } from './memory-file.js';
import { MemoryLog } from './memory-log.js';

export const KEY = 'correct horse battery staple';

export interface SideOptions {
  readonly key?: string;
  readonly globals?: string;
  readonly userspace?: boolean;
}

type Events = Parameters<SyncHolderEngine>[0];
type SyncHolderEngine = ConstructorParameters<typeof SyncHolder>[0]['connectEngine'];

/** An engine in memory: its sessions by the bytes that say which flow one is. */
export class FakeSessions {
  readonly pid: number;
  services: Uint8Array | undefined = new Uint8Array(8);
  readonly records = new Map<string, Uint8Array>();
  readonly #followers = new Set<Events>();

  constructor(pid: number) {
    this.pid = pid;
  }

  /** Sessions begin, change or end. */
  tell(records: Uint8Array): void {
    this.#take(records);
    for (const follower of this.#followers) follower.onSessions?.({ lost: false, records });
  }

  die(): void {
    for (const follower of [...this.#followers]) follower.onEnd?.();
    this.#followers.clear();
  }

  connect(events: Events): EngineClient {
    this.#followers.add(events);
    const client = {
      hello: () =>
        Promise.resolve({
          protocol: 1,
          version: '',
          pid: this.pid,
          startedMs: 5,
          workers: 1,
          sessions: 1000,
          ports: [],
        }),
      services: () => Promise.resolve(this.services),
      sessions: () => Promise.resolve({ next: 0n, records: Buffer.concat([...this.records.values()]) }),
      loadSessions: (records: Uint8Array) => {
        this.#take(records);
        return Promise.resolve({ taken: records.length / SESSION_RECORD_BYTES, refused: 0 });
      },
      follow: () => Promise.resolve(),
      close: () => void this.#followers.delete(events),
    };
    return client as unknown as EngineClient;
  }

  #take(records: Uint8Array): void {
    for (let at = 0; at < records.length; at += SESSION_RECORD_BYTES) {
      const one = Buffer.from(records.subarray(at, at + SESSION_RECORD_BYTES));
      const flow = one.subarray(0, 32).toString('hex') + one.subarray(64, 68).toString('hex');
      if (one[75] !== 0) this.records.delete(flow);
      else this.records.set(flow, one);
    }
  }
}

export class SyncSide {
  readonly log = new MemoryLog();
  readonly memory: MemoryFile;
  /** Sync daemons of its kernel; undefined: it has no IPVS. */
  daemons: SyncDaemon[] | undefined = [{ state: 'backup', interface: 'cross', syncId: 5 }];
  engine: FakeSessions | undefined = new FakeSessions(100);
  readonly synced: string[] = [];
  roles: Readonly<Record<string, Role>> = { V1: 'backup', V2: 'backup' };
  #version = 1;
  #askers: (() => void)[] = [];
  readonly holder: SyncHolder;
  readonly #which: 1 | 2;

  constructor(hub: FakeSecureHub, clock: FakeClock, which: 1 | 2, memory = new MemoryFile()) {
    this.#which = which;
    this.memory = memory;
    const table: ConnectionTable = { scan: () => Promise.resolve({ rows: 0, refused: 0 }) };
    this.holder = new SyncHolder({
      network: hub.network(`10.99.0.${which}`),
      clock,
      random: { next: () => which / 4 },
      log: this.log,
      kernel: () =>
        this.daemons === undefined
          ? Promise.reject(new LvsError('IPVS_UNAVAILABLE', []))
          : Promise.resolve({ daemons: () => Promise.resolve(this.daemons ?? []), list: () => Promise.resolve([]) }),
      table,
      openSink: () =>
        Promise.resolve({ send: () => Promise.resolve(), drained: () => Promise.resolve(), close: () => undefined }),
      lostMessages: () => 0,
      connectEngine: (events) =>
        this.engine === undefined
          ? Promise.reject(new LvsError('ENGINE_ABSENT', ['engine.sock', 'ENOENT']))
          : Promise.resolve(this.engine.connect(events)),
      roles: async (known) => {
        if (known === this.#version) await new Promise<void>((resolve) => this.#askers.push(resolve));
        return { version: this.#version, known: this.roles };
      },
      tellSynced: (why) => {
        this.synced.push(why);
        return Promise.resolve();
      },
      memory,
      bootId: 'boot',
    });
  }

  become(roles: Readonly<Record<string, Role>>): void {
    this.roles = roles;
    this.#version++;
    for (const wake of this.#askers.splice(0)) wake();
  }

  async follow({ key = KEY, globals = '', userspace = true }: SideOptions = {}): Promise<void> {
    const instance = (name: string, vrid: number): string => `vrrp_instance ${name} {
  interface eth0
  virtual_router_id ${vrid}
  virtual_ipaddress { 10.0.0.${vrid} }
}`;
    const order = syncOrderOf(
      configurationOf(`global_defs {
  pair_peer 10.99.0.${3 - this.#which}
  pair_source 10.99.0.${this.#which}
  pair_key "${key}"
  ${globals}
}
${instance('V1', 1)}
${instance('V2', 2)}
virtual_server 10.0.0.1 80 {
  ${userspace ? 'lvs_engine userspace' : ''}
  lvs_sched rr
  lvs_method NAT
  protocol TCP
  real_server 10.1.0.1 80 {
  }
}`),
    );
    if (order === undefined) throw new Error('no pair');
    await this.holder.follow(order);
  }

  async report(): Promise<SyncReport> {
    return (await this.holder.report()).ours;
  }
}

/** Time and promises go on until then. */
export async function until(clock: FakeClock, what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; !(await isSo()); turn++) {
    if (turn > 2000) throw new Error(`never: ${what}`);
    clock.advance(50);
    for (let i = 0; i < 5; i++) await settled();
  }
}
