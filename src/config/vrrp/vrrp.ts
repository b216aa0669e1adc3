/**
 * config/vrrp/ — vrrp_instance and what belongs to it as typed configuration: complete, checked, immutable.
 * Times are in seconds as written; addresses are canonical text. What runs it is told nothing else.
 */
import type { Family } from '../../model/address.js';
import type { GarpSettings } from '../global-settings.js';
import type { Position, Script, ScriptUser } from '../configuration.js';
import type { IpRule, IpRoute, LocalAddress } from '../static/statics.js';

export interface VrrpConfiguration {
  readonly instances: readonly VrrpInstance[];
  readonly syncGroups: readonly SyncGroup[];
  readonly scripts: readonly TrackScript[];
  readonly processes: readonly TrackProcess[];
  readonly garpGroups: readonly GarpGroup[];
}

export interface VrrpInstance {
  readonly position: Position;
  readonly name: string;
  /** undefined: unicast from a source address, over whatever interface has it. */
  readonly interface: string | undefined;
  readonly vrf: string | undefined;
  readonly family: Family;
  readonly version: 2 | 3;
  readonly vrid: number;
  readonly state: 'master' | 'backup';
  /** 1 to 254; 255: the owner of the addresses. */
  readonly priority: number;
  readonly advertSeconds: number;
  readonly downTimerAdverts: number;
  /** In the order in which they are advertised; all of the instance's family. */
  readonly addresses: readonly LocalAddress[];
  /** Held and announced, but not advertised; either family. */
  readonly excluded: readonly LocalAddress[];
  readonly routes: readonly IpRoute[];
  readonly rules: readonly IpRule[];
  readonly transport: VrrpTransport;
  /** Of our adverts; undefined: the first address of the interface. */
  readonly source: string | undefined;
  /** Its loss is a fault. */
  readonly trackSource: boolean;
  readonly authentication: VrrpAuthentication | undefined;
  readonly hmac: VrrpHmac | undefined;
  readonly v3ChecksumAsV2: boolean;
  readonly virtualInterface: VirtualInterface | undefined;
  readonly preempt: boolean;
  readonly preemptDelaySeconds: number;
  /** Packets to the addresses are accepted though we are not their owner. */
  readonly accept: boolean;
  readonly strict: boolean;
  readonly lowerPriorityNoAdvert: boolean;
  readonly higherPrioritySendAdvert: boolean;
  readonly ownerIgnoresAdverts: boolean;
  /** timer_expired_backup: the highest priority of another router; a master that stood still so long that this one took over steps down. */
  readonly timerExpiredPriority: number | undefined;
  /** A fault of the own interface is none. */
  readonly ignoreOwnInterface: boolean;
  readonly promoteSecondaries: boolean;
  readonly receiveBufferBytes: number | undefined;
  readonly garp: GarpSettings;
  readonly tracks: Tracks;
  /** bfd_master: sessions with other routers of this VRID; the end of the one with the master is the end of the master. */
  readonly masterSessions: readonly string[];
  readonly notify: VrrpNotifications;
  /** What is told when a reload removes the instance: FAULT, or DELETED, with a script of its own if there is one. */
  readonly notifyDeleted: Script | 'deleted' | 'fault';
  readonly notifyMasterRxLowerPriority: Script | undefined;
}

export type VrrpTransport =
  | { readonly by: 'multicast'; readonly group: string }
  | {
      readonly by: 'unicast';
      /** At least one. */
      readonly peers: readonly UnicastPeer[];
      readonly ttl: number;
      /** Pseudo header of keepalived up to 1.3.6: found out, always, or never. */
      readonly oldChecksum: 'auto' | 'always' | 'never';
    }
  /** unicast_fault_no_peer: as long as there is no peer there is a fault. */
  | { readonly by: 'nobody' };

export interface UnicastPeer {
  readonly address: string;
  readonly minTtl: number;
  readonly maxTtl: number;
}

export interface VrrpAuthentication {
  /** The password in clear text, or an authentication header (IPv4). */
  readonly type: 'pass' | 'ah';
  /** At most 8 bytes of UTF-8 count; longer ones are cut where they are read. */
  readonly password: string;
}

