import type { Family } from '../model/address.js';
import type { Instance } from './instance.js';
import type { Role } from './machine-types.js';
import type { Router } from './router.js';

/** What an operator sees of one virtual router. Plain data; ages in ms, so that two machines can be compared. */
export interface InstanceReport {
  readonly name: string;
  readonly interface: string | null;
  readonly family: Family;
  readonly version: 2 | 3;
  readonly vrid: number;
  readonly role: Role;
  /** Why it is a fault; null: it is none. */
  readonly fault: string | null;
  /** What has to be known before it begins. */
  readonly waitsFor: readonly string[];
  /** Nobody may become master yet. */
  readonly held: boolean;
  readonly priority: number;
  readonly configuredPriority: number;
  readonly advertMs: number;
  /** How long it is master; null: it is not. */
  readonly masterForMs: number | null;
  /** Of a backup: whom it hears. */
  readonly master: { readonly address: string; readonly priority: number } | null;
  readonly addresses: readonly string[];
  /** Age of the last advert that was accepted; null: there was none. */
  readonly lastAdvertMsAgo: number | null;
  readonly sent: { readonly adverts: number; readonly refusedByKernel: number };
  readonly accepted: number;
  readonly refused: Readonly<
    Record<string, { readonly adverts: number; readonly source: string; readonly detail: string | null }>
  >;
  /** Odd things in what was accepted: another list of addresses, another interval, no signature. */
  readonly remarks: readonly string[];
  /** Of a master: who else on the link has an address of it. */
  readonly addressesInUse: readonly { readonly address: string; readonly mac: string }[];
}

export interface VrrpReport {
  readonly instances: readonly InstanceReport[];
  readonly groups: readonly { readonly name: string; readonly members: readonly string[] }[];
}

export const reportOf = (router: Router, nowMs: number): VrrpReport => ({
  instances: router.instances.map((one) => instanceReport(one, nowMs)),
  groups: router.groups.map(({ name, members }) => ({ name, members })),
});

function instanceReport(
  { config, instance, verdict, guard }: Router['instances'][number],
  nowMs: number,
): InstanceReport {
  const { state, traffic, sent } = instance;
  const { lastAcceptedMs } = traffic;
  return {
    name: config.name,
    interface: config.interface ?? null,
    family: config.family,
    version: config.version,
    vrid: config.vrid,
    role: state.is,
    fault: state.is === 'fault' ? state.why : null,
    waitsFor: verdict.unknown,
    held: state.held,
    priority: state.priority,
    configuredPriority: config.priority,
    advertMs: config.advertSeconds * 1000,
    masterForMs: state.is === 'master' ? nowMs - state.sinceMs : null,
    master:
      state.is === 'backup' && state.master !== undefined
        ? { address: state.master.source, priority: state.master.priority }
        : null,
    addresses: config.addresses.map(({ address, length }) => `${address}/${length}`),
    lastAdvertMsAgo: lastAcceptedMs === undefined ? null : nowMs - lastAcceptedMs,
    sent: { adverts: sent.count, refusedByKernel: sent.failed },
    accepted: traffic.accepted,
    refused: refusedOf(instance),
    remarks: [...traffic.remarks],
    addressesInUse: guard.inUse,
  };
}

const refusedOf = ({ refused }: Instance): InstanceReport['refused'] =>
  Object.fromEntries(
    [...refused].map(([reason, { count, source, detail }]) => [
      reason,
      { adverts: count, source, detail: detail ?? null },
    ]),
  );
