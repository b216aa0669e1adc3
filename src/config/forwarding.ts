import { type ForwardingMethod, plainTunnel, type Tunnel } from '../model/destination.js';
import { nearest } from './nearest.js';
import { keywordOf, placeOfWord, type Statement } from './tree.js';
import { phrase, readWord } from './terms.js';
import type { Context, Term } from './vocabulary.js';
import { choice, oneOf, port } from './values.js';

export interface Forwarding {
  readonly method: ForwardingMethod;
  readonly tunnel: Tunnel;
}

const method = choice<ForwardingMethod>(
  new Map([
    ['NAT', 'masquerade'],
    ['DR', 'direct-route'],
    ['TUN', 'tunnel'],
  ]),
);

const tunnelType = oneOf('ipip', 'gue', 'gre');
const OPTIONS = ['type', 'port', 'nocsum', 'csum', 'remcsum'] as const;
type Draft = { -readonly [K in keyof Tunnel]: Tunnel[K] };

/** `lvs_method NAT|DR|TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]`. */
export const forwarding: Term<Forwarding> = phrase((statement, context) => {
  const read = readWord(statement, 1, method, context);
  if (read === undefined) return undefined;
  if (statement.texts.length === 2) return { method: read, tunnel: plainTunnel };
  if (read !== 'tunnel') {
    const what = statement.texts[2] ?? '';
    context.diagnostics.error(placeOfWord(statement, 2), `'${what}' is an option of TUN`, {
      expected: 'the end of the line',
    });
    return undefined;
  }
  const tunnel = readTunnel(statement, context);
  return tunnel === undefined ? undefined : { method: read, tunnel };
});

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
