/**
 * The typed result of reading a file: complete (defaults and inheritance are resolved), checked, immutable.
 * Times are in seconds and may be fractions, as they are written; addresses are canonical text.
 */
import type { AnnounceSettings } from './announce.js';
import type { ApiSettings } from './api.js';
import type { BfdSessionSettings, Check, TlsSettings } from './check.js';
import type { FleetSettings } from './fleet.js';
import type { MetricsSettings } from './metrics.js';
import type { MailSettings, NotifyFifos, OnceScript, PairSettings, VrrpDefaults } from './global-settings.js';
import type { Statics } from './static/statics.js';
import type { WebhookSettings } from './webhook.js';
import type { TrackFile, VrrpConfiguration } from './vrrp/vrrp.js';
import type { DestinationKey, DestinationSettings, ForwardingMethod } from '../model/destination.js';
import type { EngineOptions } from '../model/engine.js';
import type { ServiceKey, ServiceSettings } from '../model/service.js';

export interface Configuration {
  readonly globals: GlobalSettings;
  readonly virtualServers: readonly VirtualServer[];
  readonly fwmarkRules: readonly FwmarkRule[];
  /** Read and checked; it runs with VRRP. */
  readonly vrrp: VrrpConfiguration;
  readonly statics: Statics;
  readonly trackFiles: readonly TrackFile[];
  readonly bfd: readonly BfdInstance[];
  /** net_namespace: where the director shall run; undefined: wherever it is started. */
  readonly netNamespace: string | undefined;
  /** net_namespace_ipvs: where the IPVS tables are; undefined: with the rest. */
  readonly netNamespaceIpvs: string | undefined;
  readonly api: ApiSettings;
  /** webhook: who is told of events. */
  readonly webhooks: readonly WebhookSettings[];
  /** metrics: what /metrics tells. */
  readonly metrics: MetricsSettings;
  /** fleet: the desired state that many directors share; undefined: none. */
  readonly fleet: FleetSettings | undefined;
  /** announce: what a routing daemon is told; undefined: nothing. */
  readonly announce: AnnounceSettings | undefined;
  /** Every file that was read, the main one first: what a reload looks at. */
  readonly files: readonly string[];
}

/** Where something stands: lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface GlobalSettings {
  readonly routerId: string | undefined;
  /** Somebody changed what is ours in the kernel: put it back, or only say so (lvs_drift). */
  readonly drift: 'repair' | 'report';
  /** At the end: leave the table running, remove what is ours, or empty the table, strangers' services too. */
  readonly stop: 'keep' | 'remove' | 'flush';
  /** Empty the table at start, strangers' services too (lvs_flush). */
  readonly flushAtStart: boolean;
  /** Absent ones stay as the kernel has them (lvs_timeouts). */
  readonly timeouts: { readonly tcp?: number; readonly tcpFin?: number; readonly udp?: number };
  readonly syncDaemon: SyncDaemonSettings | undefined;
  /** Where is remembered what we programmed; undefined: the daemon's default. */
  readonly stateFile: string | undefined;
  /** Who runs scripts that name no user. */
  readonly scriptUser: ScriptUser | undefined;
  readonly scriptSecurity: boolean;
  /** Scripts have all groups of their user. */
  readonly supplementaryGroups: boolean;
  /** script_timeout: how long a script that has no limit of its own may run. */
  readonly scriptTimeoutSeconds: number;
  /** umask: of files we make and of scripts. */
  readonly umask: number;
  readonly startupScript: OnceScript | undefined;
  readonly shutdownScript: OnceScript | undefined;
  /** undefined: no mail is sent. */
  readonly mail: MailSettings | undefined;
  readonly fifos: NotifyFifos;
  /** notify_up and notify_down run for real servers as they are at the start, too. */
  readonly notifiesAtStart: boolean;
  /** Mail only when a real server changes, not for each of its checks. */
  readonly noCheckerMail: boolean;
  /** share_probes: real servers of one address and port, checked alike, are probed once. */
  readonly shareProbes: boolean;
  /** engine_*: what the userspace engine works with, if any service is its. */
  readonly engine: EngineOptions;
  /** pair_*: the director that guards the same addresses; undefined: it is not known, or is none of ours. */
  readonly pair: PairSettings | undefined;
  readonly vrrp: VrrpDefaults;
}

/** A bfd_instance: a session, and who is told of it. */
export interface BfdInstance extends BfdSessionSettings {
  readonly position: Position;
  /** For the priority of VRRP instances; 0: a lost session is a fault. */
  readonly weight: number;
  readonly reverse: boolean;
  readonly forVrrp: boolean;
  readonly forCheckers: boolean;
}

/** The SSL block: what SSL_GET shows to servers, and whom it may trust. */
export interface SslSettings {
  readonly client?: NonNullable<TlsSettings['client']>;
  /** PEM file of certificate authorities, for checks that verify. */
  readonly authority?: string;
}

