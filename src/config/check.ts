/** A check of a real server: complete (defaults and inheritance are resolved) and immutable. Part of the typed configuration. */
import type { Position } from './configuration.js';
import type { Script, ScriptUser } from './configuration.js';

export type Check =
  | TcpCheck
  | HttpCheck
  | GrpcCheck
  | SmtpCheck
  | DnsCheck
  | MiscCheck
  | UdpCheck
  | PingCheck
  | FileCheck
  | BfdCheck;

/** The checks that ask; the others (FILE_CHECK, BFD_CHECK) are told. */
export type AskingCheck = Exclude<Check, FileCheck | BfdCheck>;
/** The checks that send something over the network to a target. */
export type NetworkCheck = Exclude<AskingCheck, MiscCheck>;

/** When to probe; inherited values are filled in. */
export interface CheckPace {
  /** Pause between the end of one probe and the next (delay_loop). */
  readonly intervalSeconds: number;
  /** Further attempts before a server that was up is down (retry; `fall` is one more than that). */
  readonly retries: number;
  readonly retryDelaySeconds: number;
  /** Successes in a row that bring a server up again (rise), at least 1. */
  readonly rise: number;
  /** The first probe comes after a random part of this. */
  readonly warmupSeconds: number;
  /** The check counts as failed until its first success. */
  readonly alpha: boolean;
  readonly logAllFailures: boolean;
  /** adaptive_interval: the pause while it is not sure what is true; the steady pause is then half of intervalSeconds. */
  readonly unsureSeconds?: number;
  /** flap_damping: who changed too often has to stay alive for a while before it counts as up. */
  readonly damping?: FlapDamping;
}

export interface FlapDamping {
  /** So many falls … */
  readonly falls: number;
  /** … within so long … */
  readonly withinSeconds: number;
  /** … and it comes back only after it was alive without a break for so long. */
  readonly holdSeconds: number;
}

/** Where to probe, and from where. */
export interface CheckTarget {
  readonly address: string;
  /** 0 for checks without ports (PING_CHECK). */
  readonly port: number;
  /** For the connection, and again for each silence after it. */
  readonly timeoutSeconds: number;
  readonly bindAddress?: string;
  readonly bindPort?: number;
  readonly bindInterface?: string;
  /** SO_MARK of the probe's packets; 0 = none. */
  readonly mark: number;
  /** The probe goes to the service's own address, as a client's packet does, through the forwarding method to this one server. */
  readonly viaForwarding: boolean;
}

interface CheckBase {
  readonly position: Position;
  readonly pace: CheckPace;
}

interface NetworkCheckBase extends CheckBase {
  readonly target: CheckTarget;
}

export interface TcpCheck extends NetworkCheckBase {
  readonly is: 'tcp';
}

/** What is asked of a server's certificate, and what is shown to it. */
export interface TlsSettings {
  /** SNI; absent: none is sent. */
  readonly serverName?: string;
  /** tls_verify: the chain must lead to `authority` (absent: the system's) and the certificate must be for this name or address. */
  readonly verify?: { readonly authority?: string; readonly name: string };
  /** Days before the end of the certificate from which on the log warns / the check fails. */
  readonly warnDays?: number;
  readonly failDays?: number;
  /** The client certificate of the SSL block: paths of PEM files. */
  readonly client?: { readonly certificate: string; readonly key: string; readonly password?: string };
}

/** HTTP_GET, and SSL_GET when `tls` is there. */
export interface HttpCheck extends NetworkCheckBase {
  readonly is: 'http';
  readonly tls: TlsSettings | undefined;
  /** 1.0C is 1.0 with `Connection: close`; 2 is HTTP/2, by ALPN under TLS and with prior knowledge (h2c) without. */
  readonly protocol: '1.0' | '1.0C' | '1.1' | '2';
  readonly fastRecovery: boolean;
  /** At least one. */
  readonly urls: readonly HttpUrl[];
}

export interface HttpUrl {
  readonly path: string;
  /** The Host header: url's, check's, real server's or virtual server's virtualhost; else `address:port` (IPv6 in brackets). */
  readonly host: string;
  /** Inclusive ranges of accepted codes; empty: 200 to 299. */
  readonly statusCodes: readonly (readonly [from: number, to: number])[];
  /** MD5 of the body, 32 lower-case hex digits. */
  readonly digest?: string;
  readonly pattern?: HttpPattern;
}

export interface HttpPattern {
  readonly regex: RegExp;
  /** It must not be found. */
  readonly absent: boolean;
  /** Bytes of the answer before and behind which is not searched. */
  readonly minOffset?: number;
  readonly maxOffset?: number;
}

/** GRPC_CHECK: grpc.health.v1.Health/Check over HTTP/2; alive is who answers SERVING. */
export interface GrpcCheck extends NetworkCheckBase {
  readonly is: 'grpc';
  readonly tls: TlsSettings | undefined;
  /** The service asked after; empty: the server as a whole. */
  readonly service: string;
  /** The :authority header. */
  readonly authority: string;
}

export interface SmtpCheck extends NetworkCheckBase {
  readonly is: 'smtp';
  readonly heloName: string;
}

export type DnsType = 'A' | 'NS' | 'CNAME' | 'SOA' | 'PTR' | 'MX' | 'TXT' | 'AAAA' | 'SRV' | 'CAA' | 'HTTPS';

export interface DnsCheck extends NetworkCheckBase {
  readonly is: 'dns';
  readonly type: DnsType;
  /** Without a dot at the end, but for the root, which is `.`. */
  readonly name: string;
}

export interface UdpCheck extends NetworkCheckBase {
  readonly is: 'udp';
  /** Hex digits. */
  readonly payload: string;
  /** undefined: silence is success; '' : any reply; else hex digits, in which x is any digit. */
  readonly reply?: string;
  readonly minReplyLength: number;
  readonly maxReplyLength: number;
}

export interface PingCheck extends NetworkCheckBase {
  readonly is: 'ping';
}

export interface MiscCheck extends CheckBase {
  readonly is: 'misc';
  readonly script: Script;
  readonly timeoutSeconds: number;
  /** misc_dynamic: exit codes 2 to 255 set the weight to code - 2. */
  readonly dynamic: boolean;
  /** Whose rights it has, if the script itself does not say. */
  readonly user?: ScriptUser;
}

/** FILE_CHECK: the number in a file makes the weight, or takes the server out. */
export interface FileCheck extends CheckBase {
  readonly is: 'file';
  readonly path: string;
  /** 0: any number but 0 means down. Otherwise configured weight + number x this. */
  readonly weight: number;
  /** With weight 0: it is the other way round (`weight 0 reverse`). */
  readonly downAtZero?: boolean;
}

/** BFD_CHECK: up as its session is. */
export interface BfdCheck extends CheckBase {
  readonly is: 'bfd';
  readonly session: BfdSessionSettings;
}

/** A bfd_instance (RFC 5880). */
export interface BfdSessionSettings {
  readonly name: string;
  readonly neighbor: string;
  readonly source?: string;
  /** Milliseconds. */
  readonly minReceiveMs: number;
  readonly minTransmitMs: number;
  /** While the session is not up; at least 1000. */
  readonly idleTransmitMs: number;
  readonly multiplier: number;
  /** Waits for the neighbour to begin. */
  readonly passive: boolean;
  /** TTL or hop limit of what we send. */
  readonly ttl: number;
  /** How far below `ttl` the TTL of what comes may be, as keepalived; -1: not looked at. */
  readonly maxHops: number;
  /** UDP port 4784 (RFC 5883) instead of 3784. */
  readonly multihop: boolean;
}
