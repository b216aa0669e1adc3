/** Encrypted connections between the two directors: TLS 1.2 with the pair's key instead of certificates. Whoever has not shown the key is a stranger. */
import { constants, createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { LvsError } from '../errors.js';
import { systemClock } from '../system/clock.js';
import { reasonOf } from '../system/log.js';
import { once } from '../system/once.js';
import { plainAddress } from './tcp.js';

export interface ListenOptions {
  /** undefined: any of the machine's. */
  readonly address: string | undefined;
  readonly family: 'ip4' | 'ip6';
  readonly port: number;
  /** Others are not spoken with. */
  readonly peer: string;
  readonly key: Uint8Array;
}

export interface DialOptions {
  readonly address: string;
  readonly port: number;
  readonly source: string | undefined;
  readonly key: Uint8Array;
  /** From the call to the proof. */
  readonly timeoutMs: number;
}

/** What tests can fake. */
export interface SecureNetwork {
  /**
   * @param accept gets connections whose other end has shown the key
   * @param refused is told why one of the peer's was not taken
   * @returns what ends it, and all connections that were accepted. Rejects with why nobody can be heard there
   */
  listen(options: ListenOptions, accept: (line: Duplex) => void, refused: (why: string) => void): Promise<() => void>;
  /** @throws LvsError SYNC_AWAY, SYNC_UNTRUSTED */
  dial(options: DialOptions): Promise<Duplex>;
}

/** Of the pair's secret, and of nothing else that is made of it. */
export const tlsKey = (secret: Uint8Array): Uint8Array =>
  createHash('sha256').update('lvsd pair tls').update(secret).digest();

/** Who has not shown a key yet may be there so often at once, and for so long. */
const MOST_STRANGERS = 4;
const PROOF_MS = 3000;
const MOST_CONNECTIONS = 24;
/** A peer that died with its machine says no goodbye; whoever speaks over the connection notices sooner. */
const KEEP_ALIVE_MS = 10_000;

const IDENTITY = 'lvsd';
const suite = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
  // a ticket of one connection would open another one without the key
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

/** The machine's. */
export const systemSecureNetwork: SecureNetwork = {
  listen({ address, family, port, peer, key }, accept, refused) {
    const open = new Set<Socket>();
    const strangers = new Map<string, Socket>();
    const options: TlsOptions = { ...suite, handshakeTimeout: PROOF_MS, pskCallback: () => key };
    const secure = createTlsServer(options, (line) => {
      strangers.delete(nameOf(line));
      prepare(line);
      accept(line);
    });
    secure.on('tlsClientError', (error, line) => {
      line.destroy();
      refused(sentenceOf(error));
    });
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      // others than the peer are not even told so
      if (plainAddress(socket) !== peer || strangers.size >= MOST_STRANGERS) {
        socket.destroy();
        return;
      }
      const name = nameOf(socket);
      open.add(socket);
      strangers.set(name, socket);
      socket.once('close', () => {
        open.delete(socket);
        if (strangers.get(name) === socket) strangers.delete(name);
      });
      secure.emit('connection', socket);
    });
    server.maxConnections = MOST_CONNECTIONS;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address ?? (family === 'ip4' ? '0.0.0.0' : '::'), port, ipv6Only: true }, () => {
        server.off('error', reject);
        server.on('error', () => undefined); // one that could not be accepted: it calls again
        resolve(
          once(() => {
            server.close();
            for (const socket of open) socket.destroy();
          }),
        );
      });
    });
  },

  dial: ({ address, port, source, key, timeoutMs }) =>
    new Promise((resolve, reject) => {
      const line = connect({
        ...suite,
        host: address,
        port,
        ...(source === undefined ? {} : { localAddress: source }),
        pskCallback: () => ({ psk: key, identity: IDENTITY }),
        // there is no certificate: the key is the proof, of both
        checkServerIdentity: () => undefined,
      });
      const cancel = systemClock.after(timeoutMs, () => line.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      const fail = (error: Error): void => {
        cancel();
        line.destroy();
        reject(new LvsError(isStranger(error) ? 'SYNC_UNTRUSTED' : 'SYNC_AWAY', [sentenceOf(error)], { cause: error }));
      };
      line.once('error', fail);
      line.once('secureConnect', () => {
        cancel();
        line.off('error', fail);
        prepare(line);
        resolve(line);
      });
    }),
};

const nameOf = (socket: Socket): string => `${socket.remoteAddress ?? ''} ${socket.remotePort ?? ''}`;

function prepare(line: TLSSocket): void {
  line.on('error', () => line.destroy());
  line.setNoDelay(true);
  line.setKeepAlive(true, KEEP_ALIVE_MS);
}

const codeOf = (error: Error): string => (error as NodeJS.ErrnoException).code ?? '';

/** Somebody is there, and has another key or none. */
const isStranger = (error: Error): boolean => /^ERR_(SSL|TLS)/.test(codeOf(error));

function sentenceOf(error: Error): string {
  const code = codeOf(error);
  if (/BAD_RECORD_MAC|DECRYPT|PSK/.test(code)) return 'its key is not ours (pair_key)';
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'it did not show a key in time';
  if (/^ERR_(SSL|TLS)/.test(code)) return 'it does not speak as lvsd does';
  if (/before secure TLS/.test(error.message))
    return 'it hangs up before a key was shown: is this director its pair_peer?';
  return reasonOf(error);
}
