import { familyOf } from '../../model/address.js';
import { MOST_U32, address, integer, interfaceName, listed, name, oneOf } from '../values.js';
import { type Statement, placeOfWord, positionOfWord } from '../tree.js';
import type { Reader } from '../terms.js';
import type { Context } from '../vocabulary.js';
import { wordsFor } from './address-line.js';
import { type Bare, complainWord, type Line, type LineWords, readLine } from './line.js';
import {
  hexadecimal,
  onOff,
  type Prefix,
  prefix,
  prefixText,
  protocolName,
  realms,
  scopeName,
  tableName,
  trackGroupName,
} from './readers.js';
import type { Encapsulation, IpRoute, NextHop, RouteKind } from './statics.js';

const u32 = integer(0, MOST_U32);
const metric = { value: u32, lockable: true } as const;
const bit = integer(0, 1);

/** Milliseconds, as `30ms` too. */
const milliseconds: Reader<number> = (text) => {
  const [, number = '', unit] = /^(\d{1,9})(ms|s)?$/.exec(text) ?? [];
  return number === '' ? { expected: 'milliseconds' } : { value: Number(number) * (unit === 's' ? 1000 : 1) };
};

/** The words of a next hop, alone or behind `nexthop`. `via [inet|inet6] ADDRESS` is read apart. */
const hopWords = {
  dev: { value: interfaceName },
  oif: { as: 'dev', value: interfaceName },
  onlink: {},
  realms: { value: realms },
} satisfies LineWords;

/** The words behind `nexthop`. */
export const nextHopWords = { ...hopWords, weight: { value: integer(1, 256) } } satisfies LineWords;

/** The words of static_routes and virtual_routes, but for those that take several: via, to, as, encap, nexthop, or. */
export const routeLineWords = {
  ...hopWords,
  inet: {},
  inet6: {},
  src: { value: address },
  from: { value: prefix },
  table: { value: tableName },
  protocol: { value: protocolName },
  scope: { value: scopeName },
  metric: { value: u32 },
  priority: { as: 'metric', value: u32 },
  preference: { as: 'metric', value: u32 },
  tos: { value: hexadecimal(255) },
  dsfield: { as: 'tos', value: hexadecimal(255) },
  expires: { value: u32 },
  mtu: metric,
  hoplimit: { value: integer(0, 255), lockable: true },
  advmss: metric,
  rtt: { value: milliseconds, lockable: true },
  rttvar: { value: milliseconds, lockable: true },
  reordering: metric,
  window: metric,
  cwnd: metric,
  ssthresh: metric,
  rto_min: { value: milliseconds, lockable: true },
  initcwnd: metric,
  initrwnd: metric,
  features: { value: oneOf('ecn') },
  quickack: { value: bit },
  congctl: { value: name('a congestion control', 15), lockable: true },
  pref: { value: oneOf('low', 'medium', 'high') },
  'ttl-propagate': { value: onOff },
  fastopen_no_cookie: { value: bit },
  add: {},
  append: {},
  prepend: {},
  vrf: { value: interfaceName },
  no_track: {},
  track_group: { value: trackGroupName, only: 'static' },
} satisfies LineWords;

/** Words that take more than one, or begin a part of their own: for the manual. */
export const routeLinePhrases = ['via', 'to', 'as', 'encap', 'nexthop', 'gw', 'or'] as const;

const METRICS = [
  ...['mtu', 'hoplimit', 'advmss', 'rtt', 'rttvar', 'reordering', 'window', 'cwnd', 'ssthresh', 'rto_min', 'initcwnd'],
  ...['initrwnd', 'features', 'quickack', 'congctl', 'fastopen_no_cookie'],
];
const KINDS: readonly RouteKind[] = ['unicast', 'blackhole', 'unreachable', 'prohibit', 'throw', 'local'];
const ENCAPSULATIONS = ['ip', 'ip6', 'mpls', 'ila'] as const;
const ENCAP_OPTIONS = new Set(['id', 'dst', 'src', 'tos', 'tc', 'ttl', 'hoplimit', 'flags']);
const MOST_HOPS = 256;

const WORDS = { static: wordsFor(routeLineWords, 'static'), virtual: wordsFor(routeLineWords, 'virtual') };

/** What stands bare or takes several words, gathered while a line or a next hop is read. */
interface Gathered {
  destination?: Prefix;
  destinationAt?: number;
  kind?: RouteKind;
  via?: string;
  second?: string;
  as?: string;
  encap?: Encapsulation;
}

