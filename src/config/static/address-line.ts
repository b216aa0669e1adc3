import { type Family, familyOf } from '../../model/address.js';
import { address, integer, interfaceName, name } from '../values.js';
import type { Reader } from '../terms.js';
import { type Statement, placeOfWord, positionOfWord } from '../tree.js';
import type { Context } from '../vocabulary.js';
import { complainWord, type Line, type LineWords, readLine } from './line.js';
import { type Prefix, prefix, scopeName, trackGroupName } from './readers.js';
import type { LocalAddress } from './statics.js';

const broadcast: Reader<string> = (text) =>
  text === '+' || text === '-' ? { value: text } : address(text, () => undefined);

const lifetime: Reader<number | 'forever'> = (text) =>
  text === 'forever' ? { value: text } : integer(0, 4_294_967_295)(text, () => undefined);

/** The words behind an address in static_ipaddress and virtual_ipaddress. */
export const addressLineWords = {
  dev: { value: interfaceName },
  scope: { value: scopeName },
  brd: { value: broadcast },
  broadcast: { as: 'brd', value: broadcast },
  label: { value: name('a label', 15) },
  peer: { value: prefix },
  home: {},
  '-nodad': {},
  mngtmpaddr: {},
  noprefixroute: {},
  autojoin: {},
  preferred_lft: { value: lifetime },
  no_track: {},
  track_group: { value: trackGroupName, only: 'static' },
  use_vmac: { only: 'virtual' },
} satisfies LineWords;

const FLAGS = ['home', '-nodad', 'mngtmpaddr', 'noprefixroute', 'autojoin'];
const ONLY_IP6 = ['home', '-nodad', 'mngtmpaddr'];

/** The words that one kind of block has. */
export const wordsFor = (words: LineWords, kind: 'static' | 'virtual'): LineWords =>
  Object.fromEntries(Object.entries(words).filter(([, { only = kind }]) => only === kind));

const WORDS = { static: wordsFor(addressLineWords, 'static'), virtual: wordsFor(addressLineWords, 'virtual') };

/** `192.0.2.1/24 dev eth0 label eth0:1`, in any order. */
export const addressLine =
  (kind: 'static' | 'virtual') =>
  (statement: Statement, context: Context): LocalAddress | undefined => {
    const what = `${kind}_ipaddress`;
    let found: { readonly prefix: Prefix; readonly index: number } | undefined;
    const bare = (index: number): number => {
      const { text } = statement.words[index]!;
      const read = prefix(text, () => undefined);
      if ('value' in read && found === undefined) {
        found = { prefix: read.value, index };
        return 1;
      }
      if (found !== undefined) return complainWord(statement, index, WORDS[kind], what, context);
      const kindOf = /^\$\w/.test(text) ? 'a variable that is not defined' : `no address of ${what}`;
      if ('expected' in read)
        context.diagnostics.error(placeOfWord(statement, index), `'${text}' is ${kindOf}`, { expected: read.expected });
      found = { prefix: { address: '0.0.0.0', length: 0, family: 'ip4' }, index }; // what follows is read by its own words
      return -1;
    };
    const line = readLine(statement, [0, statement.words.length], WORDS[kind], what, bare, context);
    if (line === undefined) return undefined;
    if (found === undefined) {
      context.diagnostics.error(placeOfWord(statement, 0), `a line of ${what} without an address`, {
        expected: 'ADDRESS[/LENGTH]',
      });
      return undefined;
    }
    return fits(found.prefix.family, line, context) ? built(found.prefix, found.index, line) : undefined;
  };

function fits(family: Family, line: Line, { diagnostics }: Context): boolean {
  const complain = (word: string, message: string, expected: string): false => {
    diagnostics.error(placeOfWord(line.statement, line.get(word)!.index), message, { expected });
    return false;
  };
  const flag = ONLY_IP6.find((word) => line.has(word));
  if (family === 'ip4' && flag !== undefined) return complain(flag, `'${flag}' is for IPv6 addresses`, 'no such word');
  if (family === 'ip6' && line.has('brd')) return complain('brd', 'IPv6 has no broadcast addresses', "no 'brd'");
  const said = line.text('brd');
  if (said !== undefined && said !== '+' && said !== '-' && familyOf(said) !== family)
    return complain('brd', `${said} is not of the address's family`, 'an IPv4 address, + or -');
  const peer = line.get('peer')?.value as Prefix | undefined;
  if (peer !== undefined && peer.family !== family)
    return complain('peer', `${peer.address} is not of the address's family`, 'a peer of the same family');
  return true;
}

function built({ address: text, length, family }: Prefix, index: number, line: Line): LocalAddress {
  const peer = line.get('peer')?.value as Prefix | undefined;
  return {
    position: positionOfWord(line.statement, index),
    address: text,
    length: length ?? (family === 'ip4' ? 32 : 128),
    interface: line.text('dev'),
    ...line.part<'scope', string>('scope', 'scope'),
    ...line.part<'broadcast', string>('broadcast', 'brd'),
    ...line.part<'label', string>('label', 'label'),
    ...(peer === undefined
      ? {}
      : { peer: peer.length === undefined ? peer.address : `${peer.address}/${peer.length}` }),
    flags: FLAGS.filter((word) => line.has(word)),
    ...line.part<'preferredSeconds', number | 'forever'>('preferredSeconds', 'preferred_lft'),
    tracked: !line.has('no_track'),
    ...line.part<'trackGroup', string>('trackGroup', 'track_group'),
    ownVmac: line.has('use_vmac'),
  };
}
