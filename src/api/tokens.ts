import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList } from 'node:net';
import type { ApiToken } from '../config/api-access.js';
import { LvsError } from '../errors.js';
import { familyOf } from '../model/address.js';
import { isTokenText, tokenDigest } from '../model/api-token.js';

/** The token a request comes with; undefined: it has none. @throws LvsError API_UNAUTHENTICATED */
export function bearerOf({ headersDistinct }: Pick<IncomingMessage, 'headersDistinct'>): string | undefined {
  const said = headersDistinct['authorization'];
  if (said === undefined) return undefined;
  if (said.length > 1) throw new LvsError('API_UNAUTHENTICATED', ["there is more than one 'authorization'"]);
  const [, token] = /^Bearer +(\S+)$/i.exec(said[0] ?? '') ?? [];
  if (token === undefined) throw new LvsError('API_UNAUTHENTICATED', ["'authorization' is not 'Bearer TOKEN'"]);
  return token;
}

interface Known {
  readonly token: ApiToken;
  readonly digest: Buffer;
  readonly from: BlockList | undefined;
}

/** The tokens there are now. */
export class Tokens {
  readonly #known: readonly Known[];
  readonly #hashes: ReadonlySet<string>;

  constructor(tokens: readonly ApiToken[]) {
    this.#known = tokens.map((token) => ({
      token,
      digest: Buffer.from(token.hash, 'hex'),
      from: token.from.length === 0 ? undefined : prefixes(token.from),
    }));
    this.#hashes = new Set(tokens.map((token) => JSON.stringify(token)));
  }

  /** Whether this very token, with this role and these grants, is still there. */
  has(token: ApiToken): boolean {
    return this.#hashes.has(JSON.stringify(token));
  }

  /**
   * Whose token that is. Each is compared, and each in the same time: how long it takes says nothing of any.
   * @param address where it comes from; undefined: a Unix socket
   * @throws LvsError API_UNAUTHENTICATED
   */
  find(text: string, address: string | undefined, nowMs: number): ApiToken {
    const digest = tokenDigest(text);
    let found: Known | undefined;
    if (isTokenText(text)) for (const one of this.#known) if (timingSafeEqual(one.digest, digest)) found = one;
    if (found === undefined) throw new LvsError('API_UNAUTHENTICATED', ['nobody has this token']);
    const { token, from } = found;
    if (isExpired(token, nowMs)) throw new LvsError('API_UNAUTHENTICATED', [`the token '${token.name}' has expired`]);
    if (from !== undefined && (address === undefined || !from.check(address, familyName(address))))
      throw new LvsError('API_UNAUTHENTICATED', [`the token '${token.name}' is not for use from here`]);
    return token;
  }
}

export const isExpired = ({ expiresAt }: ApiToken, nowMs: number): boolean =>
  expiresAt !== undefined && nowMs >= expiresAt;

function prefixes(all: readonly string[]): BlockList {
  const list = new BlockList();
  for (const one of all) {
    const [base = '', bits] = one.split('/');
    list.addSubnet(base, Number(bits), familyName(base));
  }
  return list;
}

const familyName = (address: string): 'ipv4' | 'ipv6' => (familyOf(address) === 'ip4' ? 'ipv4' : 'ipv6');