/** `192.0.2.0/24 via 10.0.0.254 dev eth0`, as ip-route(8), in any order; `nexthop` parts come last. */
export const routeLine =
  (block: 'static' | 'virtual') =>
  (statement: Statement, context: Context): IpRoute | undefined => {
    const what = `${block}_routes`;
    const starts = statement.words.flatMap((word, i) => (word.text === 'nexthop' ? [i] : []));
    const end = starts[0] ?? statement.words.length;
    const gathered: Gathered = {};
    const line = readLine(
      statement,
      [0, end],
      WORDS[block],
      what,
      bareOf(gathered, [statement, end, what], context, WORDS[block]),
      context,
    );
    const hops = starts.map((from, i) =>
      nextHop(statement, from + 1, starts[i + 1] ?? statement.words.length, context),
    );
    if (starts.length > MOST_HOPS) {
      context.diagnostics.error(placeOfWord(statement, starts[0]!), `a route with ${starts.length} next hops`, {
        expected: `at most ${MOST_HOPS}`,
      });
      return undefined;
    }
    const nextHops = hops.filter((hop) => hop !== undefined);
    if (line === undefined || nextHops.length < hops.length) return undefined;
    if (gathered.destination === undefined) {
      context.diagnostics.error(placeOfWord(statement, 0), 'a route without a destination', {
        expected: "'[to] PREFIX' or 'default'",
      });
      return undefined;
    }
    return built(gathered, gathered.destination, line, nextHops, context);
  };

/** Destinations and the words with more than one value. */
function bareOf(
  gathered: Gathered,
  [statement, end, what]: readonly [Statement, number, string],
  context: Context,
  words: LineWords,
): Bare {
  const { diagnostics } = context;
  const text = (index: number): string | undefined => (index < end ? statement.words[index]?.text : undefined);
  const complain = (index: number, message: string, expected: string, words = 1): number => {
    diagnostics.error(placeOfWord(statement, Math.min(index, end - 1)), message, { expected });
    return -words;
  };
  const addressAt = (index: number): string | undefined => {
    const read = address(text(index) ?? '', () => undefined);
    return 'value' in read ? read.value : undefined;
  };
  const destinationAt = (index: number, word: string): boolean => {
    const read = prefix(text(index) ?? '', () => undefined);
    if (!('value' in read)) {
      const kind = /^\$\w/.test(word) ? 'a variable that is not defined' : `no word and no destination of ${what}`;
      return complain(index, `'${word}' is ${kind}`, read.expected) > 0;
    }
    if (gathered.destination !== undefined) return complain(index, `'${word}' is a second destination`, 'one') > 0;
    gathered.destination = read.value;
    return true;
  };
  return (index) => {
    const word = text(index)!;
    switch (word) {
      case 'to':
        return destinationAt(index + 1, text(index + 1) ?? 'to') ? 2 : -2;
      case 'via':
      case 'gw': {
        const family = text(index + 1) === 'inet' || text(index + 1) === 'inet6' ? 1 : 0;
        const gateway = addressAt(index + 1 + family);
        if (word === 'gw')
          diagnostics.warning(placeOfWord(statement, index), "'gw' is an old word", { expected: "'via'" });
        if (gateway === undefined)
          return complain(index + 1 + family, `'${word}' lacks its gateway`, 'an address', 2 + family);
        gathered.via = gateway;
        return 2 + family;
      }
      case 'or': {
        diagnostics.warning(placeOfWord(statement, index), "'or' is an old word", {
          expected: "'nexthop via ADDRESS nexthop via ADDRESS'",
        });
        const gateway = addressAt(index + 1);
        if (gateway === undefined) return complain(index + 1, "'or' lacks its gateway", 'an address', 2);
        gathered.second = gateway;
        return 2;
      }
      case 'as': {
        const at = text(index + 1) === 'to' ? index + 2 : index + 1;
        const target = text(at);
        if (target === undefined) return complain(at, "'as' lacks its destination", '[to] ADDRESS');
        gathered.as = target;
        return at - index + 1;
      }
      case 'encap': {
        const taken = encapsulationAt(index + 1, text, complain);
        if (taken === undefined) return -2;
        gathered.encap = taken.encap;
        return taken.words + 1;
      }
      default: {
        const kind = KINDS.find((one) => one === word);
        if (kind !== undefined) {
          gathered.kind = kind;
          return 1;
        }
        if (gathered.destination !== undefined) return complainWord(statement, index, words, what, context);
        return destinationAt(index, word) ? 1 : -1;
      }
    }
  };
}

