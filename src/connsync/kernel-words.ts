/**
 * connsync/ — the connections of the kernel's IPVS, all of them, to a director that joins: the kernel itself tells only what changes.
 * codec: kernel-words.ts, message.ts, table-row.ts, table-reader.ts, word-memory.ts, lines.ts ·
 * rules: describe.ts, fingerprint.ts, other-table.ts, pace.ts ·
 * owners: running.ts (answers), replay.ts, pacer.ts, newcomer.ts (asks and takes), line-stream.ts, line-sender.ts, table-file.ts, backup-daemon.ts
 * And the sessions of our own engine in that protocol. rules: engine-records.ts, engine-echo.ts ·
 * owners: engine-teller.ts (tells them), engine-taker.ts (takes those of others), engine-sync.ts (its connection and its socket)
 *
 * Below: numbers and words of <linux/ip_vs.h> and net/netfilter/ipvs, under their names there.
 */

/** IP_VS_CONN_F_*, as far as a sync message carries them; the low three bits are the forwarding method. */
export const connectionFlag = {
  methodMask: 0x0007,
  /** Answers do not pass the director: every method but NAT. */
  noOutput: 0x0080,
  /** Not among the active connections of its destination. */
  inactive: 0x0100,
  outSequence: 0x0200,
  inSequence: 0x0400,
  noClientPort: 0x0800,
  template: 0x1000,
} as const;

export const ipProtocol = { ip: 0, tcp: 6, udp: 17, sctp: 132 } as const;

/** What ip_vs_proto_name prints; others are `IP_` and the number. */
const protocolWords: ReadonlyMap<string, number> = new Map([
  ['IP', ipProtocol.ip],
  ['ICMP', 1],
  ['TCP', ipProtocol.tcp],
  ['UDP', ipProtocol.udp],
  ['ESP', 50],
  ['AH', 51],
  ['ICMPv6', 58],
  ['SCTP', ipProtocol.sctp],
]);

export function protocolOfWord(word: string): number | undefined {
  const known = protocolWords.get(word);
  if (known !== undefined) return known;
  const number = /^IP_(\d{1,3})$/.exec(word)?.[1];
  return number === undefined || Number(number) > 255 ? undefined : Number(number);
}

/** Of a state its number is the place in the list. */
const tcpStates = [
  'NONE',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'SYNACK',
] as const;
const sctpStates = [
  'NONE',
  'INIT1',
  'INIT',
  'C-SENT',
  'C-REPLIED',
  'C-WAIT',
  'COOKIE',
  'C-ECHOED',
  'ESTABLISHED',
  'S-SENT',
  'S-RECEIVED',
  'S-ACK-SENT',
  'REJECTED',
  'CLOSED',
] as const;
/** IP_VS_CTPL_S_*: of templates, whatever their protocol. Kernels before 4.18 print the protocol's own. */
const templateStates = ['NONE', 'ASSURED'] as const;

const numbered = (words: readonly string[]): ReadonlyMap<string, number> => new Map(words.map((word, i) => [word, i]));
const single = (word: string): ReadonlyMap<string, number> => new Map([[word, 0]]);

const statesByProtocol: ReadonlyMap<number, ReadonlyMap<string, number>> = new Map([
  [ipProtocol.tcp, numbered(tcpStates)],
  [ipProtocol.udp, single('UDP')],
  [ipProtocol.sctp, numbered(sctpStates)],
]);
const statesOfTemplates = numbered(templateStates);
/** What ip_vs_state_name prints for protocols without states. */
const statesOfOthers: ReadonlyMap<string, number> = new Map([
  ['NONE', 0],
  ['ERR!', 0],
]);

const stateCounts: ReadonlyMap<number, number> = new Map([
  [ipProtocol.tcp, tcpStates.length],
  [ipProtocol.udp, 1],
  [ipProtocol.sctp, sctpStates.length],
]);

/** How many states connections of a protocol may be in, from 0 on; undefined: it has none. */
export const stateCount = (protocol: number): number | undefined => stateCounts.get(protocol);

/** undefined: this kernel has states that we do not know. */
export function stateOfWord(protocol: number, isTemplate: boolean, word: string): number | undefined {
  if (isTemplate) return statesOfTemplates.get(word) ?? 0;
  return (statesByProtocol.get(protocol) ?? statesOfOthers).get(word);
}

/** Whether the kernel counts a connection in this state as active. UDP never is. */
export const isActive = (protocol: number, state: number): boolean =>
  (protocol === ipProtocol.tcp && state === tcpStates.indexOf('ESTABLISHED')) ||
  (protocol === ipProtocol.sctp && state === sctpStates.indexOf('ESTABLISHED'));
