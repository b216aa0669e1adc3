import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Access, Identity } from '../api/access.js';
import { type AccountRule, accountRules, allowedByAccount, isOwner, type SocketPeer } from '../api/accounts.js';
import { allowedByCertificate, type ClientCertificate } from '../api/certificates.js';
import { Buckets, Counted } from '../api/limits.js';
import { bearerOf, isExpired, Tokens } from '../api/tokens.js';
import type { ApiSettings } from '../config/api.js';
import type { ApiAllow, ApiToken } from '../config/api-access.js';
import { LvsError } from '../errors.js';
import type { Log } from '../system/log.js';
import type { AccountNames } from './account-names.js';

/** Who is at the other end of a connection. */
export type Peer =
  | { readonly at: 'socket'; readonly peer: SocketPeer }
  | {
      readonly at: 'network';
      readonly address: string;
      readonly port: number;
      /** undefined: he showed none. */
      readonly certificate: ShownCertificate | undefined;
    };

export interface ShownCertificate {
  readonly certificate: ClientCertificate;
  /** Why it does not count. */
  readonly problem: string | undefined;
  /** Whether those that it was compared with then are still those that we trust. */
  readonly isCurrent: () => boolean;
}

export interface ApiAccessOptions {
  readonly now: () => number;
  readonly wallMs: () => number;
  /** Our own user. */
  readonly uid: number;
  readonly log: Pick<Log, 'warn'>;
}

/** Of one identity at a time: half of what a listener takes, so that nobody keeps others out. */
const MOST_AT_ONCE = 128;
/** Of one address that is not known: somebody whose token has expired goes on asking for a while. */
const FAILURES = { perSecond: 0.2, burst: 10 };
/** Of one address, for what needs no identity: the page and its files. */
const UNKNOWN = { perSecond: 20, burst: 200 };

interface Running {
  readonly socket: Socket;
  readonly identity: Identity;
  readonly again: () => Identity;
}

/** Owner of what is known of those who ask: accounts, tokens, how much they asked. */
export class ApiAccess implements Access {
  readonly #options: ApiAccessOptions;
  readonly #peers = new WeakMap<Socket, Peer>();
  readonly #running = new Set<Running>();
  readonly #atOnce = new Counted();
  readonly #failures = new Buckets(FAILURES);
  readonly #unknown = new Buckets(UNKNOWN);
  #allow: readonly ApiAllow[] = [];
  #accounts: readonly AccountRule[] = [];
  #names: AccountNames = { user: () => undefined, group: () => undefined, nameOf: () => undefined };
  #tokens = new Tokens([]);
  #rate: ApiSettings['rate'] | undefined;
  #asked = new Buckets({ perSecond: 1, burst: 1 });

  constructor(options: ApiAccessOptions) {
    this.#options = options;
  }