function encapsulationAt(
  index: number,
  text: (index: number) => string | undefined,
  complain: (index: number, message: string, expected: string) => number,
): { readonly encap: Encapsulation; readonly words: number } | undefined {
  const kind = ENCAPSULATIONS.find((one) => one === text(index));
  if (kind === undefined) {
    complain(index, "'encap' lacks its kind", listed([...ENCAPSULATIONS]));
    return undefined;
  }
  const first = text(index + 1);
  if (kind === 'mpls' || kind === 'ila') {
    const fits = kind === 'mpls' ? /^\d{1,7}(\/\d{1,7})*$/ : /^[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){3}$/;
    if (first !== undefined && fits.test(first))
      return { encap: { kind, options: { [kind === 'mpls' ? 'labels' : 'locator']: first } }, words: 2 };
    complain(index + 1, `'encap ${kind}' lacks its value`, kind === 'mpls' ? 'LABEL[/LABEL...]' : 'a locator');
    return undefined;
  }
  const options: Record<string, string> = {};
  let words = 1;
  for (let word = first; word !== undefined && ENCAP_OPTIONS.has(word); word = text(index + words)) {
    const value = text(index + words + 1);
    if (value === undefined) {
      complain(index + words, `'${word}' lacks a value`, 'one');
      return undefined;
    }
    options[word] = value;
    words += 2;
  }
  return { encap: { kind, options }, words };
}

function nextHop(statement: Statement, from: number, to: number, context: Context): NextHop | undefined {
  const gathered: Gathered = {};
  const bare = bareOf(gathered, [statement, to, 'nexthop'], context, nextHopWords);
  const line = readLine(statement, [from, to], nextHopWords, 'nexthop', bare, context);
  if (line === undefined) return undefined;
  if (gathered.destination !== undefined || gathered.kind !== undefined) {
    context.diagnostics.error(placeOfWord(statement, from), 'a next hop has no destination', {
      expected: "'via ADDRESS'",
    });
    return undefined;
  }
  return {
    ...(gathered.via === undefined ? {} : { via: gathered.via }),
    ...line.part<'interface', string>('interface', 'dev'),
    ...line.part<'weight', number>('weight', 'weight'),
    onlink: line.has('onlink'),
    ...line.part<'realms', string>('realms', 'realms'),
    ...(gathered.encap === undefined ? {} : { encap: gathered.encap }),
  };
}

function built(
  gathered: Gathered,
  destination: Prefix,
  line: Line,
  hops: readonly NextHop[],
  { diagnostics }: Context,
): IpRoute | undefined {
  const { via, second, kind = 'unicast', as, encap } = gathered;
  const isDefault = destination.length === 0;
  const said = line.has('inet6') ? 'ip6' : line.has('inet') ? 'ip4' : undefined;
  const source = line.text('src');
  const other = [via, source].find((one) => one !== undefined);
  const family = said ?? (isDefault && other !== undefined ? familyOf(other) : destination.family);
  const stranger = [isDefault ? undefined : destination.address, source].find(
    (one) => one !== undefined && familyOf(one) !== family,
  );
  if (stranger !== undefined) {
    diagnostics.error(placeOfWord(line.statement, 0), `${stranger} is not of the route's address family`, {
      expected: family === 'ip4' ? 'IPv4 addresses' : 'IPv6 addresses',
    });
    return undefined;
  }
  const from = line.get('from')?.value as Prefix | undefined;
  const metrics = METRICS.flatMap((word) => {
    const found = line.get(word);
    return found === undefined
      ? []
      : [[word, { value: found.value as number | string, locked: found.locked }] as const];
  });
  const both =
    second === undefined || via === undefined
      ? hops
      : [
          { via, onlink: false },
          { via: second, onlink: false },
        ];
  return {
    position: positionOfWord(line.statement, 0),
    family,
    kind,
    destination: isDefault ? 'default' : prefixText(destination),
    ...(via === undefined || both !== hops ? {} : { via }),
    ...line.part<'interface', string>('interface', 'dev'),
    ...(source === undefined ? {} : { source }),
    ...(from === undefined ? {} : { from: prefixText(from) }),
    ...line.part<'table', string>('table', 'table'),
    ...line.part<'protocol', string>('protocol', 'protocol'),
    ...line.part<'scope', string>('scope', 'scope'),
    ...line.part<'metric', number>('metric', 'metric'),
    ...line.part<'tos', number>('tos', 'tos'),
    onlink: line.has('onlink'),
    ...(encap === undefined ? {} : { encap }),
    ...line.part<'expiresSeconds', number>('expiresSeconds', 'expires'),
    ...line.part<'realms', string>('realms', 'realms'),
    ...line.part<'preference', 'low' | 'medium' | 'high'>('preference', 'pref'),
    ...line.part<'ttlPropagate', boolean>('ttlPropagate', 'ttl-propagate'),
    ...(as === undefined ? {} : { as }),
    ...line.part<'vrf', string>('vrf', 'vrf'),
    metrics: Object.fromEntries(metrics),
    nextHops: both,
    place: line.has('add') ? 'add' : line.has('append') ? 'append' : 'prepend',
    tracked: !line.has('no_track'),
    ...line.part<'trackGroup', string>('trackGroup', 'track_group'),
  };
}
