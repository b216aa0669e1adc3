import { type ForwardingMethod, plainTunnel, type Tunnel } from '../model/destination.js';
import { nearest } from './nearest.js';
import { keywordOf, placeOfWord, type Statement } from './tree.js';
import { noMore, phrase, readWord } from './terms.js';
import type { Context, Term } from './vocabulary.js';
import { choice, integer, oneOf, port } from './values.js';

export interface Forwarding {
  readonly method: ForwardingMethod;
  readonly tunnel: Tunnel;
  /** Of L3DSR: 0 to 63. */
  readonly dscp?: number;
}

const methods = [
  ['NAT', 'masquerade'],
  ['DR', 'direct-route'],
  ['TUN', 'tunnel'],
  ['L3DSR', 'l3dsr'],
  ['FULLNAT', 'full-nat'],
] as const;
const method = choice<ForwardingMethod>(new Map(methods));

/** The word of lvs_method. */
export const methodWord = (method: ForwardingMethod): string =>
  methods.find(([, one]) => one === method)?.[0] ?? method;

/** `DR`, `TUN type gre`, `L3DSR dscp 7`: without what does not change where packets are understood. */
export function forwardingText({ method, tunnel, dscp }: Forwarding): string {
  if (method === 'tunnel') return `TUN type ${tunnel.type}${tunnel.port === 0 ? '' : ` port ${tunnel.port}`}`;
  return dscp === undefined ? methodWord(method) : `${methodWord(method)} dscp ${dscp}`;
}

const tunnelType = oneOf('ipip', 'gue', 'gre');
const OPTIONS = ['type', 'port', 'nocsum', 'csum', 'remcsum'] as const;
type Draft = { -readonly [K in keyof Tunnel]: Tunnel[K] };

const dscp = integer(0, 63);

/** `lvs_method NAT|DR|FULLNAT`, `lvs_method TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]`, `lvs_method L3DSR dscp N`. */
export const forwarding: Term<Forwarding> = phrase((statement, context) => {
  const read = readWord(statement, 1, method, context);
  if (read === undefined) return undefined;
  if (read === 'l3dsr') return readL3dsr(statement, context);
  if (statement.texts.length === 2) return { method: read, tunnel: plainTunnel };
  if (read !== 'tunnel') {
    foreignOption(statement, 2, 'the end of the line', context);
    return undefined;
  }
  const tunnel = readTunnel(statement, context);
  return tunnel === undefined ? undefined : { method: read, tunnel };
});

function foreignOption(statement: Statement, at: number, expected: string, { diagnostics }: Context): void {
  const what = statement.texts[at] ?? '';
  const whose = what === 'dscp' ? 'L3DSR' : 'TUN';
  diagnostics.error(placeOfWord(statement, at), `'${what}' is an option of ${whose}`, { expected });
}

function readL3dsr(statement: Statement, context: Context): Forwarding | undefined {
  const option = statement.texts[2];
  if (option === undefined) {
    const place = placeOfWord(statement, statement.texts.length);
    context.diagnostics.error(place, `${keywordOf(statement)}: L3DSR without a dscp`, { expected: 'dscp 0 to 63' });
    return undefined;
  }
  if (option !== 'dscp') {
    foreignOption(statement, 2, 'dscp 0 to 63', context);
    return undefined;
  }
  const value = readWord(statement, 3, dscp, context);
  noMore(statement, 4, context);
  return value === undefined ? undefined : { method: 'l3dsr', tunnel: plainTunnel, dscp: value };
}

function readTunnel(statement: Statement, context: Context): Tunnel | undefined {
  const tunnel: Draft = { ...plainTunnel };
  const at = new Map<string, number>();
  for (let i = 2; i < statement.texts.length; i++) {
    const option = statement.texts[i]!;
    at.set(option, i);
    if (option === 'type') {
      const type = readWord(statement, ++i, tunnelType, context);
      if (type === undefined) return undefined;
      tunnel.type = type;
    } else if (option === 'port') {
      const number = readWord(statement, ++i, port, context);
      if (number === undefined) return undefined;
      tunnel.port = number;
    } else if (option === 'dscp') {
      foreignOption(statement, i, 'type, port, nocsum, csum or remcsum', context);
      return undefined;
    } else if (option === 'csum') tunnel.checksum = true;
    else if (option === 'remcsum') tunnel.remoteChecksum = true;
    else if (option !== 'nocsum') {
      const suggestion = nearest(option, OPTIONS);
      context.diagnostics.error(placeOfWord(statement, i), `'${option}' is no option of TUN`, {
        expected: 'type, port, nocsum, csum or remcsum',
        suggestion,
      });
      return undefined;
    }
  }
  return fits(tunnel, at, statement, context) ? tunnel : undefined;
}

/** Which options go with which type: the kernel would refuse the others, or pass over them. */
function fits(
  tunnel: Tunnel,
  at: ReadonlyMap<string, number>,
  statement: Statement,
  { diagnostics }: Context,
): boolean {
  const { type } = tunnel;
  if (type === 'gue' && tunnel.port === 0) {
    const place = placeOfWord(statement, statement.texts.length);
    diagnostics.error(place, `${keywordOf(statement)}: gue without a port`, { expected: 'port 1 to 65535' });
    return false;
  }
  const unfit = [...at].find(
    ([option]) =>
      (option === 'port' && type !== 'gue') ||
      (option === 'remcsum' && type !== 'gue') ||
      ((option === 'csum' || option === 'nocsum') && type === 'ipip'),
  );
  const clash = at.has('csum') && at.has('remcsum') ? (['remcsum', at.get('remcsum')!] as const) : undefined;
  const [option, index] = unfit ?? clash ?? [];
  if (option === undefined) return true;
  const why = unfit === undefined ? 'does not go with csum' : `does not go with ${type}`;
  diagnostics.error(placeOfWord(statement, index), `'${option}' ${why}`, {
    expected: 'type ipip, type gue port N [nocsum|csum|remcsum] or type gre [nocsum|csum]',
  });
  return false;
}
