/**
 * declare/ — what is declared beside the file: services as documents, changes to them, and what becomes of both. Pure, but for nothing.
 * service.ts: the document · text.ts: document → the language · read.ts: → virtual server · change.ts, apply.ts: changes · state.ts: what is kept · merge.ts: layers
 */
import { destinationId, serviceId } from '../model/ids.js';
import type { HashField } from '../model/engine.js';
import type { ServiceKey } from '../model/service.js';

/**
 * A virtual service as somebody declares it. What is absent is as the language of the file has it where nothing is said; what the language
 * demands and a document may leave out says so here. Every rule of the language holds: text.ts makes lines of it, and the ordinary reader reads them.
 */
export interface DeclaredService {
  /** serviceId of its key, which the fields below say too. */
  readonly id: string;
  /** What people call it. */
  readonly name?: string;
  readonly by: 'address' | 'fwmark';
  /** Of a service by address, as are the three below. */
  readonly protocol?: 'tcp' | 'udp' | 'sctp' | 'any';
  readonly address?: string;
  /** Of a service that is a whole prefix. */
  readonly prefixLength?: number;
  /** 0 or absent: all ports. */
  readonly port?: number;
  /** Of a mark; absent: that of its servers. */
  readonly family?: 'ip4' | 'ip6';
  readonly mark?: number;

  /** Absent: kernel, whatever the file says for its own. */
  readonly engine?: 'kernel' | 'userspace';
  /** Absent: wlc, or maglev of the userspace engine. */
  readonly scheduler?: string;
  readonly schedulerFlags?: readonly SchedulerFlag[];
  readonly persistenceSeconds?: number;
  /** Netmask (IPv4) or prefix length (IPv6). */
  readonly persistenceNetmask?: string;
  readonly persistenceEngine?: string;
  readonly onePacket?: boolean;
  /** Of servers that say nothing themselves; absent: masquerade. */
  readonly method?: DeclaredMethod;
  readonly tunnel?: DeclaredTunnel;
  /** Of method l3dsr, 0 to 63. */
  readonly dscp?: number;
  readonly userspace?: DeclaredUserspace;

  readonly delayLoopSeconds?: number;
  readonly quorum?: number;
  readonly hysteresis?: number;
  /** Servers count as down until their checks have said otherwise. */
  readonly alpha?: boolean;
  readonly haSuspend?: boolean;
  readonly inhibitOnFailure?: boolean;
  /** Of servers that say nothing themselves. */
  readonly check?: DeclaredCheck;
  readonly sorryServer?: DeclaredSorryServer;
  /** What becomes of connections of a server that its checks took out (dead_flows). */
  readonly onFailure?: DeclaredFlows<'remove' | 'keep' | 'cut' | 'drain'>;
  /** The same of a server, or a service, that is deleted (removed_flows). */
  readonly onRemoval?: DeclaredFlows<'remove' | 'cut' | 'drain'>;
  readonly slowStart?: { readonly seconds: number; readonly fromPercent?: number };
  /** pool_guard. */
  readonly guardPercent?: number;
  readonly destinations: readonly DeclaredDestination[];
}

/** sh and mh read `fallback` and `port`; `third` is for others. */
export type SchedulerFlag = 'fallback' | 'port' | 'third';
export type DeclaredMethod = 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';

/** `seconds` with drain, and only with it. */
export interface DeclaredFlows<Do extends string> {
  readonly do: Do;
  readonly seconds?: number;
}

export interface DeclaredTunnel {
  readonly type: 'ipip' | 'gue' | 'gre';
  /** UDP port of gue. */
  readonly port?: number;
  readonly checksum?: boolean;
  readonly remoteChecksum?: boolean;
}

/** Of services of the userspace engine. */
export interface DeclaredUserspace {
  readonly maglevSize?: number;
  readonly hashFields?: readonly HashField[];
  readonly stateless?: boolean;
  readonly nodePort?: number;
  readonly answerArp?: boolean;
  readonly icmpEcho?: 'answer' | 'kernel';
  readonly interfaces?: readonly string[];
  readonly tunnelSource?: string;
  readonly snatPool?: readonly DeclaredSourceRange[];
  readonly tcpTimeoutSeconds?: number;
  readonly udpTimeoutSeconds?: number;
}