/** lvs_sync_daemon. Without an instance both roles, master and backup, run. Absent numbers: the kernel's. */
export interface SyncDaemonSettings {
  readonly interface: string;
  readonly instance?: string;
  readonly syncId: number;
  readonly maxLength?: number;
  readonly port?: number;
  readonly ttl?: number;
  readonly group?: string;
}

/** One virtual_server block: one or (group) many services that share their servers and checks. */
export interface VirtualServer {
  readonly position: Position;
  /** As in the file: `192.0.2.1 80`, `fwmark 7`, `group web`. */
  readonly name: string;
  readonly services: readonly VirtualService[];
  readonly realServers: readonly RealServer[];
  readonly sorryServer: SorryServer | undefined;
  /** Live weight that is enough, at least 1. */
  readonly quorum: number;
  readonly hysteresis: number;
  readonly quorumUp: Script | undefined;
  readonly quorumDown: Script | undefined;
  /** Servers count as down until their checks have said otherwise; the quorum starts lost. */
  readonly alpha: boolean;
  /** Run the notifications of going down when we stop. */
  readonly omega: boolean;
  /** No checks while the address is on none of this machine's interfaces. */
  readonly haSuspend: boolean;
  /** Mail when the quorum is lost or met. */
  readonly smtpAlert: boolean;
  readonly deadFlows: DeadFlows;
  readonly removedFlows: RemovedFlows;
  readonly slowStart: SlowStart | undefined;
  /** pool_guard: checks take out at most this share of the servers, in percent; undefined: any. */
  readonly guardPercent: number | undefined;
}

/**
 * What becomes of the connections of a server that its checks took out: it leaves the table (as keepalived), stays with weight 0,
 * leaves it and its connections end at their next packet, or stays with weight 0 for so long.
 */
export type DeadFlows = { readonly do: 'remove' | 'keep' | 'cut' } | { readonly do: 'drain'; readonly seconds: number };
/** The same for a server, or a whole virtual server, that a reload removes. */
export type RemovedFlows = { readonly do: 'remove' | 'cut' } | { readonly do: 'drain'; readonly seconds: number };

/** The weight of a server that came up climbs evenly from a part of it to all of it. */
export interface SlowStart {
  readonly seconds: number;
  readonly fromPercent: number;
}

export interface VirtualService {
  readonly key: ServiceKey;
  readonly settings: ServiceSettings;
}

/** A destination as written; `destinationOf` says what it is for one service. */
export interface Server {
  readonly position: Position;
  readonly address: string;
  /** undefined: that of the service. */
  readonly port: number | undefined;
  readonly settings: DestinationSettings;
}

export interface RealServer extends Server {
  /** A dead server keeps its place with weight 0 instead of leaving the table. */
  readonly inhibitOnFailure: boolean;
  readonly alpha: boolean;
  /** All must succeed; none: always up. */
  readonly checks: readonly Check[];
  readonly notifyUp: Script | undefined;
  readonly notifyDown: Script | undefined;
  /** Mail when it goes down or up: on by default. */
  readonly smtpAlert: boolean;
}

export interface SorryServer extends Server {
  /** It is always in the table, with weight 0 while the quorum stands. */
  readonly inhibit: boolean;
}

/** Whether packets reach a server at its own port: the other methods send them as they came. */
export const changesPort = (method: ForwardingMethod): boolean => method === 'masquerade' || method === 'full-nat';

/** Only NAT can change the port: the others send the packet as it came, so the destination has the service's (0 for a mark). */
export function destinationOf(service: ServiceKey, server: Server): DestinationKey {
  const ownPort = changesPort(server.settings.method) ? server.port : undefined;
  return { address: server.address, port: ownPort ?? (service.by === 'address' ? service.port : 0) };
}

/** A command without a shell: its words, and who runs it. */
export interface Script {
  readonly argv: readonly string[];
  readonly user?: ScriptUser;
}

export interface ScriptUser {
  readonly user: string;
  readonly group?: string;
  /** With all groups that the user is in (`:GROUP`, `:`). */
  readonly supplementary?: true;
}

/** Packets that get a mark (fwmark_rules): a packet is meant if it fits every part that is given. */
export interface FwmarkRule {
  readonly position: Position;
  readonly name: string;
  /** 1 to 4294967295. */
  readonly mark: number;
  /** Addresses or prefixes of either family, at least one. */
  readonly vips: readonly string[];
  /** Empty: any. */
  readonly protocols: readonly ('tcp' | 'udp' | 'sctp')[];
  /** Both ends included; empty: any. */
  readonly ports: readonly { readonly from: number; readonly to: number }[];
  /** Ethernet addresses, `02:00:00:00:00:01`, whose packets are left alone: the other directors. */
  readonly notFrom: readonly string[];
  /** Interfaces that packets come in on; empty: any. */
  readonly interfaces: readonly string[];
}
