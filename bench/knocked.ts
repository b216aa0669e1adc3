/**
 * A process with a TCP listener at each address of the loopback, which notes when it was knocked at. `{ open: [ADDRESS, …] }`, then
 * `{ measure: MILLISECONDS }`, which is answered with the pauses between the knocks at each address.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';

export const KNOCKED_PORT = 8001;

export type KnockedOrder = { readonly open: readonly string[] } | { readonly measure: number };
export interface Knocks {
  /** Milliseconds between two knocks at one address; the edges of the measurement count too, if nobody came at all. */
  readonly pauses: readonly number[];
  readonly knocks: number;
}

const last: (number | undefined)[] = [];
let pauses: number[] = [];
let knocks = 0;

async function open(address: string): Promise<void> {
  const index = last.push(undefined) - 1;
  const server = createServer((socket) => {
    const now = performance.now();
    const before = last[index];
    last[index] = now;
    knocks++;
    if (before !== undefined) pauses.push(now - before);
    socket.on('error', () => undefined).resume();
  });
  server.listen({ host: address, port: KNOCKED_PORT, backlog: 128 });
  await once(server, 'listening');
}

function measure(ms: number): void {
  const start = performance.now();
  pauses = [];
  knocks = 0;
  setTimeout(() => {
    const now = performance.now();
    for (const before of last) if (before === undefined || before < start) pauses.push(now - (before ?? start));
    process.send?.({ pauses, knocks } satisfies Knocks);
  }, ms);
}

process.on('message', (order: KnockedOrder) => {
  if ('measure' in order) measure(order.measure);
  else void Promise.all(order.open.map(open)).then(() => process.send?.('open'));
});
process.on('disconnect', () => process.exit());
