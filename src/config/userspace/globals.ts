import { type EngineOptions, type EngineTimeouts, portModes } from '../../model/engine.js';
import { familyOf, type Family } from '../../model/address.js';
import { nearest } from '../nearest.js';
import { noMore, one, phrase, readWord, type Reader, several } from '../terms.js';
import { placeOfWord, type Statement } from '../tree.js';
import { address, integer, interfaceName, listed, oneOf } from '../values.js';
import type { Context, Term, Values, Vocabulary } from '../vocabulary.js';
import { distinct, engineName, LONGEST_TIMEOUT } from './words.js';

/** Services say with a bit per interface which they take packets from. */
const MOST_PORTS = 64;
const MOST_WORKERS = 256;
/** 64 bytes each: 64 KB to 16 GB. */
const FEWEST_SESSIONS = 1024;
const MOST_SESSIONS = 268_435_456;

const named: Term<readonly string[]> = distinct(several(interfaceName));

/** `engine_ports auto` or `engine_ports eth0 eth1`. */
const ports: Term<EngineOptions['ports']> = phrase((statement, context) => {
  if (statement.texts[1] === 'auto') {
    noMore(statement, 2, context);
    return 'auto';
  }
  const names = named.read(statement, context);
  if (names === undefined || names.length <= MOST_PORTS) return names;
  context.diagnostics.error(placeOfWord(statement, MOST_PORTS + 1), `${names.length} interfaces`, {
    expected: `at most ${MOST_PORTS}`,
  });
  return undefined;
});

const threads = integer(1, MOST_WORKERS);
const workers: Reader<number | 'auto'> = (text, complain) => {
  if (text === 'auto') return { value: text };
  const read = threads(text, complain);
  return 'value' in read ? read : { ...read, expected: `${read.expected}, or auto` };
};

/** A reader of addresses of one family. */
const addressOf =
  (family: Family): Reader<string> =>
  (text, complain) => {
    const read = address(text, complain);
    if ('value' in read && familyOf(read.value) === family) return read;
    return { expected: `an ${family === 'ip4' ? 'IPv4' : 'IPv6'} address` };
  };

/** The words of engine_timeouts. */
const timeoutWords: ReadonlyMap<string, keyof EngineTimeouts> = new Map([
  ['tcp', 'tcpEstablished'],
  ['syn', 'tcpSyn'],
  ['fin', 'tcpFin'],
  ['closed', 'tcpClosed'],
  ['udp', 'udp'],
  ['icmp', 'icmp'],
  ['other', 'other'],
]);
const seconds = integer(1, LONGEST_TIMEOUT);

/** `engine_timeouts [tcp S] [syn S] [fin S] [closed S] [udp S] [icmp S] [other S]`. */
const timeouts: Term<EngineOptions['timeouts']> = phrase((statement: Statement, context: Context) => {
  const found: Partial<Record<keyof EngineTimeouts, number>> = {};
  const known = [...timeoutWords.keys()];
  if (statement.texts.length === 1) {
    const expected = `${listed(known)}, and seconds`;
    context.diagnostics.error(placeOfWord(statement, 0), "'engine_timeouts' lacks a value", { expected });
    return undefined;
  }
  for (let i = 1; i < statement.texts.length; i += 2) {
    const word = statement.texts[i]!;
    const key = timeoutWords.get(word);
    if (key === undefined || found[key] !== undefined) {
      const message = key === undefined ? `'${word}' is no option here` : `'${word}' is given twice`;
      const advice = { expected: listed(known), suggestion: key === undefined ? nearest(word, known) : undefined };
      context.diagnostics.error(placeOfWord(statement, i), message, advice);
      return undefined;
    }
    const value = readWord(statement, i + 1, seconds, context);
    if (value === undefined) return undefined;
    found[key] = value;
  }
  return found;
});

/** Words of global_defs about the userspace engine; lvs_engine is what virtual_servers are forwarded by that do not say it. */
export const engineWords = {
  lvs_engine: one(engineName),
  engine_ports: ports,
  engine_mode: one(oneOf(...portModes)),
  engine_workers: one(workers),
  engine_sessions: one(integer(FEWEST_SESSIONS, MOST_SESSIONS)),
  engine_tunnel_source4: one(addressOf('ip4')),
  engine_tunnel_source6: one(addressOf('ip6')),
  engine_tunnel_ttl: one(integer(1, 255)),
  engine_timeouts: timeouts,
} satisfies Vocabulary;

export function engineOptionsOf(values: Values<typeof engineWords>): EngineOptions {
  const { engine_sessions: sessions, engine_tunnel_source4: source4 } = values;
  const { engine_tunnel_source6: source6, engine_tunnel_ttl: ttl } = values;
  return {
    ports: values.engine_ports ?? 'auto',
    mode: values.engine_mode ?? 'auto',
    workers: values.engine_workers ?? 'auto',
    ...(sessions === undefined ? {} : { sessions }),
    ...(source4 === undefined ? {} : { tunnelSource4: source4 }),
    ...(source6 === undefined ? {} : { tunnelSource6: source6 }),
    ...(ttl === undefined ? {} : { tunnelTtl: ttl }),
    timeouts: values.engine_timeouts ?? {},
  };
}
