import { type Family, familyOf, formatAddress, parseAddress } from '../model/address.js';
import { keywordOf, placeOfWord, type Statement } from './tree.js';
import { fwmark, oneOf, portOrNone } from './values.js';
import { blockOf, noMore, readWord } from './terms.js';
import type { Context, Term } from './vocabulary.js';

/** One line of a group: addresses with one port, or a mark. */
export type GroupEntry =
  | {
      readonly by: 'address';
      readonly statement: Statement;
      readonly addresses: readonly string[];
      readonly port: number;
    }
  | {
      readonly by: 'fwmark';
      readonly statement: Statement;
      readonly mark: number;
      readonly family: Family | undefined;
    };

export interface Group {
  readonly header: Statement;
  readonly name: string;
  readonly entries: readonly GroupEntry[];
  /** A line could not be read. */
  readonly incomplete: boolean;
}

/** More services than this from one line is a mistake, or would be one for the kernel. */
const MOST_ADDRESSES = 65_536;

export const virtualServerGroup: Term<Group> = {
  read(statement, context) {
    const name = readWord(statement, 1, (text) => (text === '' ? { expected: 'a name' } : { value: text }), context);
    noMore(statement, 2, context);
    const lines = blockOf(statement, context);
    if (name === undefined || lines === undefined) return undefined;
    const read = lines.map((line) => readEntry(line, context));
    const entries = read.filter((entry) => entry !== undefined);
    const addresses = entries.reduce((sum, entry) => sum + (entry.by === 'address' ? entry.addresses.length : 1), 0);
    if (addresses > MOST_ADDRESSES)
      context.diagnostics.error(placeOfWord(statement, 1), `virtual_server_group '${name}' is ${addresses} services`, {
        expected: `at most ${MOST_ADDRESSES}`,
      });
    if (lines.length === 0)
      context.diagnostics.error(placeOfWord(statement, 1), `virtual_server_group '${name}' is empty`, {
        expected: 'at least one address, range, prefix or fwmark',
      });
    return {
      header: statement,
      name,
      entries,
      incomplete: entries.length < lines.length || lines.length === 0 || addresses > MOST_ADDRESSES,
    };
  },
};

const family = oneOf('inet', 'inet6');

function readEntry(statement: Statement, context: Context): GroupEntry | undefined {
  if (keywordOf(statement) === 'fwmark') {
    const mark = readWord(statement, 1, fwmark, context);
    const said = statement.texts.length > 2 ? readWord(statement, 2, family, context) : undefined;
    noMore(statement, 3, context);
    return mark === undefined ? undefined : { by: 'fwmark', statement, mark, family: familyNamed(said) };
  }
  const addresses = addressesOf(keywordOf(statement));
  const port = statement.texts.length > 1 ? readWord(statement, 1, portOrNone, context) : undefined;
  noMore(statement, 2, context);
  if (typeof addresses !== 'string') return { by: 'address', statement, addresses, port: port ?? 0 };
  context.diagnostics.error(
    placeOfWord(statement, 0),
    `'${keywordOf(statement)}' is no entry of a virtual_server_group`,
    {
      expected: addresses,
    },
  );
  return undefined;
}

export const familyNamed = (word: 'inet' | 'inet6' | undefined): Family | undefined =>
  word === undefined ? undefined : word === 'inet' ? 'ip4' : 'ip6';

/** `A`, `A/LENGTH` (all of it), `A-B`, `A-LAST` where LAST is the last part alone; else what was expected. */
export function addressesOf(text: string): readonly string[] | string {
  const [from = '', to] = text.split('-', 2);
  const [plain = '', length] = from.split('/', 2);
  const start = parseAddress(plain);
  if (start === undefined || text.split(/[-/]/).length > 2)
    return 'ADDRESS, ADDRESS-LAST, ADDRESS-ADDRESS, ADDRESS/LENGTH or fwmark N';
  if (length !== undefined) return prefixed(start, length);
  if (to === undefined) return [formatAddress(start)];
  const end = endOf(plain, to);
  if (end === undefined || end.length !== start.length) return 'an address, or the last part of one, behind the hyphen';
  const count = numberOf(end) - numberOf(start) + 1n;
  if (count < 2n) return 'a range whose end is above its start';
  return count > MOST_ADDRESSES ? `a range of at most ${MOST_ADDRESSES} addresses` : counted(start, Number(count));
}

function prefixed(start: Uint8Array, length: string): readonly string[] | string {
  const bits = start.length * 8;
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) return `a prefix length up to ${bits}`;
  const free = bits - Number(length);
  if (free > 16) return `a prefix of at most ${MOST_ADDRESSES} addresses`;
  const first = (numberOf(start) >> BigInt(free)) << BigInt(free);
  return counted(bytesOf(first, start.length), 2 ** free);
}

/** `10.0.7.1` and `20` → 10.0.7.20; for IPv6 the last part is hexadecimal. */
function endOf(start: string, end: string): Uint8Array | undefined {
  if (/[.:]/.test(end)) return parseAddress(end);
  const sign = familyOf(start) === 'ip4' ? '.' : ':';
  return parseAddress(start.slice(0, start.lastIndexOf(sign) + 1) + end);
}

const numberOf = (bytes: Uint8Array): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

const bytesOf = (value: bigint, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * (length - 1 - i))) & 0xffn));

const counted = (start: Uint8Array, count: number): readonly string[] => {
  const first = numberOf(start);
  return Array.from({ length: count }, (_, i) => formatAddress(bytesOf(first + BigInt(i), start.length)));
};
