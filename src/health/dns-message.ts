/** DNS messages (RFC 1035 section 4), as much as a check needs: a query, and whether an answer is one to it. Pure. */
import type { DnsType } from '../config/check.js';

/** IANA, DNS parameters: resource record types. */
export const dnsTypeNumbers: Readonly<Record<DnsType, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  HTTPS: 65,
  CAA: 257,
};

export interface DnsQuestion {
  /** Labels with dots between them; the dot at the end may be missing; `.` is the root. */
  readonly name: string;
  readonly type: DnsType;
}

const HEADER_BYTES = 12;
const CLASS_IN = 1;
const LONGEST_LABEL = 63;
/** In bytes of the message, with the lengths and the root. */
const LONGEST_NAME = 255;

const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const TRUNCATED = 0x0200;
const RECURSION_DESIRED = 0x0100;
const RESPONSE_CODE = 0x000f;

/** A query with one question and nothing else, recursion desired. @throws RangeError a name that DNS cannot carry */
export function encodeQuery(id: number, { name, type }: DnsQuestion): Uint8Array {
  const labels = labelsOf(name);
  const nameBytes = labels.reduce((sum, label) => sum + 1 + label.length, 1);
  const fits = labels.every((label) => label.length > 0 && label.length <= LONGEST_LABEL);
  if (!fits || nameBytes > LONGEST_NAME) throw new RangeError(`no domain name: ${name}`);
  const bytes = Buffer.alloc(HEADER_BYTES + nameBytes + 4);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt16BE(RECURSION_DESIRED, 2);
  bytes.writeUInt16BE(1, 4);
  let at = HEADER_BYTES;
  for (const label of labels) {
    at = bytes.writeUInt8(label.length, at);
    at += bytes.write(label, at, 'latin1');
  }
  at = bytes.writeUInt8(0, at);
  at = bytes.writeUInt16BE(dnsTypeNumbers[type], at);
  bytes.writeUInt16BE(CLASS_IN, at);
  return bytes;
}

const labelsOf = (name: string): readonly string[] =>
  name === '.' ? [] : (name.endsWith('.') ? name.slice(0, -1) : name).split('.');

/** An answer to our question, or why it is none. */
export type DnsAnswer =
  | { readonly code: number; readonly records: number; readonly truncated: boolean }
  | { readonly ignored: string };

/** Reads no further than the question. An error may come without it: who cannot read a query cannot repeat it. */
export function readAnswer(bytes: Uint8Array, id: number, question: DnsQuestion): DnsAnswer {
  if (bytes.length < HEADER_BYTES) return { ignored: `${bytes.length} bytes, too short` };
  const u16 = (at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
  const flags = u16(2);
  if (u16(0) !== id) return { ignored: 'another id' };
  if ((flags & RESPONSE) === 0) return { ignored: 'being a query' };
  if ((flags & OPCODE) !== 0) return { ignored: 'another operation' };
  const answer = { code: flags & RESPONSE_CODE, records: u16(6), truncated: (flags & TRUNCATED) !== 0 };
  const questions = u16(4);
  if (questions === 0 && answer.code !== 0) return answer;
  if (questions !== 1) return { ignored: `${questions} questions` };

  const read = readName(bytes, HEADER_BYTES);
  if (read === undefined || read.end + 4 > bytes.length) return { ignored: 'a question that cannot be read' };
  const same =
    sameName(read.labels, labelsOf(question.name)) &&
    u16(read.end) === dnsTypeNumbers[question.type] &&
    u16(read.end + 2) === CLASS_IN;
  return same ? answer : { ignored: 'another question' };
}

/** Letters of either case are the same (RFC 4343); servers may answer in either. */
const sameName = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((label, i) => lower(label) === lower(right[i]!));

const lower = (label: string): string => label.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * The name at an offset (RFC 1035 section 4.1.4) and where it ends there. A pointer leads further back than every one before it and
 * behind the header, so that none leads round in a circle; and no name is longer than a name may be.
 */
export function readName(
  bytes: Uint8Array,
  from: number,
): { readonly labels: readonly string[]; readonly end: number } | undefined {
  const labels: string[] = [];
  let end: number | undefined;
  let at = from;
  let limit = from;
  let size = 1;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length === 0) return { labels, end: end ?? at + 1 };
    if (length >= 0xc0) {
      const low = bytes[at + 1];
      if (low === undefined) return undefined;
      end ??= at + 2;
      at = ((length & 0x3f) << 8) | low;
      if (at >= limit || at < HEADER_BYTES) return undefined;
      limit = at;
      continue;
    }
    size += 1 + length;
    if (length > LONGEST_LABEL || size > LONGEST_NAME || at + 1 + length > bytes.length) return undefined;
    labels.push(Buffer.from(bytes.buffer, bytes.byteOffset + at + 1, length).toString('latin1'));
    at += 1 + length;
  }
}

const CODE_NAMES = 'NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE'.split(
  ' ',
);

/** NXDOMAIN, and so on (IANA, DNS parameters: RCODEs). */
export const codeName = (code: number): string => CODE_NAMES[code] ?? `RCODE ${code}`;