  /** From now on these rules hold, also for what is under way. */
  follow({ allow, rate }: Pick<ApiSettings, 'allow' | 'rate'>, names: AccountNames): void {
    this.#allow = allow;
    this.#names = names;
    const { rules, unknown } = accountRules(allow, (who, name) => names[who](name));
    this.#accounts = rules;
    for (const { who, name, position } of unknown)
      this.#options.log.warn({ event: 'api.no-account', who, name, line: position.line });
    if (!isDeepStrictEqual(rate, this.#rate)) this.#asked = new Buckets(rate);
    this.#rate = rate;
    this.endOthers();
  }

  followTokens(tokens: readonly ApiToken[]): void {
    this.#tokens = new Tokens(tokens);
    this.endOthers();
  }

  /** Ends what is under way of those who may not any more: their tokens have expired or are gone. */
  endOthers(): void {
    for (const one of this.#running) if (!stillHolds(one)) one.socket.destroy();
  }

  meet(socket: Socket, peer: Peer): void {
    this.#peers.set(socket, peer);
  }

  from(request: IncomingMessage): string {
    const peer = this.#peers.get(request.socket);
    if (peer === undefined) return 'unknown';
    if (peer.at === 'network') return `${peer.address} port ${peer.port}`;
    return `${this.#userName(peer.peer.uid)} pid ${peer.peer.pid}`;
  }

  identify(request: IncomingMessage, response: ServerResponse): Identity {
    const peer = this.#peers.get(request.socket);
    if (peer === undefined) throw new LvsError('API_UNAUTHENTICATED', ['the connection is not one that was accepted']);
    const again = this.#known(peer, request, response);
    const identity = again();
    const name = `${identity.by} ${identity.name}`;
    if (!this.#isOwner(peer, identity)) {
      const seconds = this.#asked.take(name, this.#options.now());
      if (seconds > 0) throw tooMany(response, identity.name, seconds);
    }
    const give = this.#atOnce.take(name, MOST_AT_ONCE);
    if (give === undefined) throw tooMany(response, identity.name, 1);
    const running = { socket: request.socket, identity, again };
    this.#running.add(running);
    response.once('close', () => {
      give();
      this.#running.delete(running);
    });
    return identity;
  }

  passBy(request: IncomingMessage, response: ServerResponse): void {
    const peer = this.#peers.get(request.socket);
    const seconds = this.#unknown.take(this.#sourceOf(peer), this.#options.now());
    if (seconds > 0) throw tooMany(response, this.from(request), seconds, 'close');
  }

  /** Who it is, as often as it is asked. Who fails too often is not told why any more. @throws LvsError */
  #known(peer: Peer, request: IncomingMessage, response: ServerResponse): () => Identity {
    try {
      const again = this.#credential(peer, request);
      again();
      return again;
    } catch (error) {
      const seconds = this.#failures.take(this.#sourceOf(peer), this.#options.now());
      if (seconds > 0) throw tooMany(response, this.from(request), seconds, 'close');
      throw error;
    }
  }

  #credential(peer: Peer, request: IncomingMessage): () => Identity {
    const { wallMs } = this.#options;
    const text = bearerOf(request);
    if (text !== undefined) {
      const token = this.#tokens.find(text, peer.at === 'network' ? peer.address : undefined, wallMs());
      return () => this.#tokenIdentity(token);
    }
    if (peer.at === 'socket') return () => this.#accountIdentity(peer.peer);
    const { certificate } = peer;
    if (certificate === undefined)
      throw new LvsError('API_UNAUTHENTICATED', ["neither a token ('authorization: Bearer TOKEN') nor a certificate"]);
    return () => this.#certificateIdentity(certificate);
  }

  #tokenIdentity(token: ApiToken): Identity {
    if (!this.#tokens.has(token) || isExpired(token, this.#options.wallMs()))
      throw new LvsError('API_UNAUTHENTICATED', [`the token '${token.name}' holds no more`]);
    return { name: token.name, role: token.role, services: token.services, by: 'token' };
  }

  #accountIdentity(peer: SocketPeer): Identity {
    const name = this.#userName(peer.uid);
    const may = allowedByAccount(this.#accounts, peer, this.#options.uid);
    if (may === undefined)
      throw new LvsError('API_FORBIDDEN', [name, "may nothing: no 'allow' of the block 'api' is for this user"]);
    return { name, role: may.role, services: may.services, by: 'socket' };
  }

  #certificateIdentity({ certificate, problem, isCurrent }: ShownCertificate): Identity {
    const wrong =
      problem ??
      (this.#options.wallMs() >= certificate.endsAt ? 'it has expired' : undefined) ??
      (isCurrent() ? undefined : 'it was shown before the authorities changed: connect again');
    if (wrong !== undefined) throw new LvsError('API_UNAUTHENTICATED', [`the certificate of the client: ${wrong}`]);
    const may = allowedByCertificate(this.#allow, certificate);
    if (may === undefined)
      throw new LvsError('API_FORBIDDEN', [
        certificate.name,
        "may nothing: no 'allow certificate' of the block 'api' is for this certificate",
      ]);
    return { name: may.name, role: may.role, services: may.services, by: 'certificate' };
  }

  #userName(uid: number): string {
    const name = this.#names.nameOf(uid);
    return name === undefined ? `uid ${uid}` : `uid ${uid} (${name})`;
  }

  /** Who could end us may ask as much as he likes. */
  #isOwner(peer: Peer, { by }: Identity): boolean {
    return by === 'socket' && peer.at === 'socket' && isOwner(peer.peer.uid, this.#options.uid);
  }

  #sourceOf(peer: Peer | undefined): string {
    if (peer === undefined) return '';
    return peer.at === 'socket' ? `uid ${peer.peer.uid}` : networkOf(peer.address);
  }
}

function stillHolds({ identity, again }: Running): boolean {
  try {
    return isDeepStrictEqual(again(), identity);
  } catch {
    return false;
  }
}

function tooMany(response: ServerResponse, who: string, seconds: number, then?: 'close'): LvsError {
  response.setHeader('retry-after', String(seconds));
  if (then === 'close') response.setHeader('connection', 'close');
  return new LvsError('API_TOO_MANY', [who, seconds]);
}

/** Of IPv6 the network, of which somebody has all addresses. */
export const networkOf = (address: string): string => {
  if (!address.includes(':')) return address;
  const [head = ''] = address.split('::', 1);
  const groups = head.split(':').filter((group) => group !== '');
  return groups.length >= 4 ? groups.slice(0, 4).join(':') : [...groups, 0, 0, 0, 0].slice(0, 4).join(':');
};
