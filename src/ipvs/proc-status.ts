import type { Statistics } from '../model/statistics.js';
import { decimal, hexadecimal, lines, words } from './proc-text.js';

type Totals = Pick<Statistics, 'connections' | 'inPackets' | 'outPackets' | 'inBytes' | 'outBytes'>;

/**
 * Reads /proc/net/ip_vs_stats: totals of the namespace, then rates, both in hexadecimal.
 * undefined: the text is not that file.
 */
export function parseStatistics(text: string): Statistics | undefined {
  const [totals, rates, ...rest] = lines(text)
    .map(fiveNumbers)
    .filter((row) => row !== undefined);
  return totals === undefined || rates === undefined || rest.length > 0
    ? undefined
    : { ...totalsOf(totals), ...ratesOf(rates) };
}

/** The totals of one CPU; rates are kept for all of them together only. */
export interface CpuTotals extends Totals {
  readonly cpu: number;
}

/** Reads /proc/net/ip_vs_stats_percpu: a row for each CPU, `~` for their sum, and rates. undefined: it is not that file. */
export function parseCpuStatistics(
  text: string,
): { readonly cpus: readonly CpuTotals[]; readonly sum: Statistics } | undefined {
  const cpus: CpuTotals[] = [];
  let totals: Five | undefined;
  let rates: Five | undefined;
  for (const line of lines(text)) {
    const [first = '', ...rest] = words(line);
    const numbers = fiveOf(rest);
    const cpu = hexadecimal(first);
    if (numbers !== undefined && first === '~') totals = numbers;
    else if (numbers !== undefined && cpu !== undefined) cpus.push({ cpu: Number(cpu), ...totalsOf(numbers) });
    else if (totals !== undefined) rates = fiveOf([first, ...rest]) ?? rates;
  }
  return totals === undefined || rates === undefined
    ? undefined
    : { cpus, sum: { ...totalsOf(totals), ...ratesOf(rates) } };
}

type Five = readonly [bigint, bigint, bigint, bigint, bigint];

const fiveNumbers = (line: string): Five | undefined => fiveOf(words(line));

function fiveOf(texts: readonly string[]): Five | undefined {
  const [a, b, c, d, e] = texts.map(hexadecimal);
  if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined) return undefined;
  return texts.length === 5 ? [a, b, c, d, e] : undefined;
}

function totalsOf([connections, inPackets, outPackets, inBytes, outBytes]: Five): Totals {
  return { connections, inPackets, outPackets, inBytes, outBytes };
}

function ratesOf([connectionRate, inPacketRate, outPacketRate, inByteRate, outByteRate]: Five): Omit<
  Statistics,
  keyof Totals
> {
  return { connectionRate, inPacketRate, outPacketRate, inByteRate, outByteRate };
}

/** A helper for a protocol that carries addresses in its payload, such as ftp of ip_vs_ftp. */
export interface Application {
  readonly protocol: string;
  readonly port: number;
  /** Services and connections that use it. */
  readonly users: number;
  readonly name: string;
}

/** Reads /proc/net/ip_vs_app; lines that are none are left out. */
export function parseApplications(text: string): Application[] {
  return lines(text)
    .slice(1)
    .flatMap((line) => {
      const [protocol, portText = '', usersText = '', name, ...rest] = words(line);
      const port = decimal(portText);
      const users = decimal(usersText);
      if (protocol === undefined || name === undefined || port === undefined || port > 0xffff || users === undefined)
        return [];
      return rest.length === 0 ? [{ protocol, port, users, name }] : [];
    });
}

/** One of the kernel's two hash tables. */
export interface HashTable {
  readonly entries: number;
  readonly buckets: number;
  readonly bits: number;
  /** 2^loadFactor is the number of entries a bucket is meant to hold. */
  readonly loadFactor: number;
  readonly emptyBuckets: number;
  /** How many buckets hold 1, 2, … entries, for the lengths that the kernel lists. */
  readonly lengths: ReadonlyMap<number, number>;
}

export interface Status {
  readonly connections: HashTable;
  readonly services: HashTable;
  readonly estimators: {
    readonly slots: number;
    readonly mostSlots: number;
    readonly longestChain: number;
    readonly room: number;
  };
}

/** Reads /proc/net/ip_vs_status, which Linux 7 has; undefined: the text is not that file. */
export function parseStatus(text: string): Status | undefined {
  const facts = new Map<string, string>();
  for (const line of lines(text)) {
    const [name = '', value = ''] = line.split(/:[ \t]*/, 2);
    facts.set(name, value.trim());
  }
  const connections = hashTable(facts, 'Conns', 'Conn buckets');
  const services = hashTable(facts, 'Services', 'Service buckets');
  const [, slots = '', most = ''] = /^(\d+) \(max (\d+)\)$/.exec(facts.get('Stats thread slots') ?? '') ?? [];
  const estimators = [slots, most, facts.get('Stats chain max len') ?? '', facts.get('Stats thread ests') ?? ''].map(
    decimal,
  );
  const [a, b, c, d] = estimators;
  if (connections === undefined || services === undefined) return undefined;
  if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
  return { connections, services, estimators: { slots: a, mostSlots: b, longestChain: c, room: d } };
}

function hashTable(facts: ReadonlyMap<string, string>, count: string, table: string): HashTable | undefined {
  const entries = decimal(facts.get(count) ?? '');
  const shape = /^(\d{1,10}) \((\d{1,2}) bits, lfactor (-?\d{1,2})\)$/.exec(facts.get(table) ?? '');
  if (entries === undefined || shape === null) return undefined;
  const lengths = new Map<number, number>();
  for (const [name, value] of facts) {
    const length = decimal(name.startsWith(`${table} len-`) ? name.slice(`${table} len-`.length) : '');
    const buckets = bucketCount(value);
    if (length !== undefined && buckets !== undefined) lengths.set(length, buckets);
  }
  const [, buckets, bits, loadFactor] = shape.map(Number);
  const emptyBuckets = bucketCount(facts.get(`${table} empty`) ?? '') ?? 0;
  return { entries, buckets: buckets!, bits: bits!, loadFactor: loadFactor!, emptyBuckets, lengths };
}

/** `5 (100%)` */
const bucketCount = (text: string): number | undefined => decimal(/^(\d+) \(\d+%\)$/.exec(text)?.[1] ?? '');
