import { connect, createServer, type Socket } from 'node:net';
import { systemClock } from '../system/clock.js';
import type { PairNetwork, PairStream } from './ports.js';
import { once } from '../system/once.js';

/** Of strangers: who comes while so many wait for their proof is sent away. */
const MOST_CONNECTIONS = 8;

/** What was said last has so long to leave. */
const LAST_WORDS_MS = 1000;

/** Of the other end; an IPv4 address as such, whatever the socket is. */
export const plainAddress = ({ remoteAddress = '' }: Socket): string =>
  remoteAddress.replace(/^::ffff:(?=[\d.]+$)/, '');

const streamOf = (socket: Socket): PairStream => {
  socket.setNoDelay(true);
  return {
    remote: plainAddress(socket),
    write(text) {
      if (!socket.destroyed) socket.write(text);
    },
    buffered: () => socket.writableLength,
    close() {
      if (socket.destroyed) return;
      socket.removeAllListeners('data');
      socket.once(
        'close',
        systemClock.after(LAST_WORDS_MS, () => socket.destroy()),
      );
      socket.destroySoon();
    },
    listen(received, ended) {
      const end = once(ended);
      socket.on('data', received);
      socket.on('end', end);
      socket.on('close', end);
    },
  };
};

/** The machine's. */
export const systemPairNetwork: PairNetwork = {
  listen: ({ address, family, port }, accept) =>
    new Promise((resolve, reject) => {
      const open = new Set<Socket>();
      const server = createServer((socket) => {
        open.add(socket);
        socket.on('error', () => socket.destroy());
        socket.once('close', () => open.delete(socket));
        accept(streamOf(socket));
      });
      server.maxConnections = MOST_CONNECTIONS;
      server.once('error', reject);
      server.listen({ host: address ?? (family === 'ip4' ? '0.0.0.0' : '::'), port, ipv6Only: true }, () => {
        server.off('error', reject);
        server.on('error', () => undefined); // one that could not be accepted: it calls again
        resolve(() => {
          server.close();
          for (const socket of open) socket.destroySoon();
        });
      });
    }),

  dial: ({ address, port, source, timeoutMs }) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: address, port, ...(source === undefined ? {} : { localAddress: source }) });
      const tooLate = (): void => void socket.destroy(new Error(`no answer within ${timeoutMs} ms`));
      const cancel = systemClock.after(timeoutMs, tooLate);
      socket.once('close', cancel);
      socket.once('connect', () => {
        cancel();
        socket.off('error', reject);
        resolve(streamOf(socket));
      });
      socket.once('error', reject);
      socket.on('error', () => socket.destroy());
    }),
};
