/** A process with many TCP listeners on the loopback, which open and close as its parent says: `open ADDRESS …`, `close ADDRESS …`. Port 8000. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export const LISTENER_PORT = 8000;

export interface ListenerOrder {
  readonly do: 'open' | 'close';
  readonly addresses: readonly string[];
}

const servers = new Map<string, Server>();

async function open(address: string): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  try {
    server.listen({ host: address, port: LISTENER_PORT, backlog: 128 });
    await once(server, 'listening');
    servers.set(address, server);
  } catch (error) {
    // the one before has closed, but not yet in the kernel
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await sleep(10);
    await open(address);
  }
}

/** Whoever is connected stays so: only that nobody listens any more shall be seen. */
function close(address: string): void {
  servers.get(address)?.close();
  servers.delete(address);
}

process.on('message', (order: ListenerOrder) => {
  if (order.do === 'close') order.addresses.forEach(close);
  void Promise.all(order.do === 'open' ? order.addresses.map(open) : []).then(() => process.send?.('done'));
});
process.on('disconnect', () => process.exit());
