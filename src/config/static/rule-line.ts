import type { Family } from '../../model/address.js';
import { MOST_U32, integer, interfaceName, name, oneOf } from '../values.js';
import { type Statement, placeOfWord, positionOfWord } from '../tree.js';
import type { Reader } from '../terms.js';
import type { Context } from '../vocabulary.js';
import { wordsFor } from './address-line.js';
import { complainWord, type Line, type LineWords, readLine } from './line.js';
import {
  groupName,
  hexadecimal,
  type Prefix,
  prefix,
  prefixText,
  protocolName,
  realms,
  tableName,
  trackGroupName,
} from './readers.js';
import type { IpRule, IpRuleAction } from './statics.js';

interface Range {
  readonly from: number;
  readonly to: number;
}

/** `A`, `A-B`. */
const range =
  (most: number, whole: boolean): Reader<Range> =>
  (text) => {
    const [, first = '', last] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(text) ?? [];
    const [from, to] = [Number(first), Number(last ?? first)];
    const fits = first !== '' && (last !== undefined || !whole) && from <= to && to <= most;
    return fits ? { value: { from, to } } : { expected: `${whole ? 'A-B' : 'A or A-B'} up to ${most}` };
  };

const mark: Reader<string> = (text) =>
  /^(0x[0-9a-fA-F]{1,8}|\d{1,10})(\/(0x[0-9a-fA-F]{1,8}|\d{1,10}))?$/.test(text) &&
  text.split('/').every((part) => Number(part) <= MOST_U32)
    ? { value: text }
    : { expected: 'MARK or MARK/MASK' };

const u32 = integer(0, MOST_U32);

/** The words of static_rules and virtual_rules, as ip-rule(8) has them. */
export const ruleLineWords = {
  inet: {},
  inet6: {},
  from: { value: prefix },
  to: { value: prefix },
  table: { value: tableName },
  lookup: { as: 'table', value: tableName },
  not: {},
  preference: { value: u32 },
  order: { as: 'preference', value: u32 },
  priority: { as: 'preference', value: u32 },
  tos: { value: hexadecimal(255) },
  dsfield: { as: 'tos', value: hexadecimal(255) },
  fwmark: { value: mark },
  realms: { value: realms },
  suppress_prefixlength: { value: integer(0, 128) },
  sup_pl: { as: 'suppress_prefixlength', value: integer(0, 128) },
  suppress_ifgroup: { value: groupName },
  sup_group: { as: 'suppress_ifgroup', value: groupName },
  iif: { value: interfaceName },
  dev: { as: 'iif', value: interfaceName },
  oif: { value: interfaceName },
  'tunnel-id': { value: u32 },
  uidrange: { value: range(MOST_U32, true) },
  l3mdev: {},
  protocol: { value: protocolName },
  ipproto: { value: name('the name or number of a protocol', 32) },
  sport: { value: range(65_535, false) },
  dport: { value: range(65_535, false) },
  goto: { value: u32 },
  nop: {},
  type: { value: oneOf('unicast', 'blackhole', 'unreachable', 'prohibit') },
  blackhole: {},
  unreachable: {},
  prohibit: {},
  no_track: {},
  track_group: { value: trackGroupName, only: 'static' },
} satisfies LineWords;

const WORDS = { static: wordsFor(ruleLineWords, 'static'), virtual: wordsFor(ruleLineWords, 'virtual') };
const REFUSALS = ['blackhole', 'unreachable', 'prohibit'] as const;
const MAIN = 'main';

/** `from 192.0.2.0/24 table 1 preference 100`, in any order. */
export const ruleLine =
  (block: 'static' | 'virtual') =>
  (statement: Statement, context: Context): IpRule | undefined => {
    const what = `${block}_rules`;
    const bare = (index: number): number => complainWord(statement, index, WORDS[block], what, context);
    const line = readLine(statement, [0, statement.words.length], WORDS[block], what, bare, context);
    if (line === undefined) return undefined;
    const action = actionOf(line, context);
    const family = familyOfRule(line, context);
    if (action === undefined || family === undefined) return undefined;
    if (!line.has('preference'))
      context.diagnostics.warning(
        placeOfWord(statement, 0),
        'a rule without a preference: the kernel puts it before the others',
        {
          kind: 'advice',
          expected: "'preference N'",
        },
      );
    return built(family, action, line);
  };

