import { parseAddress } from '../model/address.js';
import type { Diagnostics } from './diagnostics.js';
import { blockOf, noMore, one, phrase, type Reader, several } from './terms.js';
import { placeOfWord, type Statement } from './tree.js';
import { integer, MOST_U32, oneOf, seconds } from './values.js';
import { type Block, readBlock, type Term, type Vocabulary } from './vocabulary.js';

/** Which virtual addresses a routing daemon of this machine is told to announce, and how it is told. */
export interface AnnounceSettings {
  readonly by: 'bird' | 'frr';
  /** The kernel's routing table that the daemon reads. */
  readonly table: number;
  /** Prefixes that an address must be of; empty: any. */
  readonly only: readonly Prefix[];
  /** What a service must have: its quorum; its quorum or a sorry server; nothing. */
  readonly when: 'quorum' | 'serving' | 'configured';
  /** Of several services at an address: one of them, or all. */
  readonly needs: 'any' | 'all';
  /** From the withdrawal to the end of forwarding, when lvsd stops for good. */
  readonly withdrawWaitSeconds: number;
}

export interface Prefix {
  /** Four or sixteen bytes. */
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** RT_TABLE_MAIN. zebra reads kernel routes of both families from no other one. */
const MAIN = 254;
/** RT_TABLE_LOCAL: a route there is this machine's own address. */
const LOCAL = 255;
/** No rule looks into it: what stands there is read by BIRD alone. 179: BGP's port. */
const BIRD_TABLE = 179;
const WAIT_SECONDS = 3;
const LONGEST_WAIT = 600;

const prefix: Reader<Prefix> = (text) => {
  const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bytes = parseAddress(address);
  const longest = 8 * (bytes?.length ?? 0);
  const given = length === undefined ? longest : Number(length);
  if (bytes === undefined || given > longest) return { expected: 'an address, or a prefix such as 192.0.2.0/24' };
  return { value: { bytes, length: given } };
};

const someTable = integer(1, MOST_U32);
const table: Reader<number> = (text) => {
  if (text === 'main') return { value: MAIN };
  const read = someTable(text, () => undefined);
  return 'value' in read && read.value !== LOCAL
    ? read
    : { expected: "the number of a routing table, or 'main'; not that of the machine's own addresses (255)" };
};

const daemon = phrase((statement, context): true => {
  noMore(statement, 1, context);
  return true;
});

export const announceWords = {
  bird: daemon,
  frr: daemon,
  table: one(table),
  only: several(prefix),
  when: one(oneOf('quorum', 'serving', 'configured')),
  needs: one(oneOf('any', 'all')),
  withdraw_wait: one(seconds(0, LONGEST_WAIT)),
} satisfies Vocabulary;

/** A block, and where it stands. */
export interface AnnounceDraft {
  readonly header: Statement;
  readonly block: Block<typeof announceWords>;
}

/** `announce { bird }`. Without it no routing daemon is told anything. */
export const announceTerm: Term<AnnounceDraft> = {
  words: announceWords,
  once: true,
  read(statement, context) {
    noMore(statement, 1, context);
    const lines = blockOf(statement, context);
    if (lines === undefined) return undefined;
    return { header: statement, block: readBlock('announce', announceWords, lines, context.diagnostics) };
  },
};

/** undefined: nothing is announced, or the block was complained about. */
export function announceOf(draft: AnnounceDraft | undefined, diagnostics: Diagnostics): AnnounceSettings | undefined {
  if (draft === undefined) return undefined;
  const { header, block } = draft;
  const { values, doubtful } = block;
  if ((values.bird === undefined) === (values.frr === undefined)) {
    if (!doubtful)
      diagnostics.error(placeOfWord(header, 0), "'announce' is for one routing daemon", {
        expected: "either 'bird' or 'frr'",
      });
    return undefined;
  }
  const by = values.bird === undefined ? 'frr' : 'bird';
  return {
    by,
    table: values.table ?? (by === 'bird' ? BIRD_TABLE : MAIN),
    only: values.only ?? [],
    when: values.when ?? 'quorum',
    needs: values.needs ?? 'any',
    withdrawWaitSeconds: values.withdraw_wait ?? WAIT_SECONDS,
  };
}
