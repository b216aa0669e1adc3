import { addressBytes, formatAddress, parseAddress } from '../model/address.js';
import { bytes, Malformed, text, u8, u16, u32, type Values } from '../netlink/attributes.js';
import type { SyncDaemon } from './rows.js';
import { daemonState } from './uapi.js';

/** enum of IPVS_DAEMON_ATTR_*, in libipvs' order. The port is in host order, unlike every other port of the family. */
export const daemonAttrs = {
  state: [1, u32],
  interface: [2, text],
  syncId: [3, u32],
  maxLength: [4, u16],
  port: [7, u16],
  ttl: [8, u8],
  group: [5, bytes],
  group6: [6, bytes],
} as const;

export type DaemonAttrs = Values<typeof daemonAttrs>;

export function daemonValues(daemon: SyncDaemon): DaemonAttrs {
  const group = daemon.group === undefined ? undefined : addressBytes(daemon.group);
  return {
    state: daemonState[daemon.state],
    interface: daemon.interface,
    syncId: daemon.syncId,
    ...(daemon.maxLength === undefined ? {} : { maxLength: daemon.maxLength }),
    ...(daemon.port === undefined ? {} : { port: daemon.port }),
    ...(daemon.ttl === undefined ? {} : { ttl: daemon.ttl }),
    ...(group === undefined ? {} : group.length === 4 ? { group } : { group6: group }),
  };
}

/** Throws Malformed for a state that is neither master nor backup, or a group that is no address. */
export function readDaemon(told: DaemonAttrs): SyncDaemon {
  const state = told.state === daemonState.master ? 'master' : told.state === daemonState.backup ? 'backup' : undefined;
  if (state === undefined) throw new Malformed(`sync daemon in state ${told.state ?? 'none'}`);
  const group = told.group ?? told.group6;
  if (group !== undefined && parseAddress(formatAddress(group)) === undefined)
    throw new Malformed(`multicast group of ${group.length} bytes`);
  return {
    state,
    interface: told.interface ?? '',
    syncId: told.syncId ?? 0,
    ...(told.maxLength === undefined ? {} : { maxLength: told.maxLength }),
    ...(told.port === undefined ? {} : { port: told.port }),
    ...(told.ttl === undefined ? {} : { ttl: told.ttl }),
    ...(group === undefined ? {} : { group: formatAddress(group) }),
  };
}
