import { type HashField, hashFields, type SourceRange } from '../../model/engine.js';
import { familyOf } from '../../model/address.js';
import { flag, noMore, one, phrase, readWord, type Reader, several } from '../terms.js';
import { placeOfWord, type Statement } from '../tree.js';
import { address, integer, interfaceName, oneOf, port } from '../values.js';
import type { Context, Term, Vocabulary } from '../vocabulary.js';
import { compareAddresses } from './prefix.js';
import { isPowerOfTwo, isPrime, primeAbove, primeBelow } from './prime.js';

/** Who forwards. */
export type EngineName = 'userspace' | 'kernel';

export const engineName = oneOf<EngineName>('userspace', 'kernel');

/** The largest prime below 2^24. */
const LARGEST_TABLE = 16_777_213;
const tableRange = integer(1, LARGEST_TABLE);

/** Slots: with a prime every server's walk visits all of them; with a power of two it does so too if its step is odd. */
const tableSize: Reader<number> = (text, complain) => {
  const read = tableRange(text, complain);
  if (!('value' in read) || isPrime(read.value) || isPowerOfTwo(read.value)) return read;
  const near = [primeBelow(read.value), primeAbove(read.value)].filter((prime) => prime !== undefined);
  return { expected: `a prime, such as ${near.join(' or ')}, or a power of two` };
};

/** Each word at most once. */
export function distinct<T extends string>(term: Term<readonly T[]>): Term<readonly T[]> {
  return {
    read(statement, context) {
      const words = statement.texts.slice(1);
      const again = words.findIndex((word, i) => words.indexOf(word) < i);
      if (again >= 0) {
        const place = placeOfWord(statement, again + 1);
        context.diagnostics.error(place, `'${words[again]!}' is given twice`, { expected: 'each once' });
        return undefined;
      }
      return term.read(statement, context);
    },
  };
}

/** In the order of the model, so that the same choice is the same value. */
const fields: Term<readonly HashField[]> = {
  read(statement, context) {
    const read = distinct(several(oneOf(...hashFields))).read(statement, context);
    return read === undefined ? undefined : hashFields.filter((field) => read.includes(field));
  },
};

const ipRange: Reader<Pick<SourceRange, 'first' | 'last'>> = (text, complain) => {
  const [from = '', to = from, ...rest] = text.split('-');
  const [first, last] = [address(from, complain), address(to, complain)];
  if (!('value' in first) || !('value' in last) || rest.length > 0)
    return { expected: 'ADDRESS or ADDRESS-ADDRESS, both ends included' };
  if (familyOf(first.value) !== familyOf(last.value)) return { expected: 'two addresses of one family' };
  if (compareAddresses(first.value, last.value) > 0) return { expected: 'a range whose end is not below its start' };
  return { value: { first: first.value, last: last.value } };
};

/** Below 1024 are ports that some servers trust. */
const LOWEST_PORT = 1024;

const portRange: Reader<Pick<SourceRange, 'lowestPort' | 'highestPort'>> = (text) => {
  const [, low = '', high = low] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [lowestPort, highestPort] = [Number(low), Number(high)];
  return lowestPort >= 1 && lowestPort <= highestPort && highestPort <= 65_535
    ? { value: { lowestPort, highestPort } }
    : { expected: 'ports LOW-HIGH from 1 to 65535' };
};

/** `snat_pool A-B [ports LOW-HIGH]`, several times. */
const snatPool: Term<readonly SourceRange[]> = {
  ...phrase((statement: Statement, context: Context) => {
    const addresses = readWord(statement, 1, ipRange, context);
    const option = statement.texts[2];
    if (option !== undefined && option !== 'ports') {
      context.diagnostics.error(placeOfWord(statement, 2), `'${option}' is no option of snat_pool`, {
        expected: "'ports LOW-HIGH'",
      });
      return undefined;
    }
    const usual = { lowestPort: LOWEST_PORT, highestPort: 65_535 };
    const ports = option === undefined ? usual : readWord(statement, 3, portRange, context);
    noMore(statement, 4, context);
    return addresses === undefined || ports === undefined ? undefined : [{ ...addresses, ...ports }];
  }),
  join: (before, now) => [...before, ...now],
};

/** 31 days, as the kernel's timeouts. */
export const LONGEST_TIMEOUT = 2_678_400;
const timeout = one(integer(1, LONGEST_TIMEOUT));

/** Words of virtual_server that only the userspace engine understands. */
export const userspaceWords = {
  maglev_size: one(tableSize),
  hash_fields: fields,
  src_ip_sticky: flag,
  node_port: one(port),
  snat_pool: snatPool,
  tunnel_source: one(address),
  icmp_echo: one(oneOf('answer', 'kernel')),
  answer_arp: flag,
  stateless: flag,
  interfaces: distinct(several(interfaceName)),
  tcp_timeout: timeout,
  udp_timeout: timeout,
} satisfies Vocabulary;

/** `'maglev_size' goes with lvs_engine userspace, not with lvs_engine kernel`, and what to write. */
export const engineNeeded = (
  what: string,
  without: string,
): readonly [message: string, advice: { expected: string }] => [
  `${what} goes with lvs_engine userspace, not with lvs_engine kernel`,
  { expected: `'lvs_engine userspace', or ${without}` },
];
