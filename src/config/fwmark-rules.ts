import { parseAddress } from '../model/address.js';
import type { FwmarkRule } from './configuration.js';
import { placeOfWord, positionOfWord } from './tree.js';
import { fwmark, interfaceName, oneOf } from './values.js';
import { blockOf, noMore, one, readWord, several, type Reader } from './terms.js';
import { isMissing, readBlock, type Term, type Vocabulary } from './vocabulary.js';

/** `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`, as written. */
const prefix: Reader<string> = (text) => {
  const [address = '', length, ...rest] = text.split('/');
  const bits = (parseAddress(address)?.length ?? 0) * 8;
  const fits =
    bits > 0 && rest.length === 0 && (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits));
  return fits ? { value: text } : { expected: 'an address or ADDRESS/LENGTH' };
};

const portRange: Reader<{ readonly from: number; readonly to: number }> = (text) => {
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  return from >= 1 && from <= to && to <= 65_535
    ? { value: { from, to } }
    : { expected: 'a port or a range A-B from 1 to 65535' };
};

const mac: Reader<string> = (text) =>
  /^([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$/.test(text)
    ? { value: text.toLowerCase().replaceAll('-', ':') }
    : { expected: 'an Ethernet address such as 02:00:00:00:00:01' };

const protocol: Reader<'tcp' | 'udp' | 'sctp'> = (text) => {
  const read = oneOf('TCP', 'UDP', 'SCTP')(text.toUpperCase(), () => undefined);
  return 'value' in read ? { value: read.value.toLowerCase() as 'tcp' | 'udp' | 'sctp' } : read;
};

const ruleWords = {
  fwmark: one(fwmark),
  vip: several(prefix),
  protocol: several(protocol),
  port: several(portRange),
  not_from_mac: several(mac),
  interface: several(interfaceName),
} satisfies Vocabulary;

const nameOfRule: Reader<string> = (text) =>
  /^[\w.:-]{1,64}$/.test(text) ? { value: text } : { expected: 'a name of letters, digits and _ . : -' };

/** `fwmark_rule NAME { fwmark N; vip ADDRESS...; ... }`, one statement per line: lvsd's own word. */
export const fwmarkRule: Term<FwmarkRule> = {
  words: ruleWords,
  read(statement, context) {
    const { diagnostics } = context;
    const name = readWord(statement, 1, nameOfRule, context);
    noMore(statement, 2, context);
    const block = readBlock('fwmark_rule', ruleWords, blockOf(statement, context) ?? [], diagnostics);
    for (const [word, expected] of NEEDED)
      if (isMissing(block, word))
        diagnostics.error(placeOfWord(statement, 0), `'fwmark_rule' lacks '${word}'`, { expected });
    const { fwmark: mark, vip: vips, protocol: protocols = [], port: ports = [] } = block.values;
    const { not_from_mac: notFrom = [], interface: interfaces = [] } = block.values;
    if (name === undefined || mark === undefined || vips === undefined) return undefined;
    return { position: positionOfWord(statement, 0), name, mark, vips, protocols, ports, notFrom, interfaces };
  },
};

const NEEDED = [
  ['fwmark', "'fwmark N'"],
  ['vip', "'vip ADDRESS...'"],
] as const;