export interface HmacKey {
  readonly id: number;
  readonly key: { readonly text: string } | { readonly hex: string } | { readonly file: string };
}

/** auth_hmac of keepalived 2.4: a signed trailer behind each advert. */
export interface VrrpHmac {
  /** At least one. */
  readonly keys: readonly HmacKey[];
  readonly activeKey: number;
  readonly antiReplay: 'time' | 'monotonic';
  readonly windowSeconds: number;
  readonly mode: 'enforce' | 'permissive' | 'receive-only';
}

/** use_vmac, use_ipvlan: an interface of our own for the addresses. */
export interface VirtualInterface {
  readonly kind: 'macvlan' | 'ipvlan';
  /** undefined: made of the prefix and the VRID. */
  readonly name: string | undefined;
  /** undefined: 00:00:5e:00:01 (IPv6 02) and the VRID. */
  readonly mac?: string;
  /** Of an ipvlan. */
  readonly address?: string;
  readonly mode?: 'bridge' | 'private' | 'vepa';
  /** Interface group. */
  readonly group?: string;
  /** Adverts leave by the interface below it. */
  readonly sendFromBase: boolean;
  /** Addresses on other interfaces get one, too. */
  readonly forAddresses: boolean;
}

/** What is watched; weight 0: a fault, else it is added to the priority. */
export interface Tracks {
  readonly interfaces: readonly Track[];
  readonly scripts: readonly Track[];
  readonly files: readonly Track[];
  readonly processes: readonly Track[];
  readonly bfd: readonly Track[];
}

export interface Track {
  readonly position: Position;
  readonly name: string;
  /** That of the tracked thing where the line says none. */
  readonly weight: number;
  /** What counts as good and bad are exchanged. */
  readonly reverse: boolean;
}

export interface VrrpNotifications {
  readonly master: Script | undefined;
  readonly backup: Script | undefined;
  readonly fault: Script | undefined;
  readonly stop: Script | undefined;
  /** Any change; INSTANCE or GROUP, the name, the state and the priority are appended. */
  readonly any: Script | undefined;
  readonly smtpAlert: boolean;
  readonly priorityChanges: boolean;
}

export interface SyncGroup {
  readonly position: Position;
  readonly name: string;
  /** Names of instances, in order. */
  readonly members: readonly string[];
  readonly tracks: Tracks;
  /** Members may have trackers with weights. */
  readonly weightedTracking: boolean;
  readonly notify: VrrpNotifications;
}

/** vrrp_script. */
export interface TrackScript {
  readonly position: Position;
  readonly name: string;
  readonly script: Script;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly weight: number;
  readonly reverse: boolean;
  readonly rise: number;
  readonly fall: number;
  readonly user: ScriptUser | undefined;
  readonly startsFailed: boolean;
}

/** track_file: a number that others multiply with their weight. */
export interface TrackFile {
  readonly position: Position;
  readonly name: string;
  readonly path: string;
  readonly weight: number;
  readonly reverse: boolean;
  /** Written at start if there is no file, or in any case. */
  readonly initial: { readonly value: number; readonly overwrite: boolean } | undefined;
}

/** vrrp_track_process. */
export interface TrackProcess {
  readonly position: Position;
  readonly name: string;
  /** The command and, where given, its arguments. */
  readonly argv: readonly string[];
  /** How arguments are compared; 'any': they are not looked at. */
  readonly match: 'any' | 'exact' | 'initial' | 'partial';
  readonly weight: number;
  readonly reverse: boolean;
  readonly quorum: number;
  /** undefined: as many as there may be. */
  readonly most: number | undefined;
  readonly forkDelaySeconds: number;
  readonly terminateDelaySeconds: number;
  readonly fullCommand: boolean;
}

/** Interfaces that share one pace of gratuitous ARP. */
export interface GarpGroup {
  readonly position: Position;
  readonly interfaces: readonly string[];
  readonly intervalSeconds: number;
  readonly gnaIntervalSeconds: number;
}
