import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { clientCertificate } from '../api/certificates.js';
import { httpServer, httpsServer } from '../api/connections.js';
import { Buckets, Counted } from '../api/limits.js';
import type { Api } from '../api/schema.js';
import type { SocketPeer } from '../api/accounts.js';
import type { ApiListener, ApiTls, NetworkListener, SocketListener } from '../config/api-listen.js';
import { formatEndpoint } from '../model/address.js';
import { findGroup } from '../system/accounts.js';
import { type Log, reasonOf } from '../system/log.js';
import { listenAt } from '../system/unix-listener.js';
import { type ApiAccess, networkOf, type ShownCertificate } from './api-access.js';
import { readTls, stampOf, type TlsMaterial } from './api-tls.js';

/** One place where the API is served. */
export interface Door {
  /** In messages. */
  readonly place: string;
  readonly server: Server | TlsServer;
  /** Takes what is written at its place now; it is the same place. */
  follow(listener: ApiListener): void;
  /** Reads again what has changed. */
  look(): void;
  /** What the server leaves when it is closed. */
  remove(): Promise<void>;
}

export interface DoorsOptions {
  readonly api: Pick<Api, 'routing'>;
  readonly access: ApiAccess;
  readonly peerOf: (socket: Socket) => SocketPeer;
  readonly now: () => number;
  readonly wallMs: () => number;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
}

/** TLS costs us more than who asks for it: so many handshakes of one network, and so many of all. */
const HANDSHAKES = { perSecond: 10, burst: 100 };
const ALL_HANDSHAKES = { perSecond: 100, burst: 400 };
/** Connections of one network, of all that a place takes. */
const MOST_OF_ONE = 64;
const DAY_MS = 86_400_000;
const SOON_MS = 14 * DAY_MS;

/** Rejects with the reason why it cannot be had. */
export function openDoor(listener: ApiListener, options: DoorsOptions): Promise<Door> {
  return listener.at === 'socket' ? openSocket(listener, options) : NetworkDoor.open(listener, options);
}

async function openSocket({ path, mode, group }: SocketListener, options: DoorsOptions): Promise<Door> {
  const { api, access, peerOf } = options;
  const gid = group === undefined ? undefined : await findGroup(group);
  if (group !== undefined && gid === undefined) throw new Error(`there is no group '${group}'`);
  const server = httpServer(api);
  server.on('connection', (socket) => {
    try {
      access.meet(socket, { at: 'socket', peer: peerOf(socket) });
    } catch {
      socket.destroy(); // gone already
    }
  });
  const remove = await listenAt(server, path, { mode, gid });
  const nothing = (): void => undefined;
  return { place: path, server, remove, follow: nothing, look: nothing };
}

/** TLS at an address. */
class NetworkDoor implements Door {
  readonly place: string;
  readonly server: TlsServer;
  readonly #options: DoorsOptions;
  readonly #handshakes = new Buckets(HANDSHAKES);
  readonly #all = new Buckets(ALL_HANDSHAKES);
  readonly #open = new Counted();
  #tls: ApiTls;
  #material: TlsMaterial;
  #stamp: string;
  #warnedAt = Number.NEGATIVE_INFINITY;

  private constructor({ address, port, tls }: NetworkListener, options: DoorsOptions) {
    this.#options = options;
    this.place = formatEndpoint(address, port);
    this.#tls = tls;
    this.#stamp = stampOf(filesOf(tls));
    this.#material = readTls(tls);
    const client = { requestCert: tls.clientCa !== undefined, rejectUnauthorized: tls.clientMust };
    this.server = httpsServer(options.api, { ...this.#material.options, ...client }, (socket) =>
      this.#mayEnter(socket),
    );
    this.server.on('secureConnection', (socket) => this.#meet(socket));
    this.#warnOfEnd();
  }

  static async open(listener: NetworkListener, options: DoorsOptions): Promise<NetworkDoor> {
    const door = new NetworkDoor(listener, options);
    await listening(door.server, listener);
    return door;
  }

  follow(listener: ApiListener): void {
    if (listener.at !== 'network') return;
    this.#tls = listener.tls;
    this.#stamp = '';
    this.look();
  }

  /** A certificate that does not fit its key yet is half of a change: what was before goes on. */
  look(): void {
    const stamp = stampOf(filesOf(this.#tls));
    if (stamp !== this.#stamp) this.#read(stamp);
    this.#warnOfEnd();
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }

  #read(stamp: string): void {
    const { log, access } = this.#options;
    this.#stamp = stamp;
    try {
      const material = readTls(this.#tls);
      this.server.setSecureContext(material.options);
      this.#material = material;
      this.#warnedAt = Number.NEGATIVE_INFINITY;
      access.endOthers();
    } catch (error) {
      log.error({ event: 'api.certificate-refused', place: this.place, reason: reasonOf(error) });
    }
  }

  #mayEnter(socket: Socket): boolean {
    const { now } = this.#options;
    const network = networkOf(addressOf(socket));
    const give = this.#open.take(network, MOST_OF_ONE);
    if (give === undefined) return false;
    socket.once('close', give);
    return this.#handshakes.take(network, now()) === 0 && this.#all.take('', now()) === 0;
  }

  #meet(socket: TLSSocket): void {
    const { access } = this.#options;
    const { remotePort: port = 0 } = socket;
    access.meet(socket, { at: 'network', address: addressOf(socket), port, certificate: this.#shown(socket) });
  }

  #shown(socket: TLSSocket): ShownCertificate | undefined {
    if (this.#tls.clientCa === undefined) return undefined;
    const x509 = socket.getPeerX509Certificate();
    if (x509 === undefined) return undefined;
    const { trust } = this.#material;
    const { authorized, authorizationError } = socket;
    return {
      certificate: clientCertificate(x509),
      problem: authorized ? undefined : String(authorizationError),
      isCurrent: () => this.#material.trust === trust,
    };
  }

  /** Once a day. */
  #warnOfEnd(): void {
    const { now, wallMs, log } = this.#options;
    const leftMs = this.#material.endsAt - wallMs();
    if (leftMs > SOON_MS || now() - this.#warnedAt < DAY_MS) return;
    this.#warnedAt = now();
    const days = Math.max(0, Math.floor(leftMs / DAY_MS));
    log.warn({ event: 'api.certificate-ends', place: this.place, path: this.#tls.certificate, days });
  }
}

const filesOf = ({ certificate, key, clientCa, clientCrl }: ApiTls): readonly (string | undefined)[] => [
  certificate,
  key,
  clientCa,
  clientCrl,
];

/** IPv4 as such, also where it comes by a socket of IPv6. */
const addressOf = ({ remoteAddress = '' }: Socket): string => remoteAddress.replace(/^::ffff:(?=[\d.]+$)/, '');

const listening = (server: TlsServer, { address, port }: NetworkListener): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, ipv6Only: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