export interface DeclaredSourceRange {
  readonly first: string;
  /** Absent: `first`. */
  readonly last?: string;
  readonly lowestPort?: number;
  readonly highestPort?: number;
}

export interface DeclaredSorryServer {
  readonly address: string;
  readonly port?: number;
  readonly method?: DeclaredMethod;
  readonly tunnel?: DeclaredTunnel;
  readonly dscp?: number;
}

export interface DeclaredDestination {
  /** destinationId of address and port. */
  readonly id: string;
  readonly address: string;
  /** That which packets reach; 0 of a service for all ports, or of a mark whose method changes no port. */
  readonly port: number;
  /** Absent: 1. */
  readonly weight?: number;
  readonly method?: DeclaredMethod;
  readonly tunnel?: DeclaredTunnel;
  readonly dscp?: number;
  readonly upperThreshold?: number;
  readonly lowerThreshold?: number;
  readonly inhibitOnFailure?: boolean;
  /** Absent: the service's; `{ type: 'none' }`: none. */
  readonly check?: DeclaredCheck | { readonly type: 'none' };
}

interface CommonOfChecks {
  /** Absent: the service's delayLoopSeconds. */
  readonly intervalSeconds?: number;
  readonly retries?: number;
  readonly delayBeforeRetrySeconds?: number;
  readonly rise?: number;
  readonly warmupSeconds?: number;
  readonly connectTimeoutSeconds?: number;
  readonly connectAddress?: string;
  readonly connectPort?: number;
  readonly bindAddress?: string;
  /** SO_MARK of the probe's packets. */
  readonly mark?: number;
  readonly viaForwarding?: boolean;
}

interface TlsOfChecks {
  readonly verify?: boolean;
  /** Path of a PEM file on the director. */
  readonly authority?: string;
  readonly verifyName?: string;
  readonly certificateWarnDays?: number;
  readonly certificateFailDays?: number;
}

interface HttpOfChecks extends CommonOfChecks {
  readonly virtualHost?: string;
  readonly protocol?: '1.0' | '1.0C' | '1.1' | '2';
  readonly fastRecovery?: boolean;
  /** At least one. */
  readonly urls: readonly DeclaredUrl[];
}

/** No script runs because somebody declared it: those are the file's. */
export type DeclaredCheck =
  | (CommonOfChecks & { readonly type: 'tcp' })
  | (HttpOfChecks & { readonly type: 'http' })
  | (HttpOfChecks & TlsOfChecks & { readonly type: 'https' /** SNI. */; readonly serverName?: string })
  | (CommonOfChecks & {
      readonly type: 'udp';
      /** Hexadecimal digits. */
      readonly payload?: string;
      /** The same, x for any digit; absent: silence is success. */
      readonly reply?: string;
      readonly minReplyLength?: number;
      readonly maxReplyLength?: number;
    })
  | (CommonOfChecks & { readonly type: 'ping' })
  | (CommonOfChecks & { readonly type: 'dns'; readonly recordType?: string; readonly name?: string })
  | (CommonOfChecks & { readonly type: 'smtp'; readonly heloName?: string })
  | (CommonOfChecks &
      TlsOfChecks & {
        readonly type: 'grpc';
        readonly service?: string;
        readonly host?: string;
        readonly tls?: boolean;
      });

export interface DeclaredUrl {
  readonly path: string;
  readonly virtualHost?: string;
  /** `200`, `200-299`; absent: 200-299. */
  readonly statusCodes?: readonly string[];
  /** MD5, 32 hexadecimal digits. */
  readonly digest?: string;
  readonly regex?: string;
  /** It must not be found. */
  readonly regexAbsent?: boolean;
}

/** What is wrong with a document, and where in it (RFC 6901). */
export interface Complaint {
  readonly pointer: string;
  readonly message: string;
}

/** The id that a service with these fields has. */
export const idOfService = (key: ServiceKey): string => serviceId(key);
/** The id that a destination with these fields has. */
export const idOfDestination = ({ address, port }: Pick<DeclaredDestination, 'address' | 'port'>): string =>
  destinationId({ address, port });
