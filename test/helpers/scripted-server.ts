/** Servers that say what a test wants them to, on the loopback. */
import { createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

/** A server that does this with each connection, for as long as the test runs. Its port. */
export function serving(t: Test, talk: (socket: Socket) => void): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    talk(socket);
  });
  t.teardown(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
}

/** Writes as fast as it is taken, until the connection ends. */
export function flood(socket: Socket, piece: () => string | Uint8Array): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece()));
  };
  socket.on('drain', more);
  more();
}
