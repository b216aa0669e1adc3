import type { SyncGroup, VrrpInstance } from '../config/vrrp/vrrp.js';
import type { VrrpNotify } from '../notify/vrrp-notify.js';
import type { VrrpState } from '../notify/vrrp-words.js';
import type { Role, Told } from '../vrrp/machine-types.js';
import { groupRole } from '../vrrp/sync-group.js';
import type { News } from './vrrp-holder.js';
import type { VrrpOrder } from './vrrp-order.js';
import type { VrrpSyncDaemon } from './vrrp-sync-daemon.js';

export interface VrrpNewsOptions {
  readonly notify: Pick<VrrpNotify, 'follow' | 'instance' | 'group' | 'heardLower' | 'write' | 'stop'>;
  readonly syncDaemon: Pick<VrrpSyncDaemon, 'follow' | 'role' | 'close'>;
  /** Whose scripts run how: that of the configuration. */
  readonly commands: { follow(globals: VrrpOrder['globals']): void };
}

/** What is known of an instance: its role as it was told to us, its priority, and whether anybody has heard of it. */
interface Known {
  role: Role;
  priority: number;
  isTold: boolean;
}

/** What changes of virtual routers mean for those who want to know, as in keepalived: which state it is, whose news it is, what is no news. */
export class VrrpNews implements News {
  readonly #options: VrrpNewsOptions;
  readonly #known = new Map<string, Known>();
  /** What of a group was told last. */
  readonly #groups = new Map<string, VrrpState>();
  #order: VrrpOrder | undefined;

  constructor(options: VrrpNewsOptions) {
    this.#options = options;
  }

  async follow(order: VrrpOrder): Promise<void> {
    const { commands, notify, syncDaemon } = this.#options;
    const isFirst = this.#order === undefined;
    this.#order = order;
    commands.follow(order.globals);
    const groups = new Set(order.vrrp.syncGroups.map(({ name }) => name));
    for (const name of this.#groups.keys()) if (!groups.has(name)) this.#groups.delete(name);
    await notify.follow(order.globals);
    if (!isFirst && order.globals.vrrp.statesToFifosOnReload) this.#repeat(order);
    await syncDaemon.follow(order.globals.syncDaemon);
  }

  told(instance: VrrpInstance, what: Told, byGroup: boolean): void {
    switch (what.is) {
      case 'role':
        return this.#changed(instance, what.to, byGroup);
      case 'priority': {
        const known = this.#of(instance);
        known.priority = what.value;
        if (!instance.notify.priorityChanges || !known.isTold) return;
        const event = known.role === 'master' ? 'MASTER_PRIORITY' : 'BACKUP_PRIORITY';
        return this.#options.notify.write({ kind: 'INSTANCE', name: instance.name, priority: what.value }, event);
      }
      case 'lower-master':
        return this.#options.notify.heardLower(instance, this.#of(instance).priority);
      case 'new-master':
      case 'same-priority':
      case 'unheard':
      case 'two-owners':
      case 'deaf':
      case 'interval-bounded':
        return; // for the log
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#options.notify.stop(), this.#options.syncDaemon.close()]);
  }

  #changed(instance: VrrpInstance, role: Role, byGroup: boolean): void {
    const { name } = instance;
    const known = this.#of(instance);
    known.role = role;
    this.#options.syncDaemon.role(name, role);
    const group = this.#order?.vrrp.syncGroups.find(({ members }) => members.includes(name));
    const state = this.#stateOf(instance, role);
    // who only comes to where the group is said to be has no news of his own, but for the first time
    const isFollower = byGroup && known.isTold && group !== undefined && this.#groups.get(group.name) === state;
    known.isTold = true;
    if (!isFollower) this.#options.notify.instance(instance, state, known.priority);
    if (role === 'initialize') this.#known.delete(name);
    if (group !== undefined) this.#tellGroup(group, role);
  }

  /** A group is where all its members are; while they are on their way it is where it was. */
  #tellGroup(group: SyncGroup, role: Role): void {
    const roles = group.members.map((name): Role => this.#known.get(name)?.role ?? 'initialize');
    const whole = groupRole(roles.map((is) => ({ is })));
    if (whole !== role || roles.some((is) => is !== whole)) return;
    const state = stateOfRole(whole);
    if (this.#groups.get(group.name) === state) return;
    this.#groups.set(group.name, state);
    this.#options.notify.group(group, state);
  }

  #stateOf(instance: VrrpInstance, role: Role): VrrpState {
    const isThere = this.#order === undefined || this.#order.vrrp.instances.includes(instance);
    if (role !== 'initialize' || isThere) return stateOfRole(role);
    return instance.notifyDeleted === 'fault' ? 'FAULT' : 'DELETED';
  }

  /** fifo_write_vrrp_states_on_reload: of those that were there before; others tell themselves. */
  #repeat({ vrrp }: VrrpOrder): void {
    const { notify } = this.#options;
    for (const { name } of vrrp.instances) {
      const known = this.#known.get(name);
      if (known?.isTold !== true) continue;
      notify.write({ kind: 'INSTANCE', name, priority: known.priority }, stateOfRole(known.role));
    }
    for (const { name } of vrrp.syncGroups) {
      const state = this.#groups.get(name);
      if (state !== undefined) notify.write({ kind: 'GROUP', name, priority: 0 }, state);
    }
  }

  #of({ name, priority }: VrrpInstance): Known {
    const known = this.#known.get(name) ?? { role: 'initialize', priority, isTold: false };
    this.#known.set(name, known);
    return known;
  }
}

const stateOfRole = (role: Role): VrrpState =>
  (({ master: 'MASTER', backup: 'BACKUP', fault: 'FAULT', initialize: 'STOP' }) as const)[role];
