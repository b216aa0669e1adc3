/** The groups of words in global_defs, each as one value. Part of the typed configuration. */
import type { Script } from './configuration.js';

/** Where alerts go. There is none without a relay and at least one recipient. */
export interface MailSettings {
  /** An address, or a name that is resolved when it is needed. */
  readonly server: string;
  readonly port: number;
  /** For the connection, and again for each answer. */
  readonly timeoutSeconds: number;
  /** undefined: the name of this machine. */
  readonly heloName: string | undefined;
  /** undefined: keepalived@ and the name of this machine. As written: may be `Name <a@b>`. */
  readonly from: string | undefined;
  /** As written, at least one. */
  readonly to: readonly string[];
}

/** The other director of a pair, and how the two know each other. */
export interface PairSettings {
  readonly peer: string;
  /** Where both listen. */
  readonly port: number;
  /** The address that we listen at and call from; undefined: any. */
  readonly source: string | undefined;
  readonly key: { readonly text: string } | { readonly file: string };
  /** How long a backup that hears no adverts takes the peer's word for it that it sends them; 0: not at all. */
  readonly secondPathSeconds: number;
  /** How long a director that starts waits at most for the peer's connections before it may become master; 0: not at all. */
  readonly syncWaitSeconds: number;
  /** The peer may put another file in the place of ours. */
  readonly acceptsPush: boolean;
}

/** A named pipe that events are written to as lines. */
export interface NotifyFifo {
  readonly path: string;
  /** Who owns the pipe if it has to be made; absent: the user of scripts. */
  readonly user?: string;
  readonly group?: string;
  /** The reader that is started with us; the pipe's path is appended to its arguments. */
  readonly script?: Script;
}

export interface NotifyFifos {
  readonly all: NotifyFifo | undefined;
  readonly vrrp: NotifyFifo | undefined;
  readonly lvs: NotifyFifo | undefined;
}

/** A script that runs once and is waited for. */
export interface OnceScript {
  readonly script: Script;
  readonly timeoutSeconds: number;
}

/** What global_defs says for all vrrp_instances that do not say it themselves. */
export interface VrrpDefaults {
  readonly version: 2 | 3 | undefined;
  readonly strict: boolean;
  readonly multicastGroup4: string;
  readonly multicastGroup6: string;
  readonly garp: GarpSettings;
  readonly downTimerAdverts: number;
  readonly lowerPriorityNoAdvert: boolean;
  readonly higherPrioritySendAdvert: boolean;
  readonly ownerIgnoresAdverts: boolean;
  readonly v3ChecksumAsV2: boolean;
  readonly smtpAlert: boolean;
  readonly notifyPriorityChanges: boolean;
  /** For addresses without `dev` outside of instances. */
  readonly defaultInterface: string;
  /** The name of a VMAC interface begins so; those of single addresses with the second. */
  readonly vmacPrefix: string;
  readonly vmacAddressPrefix: string;
  /** Adverts for virtual routers that are not here are told of. */
  readonly logUnknownVrids: boolean;
  readonly startupDelaySeconds: number;
  /** Nothing begins before the machine has been up for so long. */
  readonly delayAfterBootSeconds: number;
  readonly noMailForFaults: boolean;
  /** The states are written to the pipes again after a reload. */
  readonly statesToFifosOnReload: boolean;
  readonly disableLocalIgmp: boolean;
  /** Packets to addresses that do not accept are dropped by rules of this table. */
  readonly nftables: { readonly table: string; readonly priority: number; readonly counters: boolean };
}

/** How a new master tells the link where its addresses are now. */
export interface GarpSettings {
  /** Pause before the second burst; 0: there is none. */
  readonly masterDelaySeconds: number;
  readonly masterRepeat: number;
  /** Period of the refresh; 0: none. */
  readonly refreshSeconds: number;
  readonly refreshRepeat: number;
  readonly lowerPriorityDelaySeconds: number;
  readonly lowerPriorityRepeat: number;
  /** Pause between two packets on one interface; 0: none. */
  readonly intervalSeconds: number;
  readonly gnaIntervalSeconds: number;
  /** Period on the interfaces of addresses that are not the instance's own; 0: none. */
  readonly extraInterfaceSeconds: number;
  /** … and on all of them, not only on VMACs. */
  readonly extraInterfaceAll: boolean;
}