function actionOf(line: Line, { diagnostics }: Context): IpRuleAction | undefined {
  const type = line.text('type');
  const refusal = REFUSALS.find((word) => line.has(word) || type === word);
  const said: readonly (readonly [string, IpRuleAction])[] = [
    ...(line.has('table') ? [['table', { do: 'lookup', table: line.text('table')! }] as const] : []),
    ...(line.has('goto') ? [['goto', { do: 'goto', preference: line.number('goto')! }] as const] : []),
    ...(line.has('nop') ? [['nop', { do: 'nop' }] as const] : []),
    ...(line.has('l3mdev') ? [['l3mdev', { do: 'l3mdev' }] as const] : []),
    ...(refusal === undefined ? [] : [[line.has(refusal) ? refusal : 'type', { do: refusal }] as const]),
  ];
  const [first, second] = said;
  if (second !== undefined) {
    const place = placeOfWord(line.statement, line.get(second[0])!.index);
    diagnostics.error(place, `'${second[0]}' is a second action of the rule`, {
      expected: 'one of table, goto, nop, l3mdev, blackhole, unreachable and prohibit',
    });
    return undefined;
  }
  return first?.[1] ?? { do: 'lookup', table: MAIN };
}

/** `default` and `all` are of either family. */
function familyOfRule(line: Line, { diagnostics }: Context): Family | undefined {
  const said: Family | undefined = line.has('inet6') ? 'ip6' : line.has('inet') ? 'ip4' : undefined;
  const prefixes = ['from', 'to'].flatMap((word) => {
    const found = line.get(word);
    const value = found?.value as Prefix | undefined;
    return found === undefined || value === undefined || value.length === 0 ? [] : [{ ...found, value }];
  });
  const family = said ?? prefixes[0]?.value.family ?? 'ip4';
  const stranger = prefixes.find(({ value }) => value.family !== family);
  if (stranger === undefined) return family;
  diagnostics.error(
    placeOfWord(line.statement, stranger.index + 1),
    `${stranger.value.address} is not of the rule's address family`,
    { expected: family === 'ip4' ? 'an IPv4 prefix' : 'an IPv6 prefix' },
  );
  return undefined;
}

function built(family: Family, action: IpRuleAction, line: Line): IpRule {
  const prefixPart = (word: 'from' | 'to'): { readonly [key in typeof word]?: string } => {
    const value = line.get(word)?.value as Prefix | undefined;
    return value === undefined || value.length === 0 ? {} : { [word]: prefixText(value) };
  };
  return {
    position: positionOfWord(line.statement, 0),
    family,
    preference: line.number('preference'),
    not: line.has('not'),
    ...prefixPart('from'),
    ...prefixPart('to'),
    ...line.part<'tos', number>('tos', 'tos'),
    ...line.part<'fwmark', string>('fwmark', 'fwmark'),
    ...line.part<'inInterface', string>('inInterface', 'iif'),
    ...line.part<'outInterface', string>('outInterface', 'oif'),
    ...line.part<'tunnelId', number>('tunnelId', 'tunnel-id'),
    ...line.part<'uids', Range>('uids', 'uidrange'),
    ...line.part<'ipProtocol', string>('ipProtocol', 'ipproto'),
    ...line.part<'sourcePorts', Range>('sourcePorts', 'sport'),
    ...line.part<'destinationPorts', Range>('destinationPorts', 'dport'),
    ...line.part<'suppressPrefixLength', number>('suppressPrefixLength', 'suppress_prefixlength'),
    ...line.part<'suppressGroup', string>('suppressGroup', 'suppress_ifgroup'),
    ...line.part<'realms', string>('realms', 'realms'),
    ...line.part<'protocol', string>('protocol', 'protocol'),
    action,
    tracked: !line.has('no_track'),
    ...line.part<'trackGroup', string>('trackGroup', 'track_group'),
  };
}
