/** The system's TCP: on the loopback of a network of its own. */
import '../../helpers/own-namespace.js';
import { createServer } from 'node:net';
import t from 'tap';
import type { PairStream } from '../../../src/pair/ports.js';
import { systemPairNetwork as network } from '../../../src/pair/tcp.js';

const PORT = 7000;
const to = (address: string, port = PORT, source?: string): Parameters<typeof network.dial>[0] => ({
  address,
  port,
  source,
  timeoutMs: 5000,
});

/** All that came until the end. */
const whole = (stream: PairStream): Promise<string> =>
  new Promise((resolve) => {
    const parts: Uint8Array[] = [];
    stream.listen(
      (bytes) => parts.push(bytes),
      () => resolve(Buffer.concat(parts).toString()),
    );
  });

for (const [family, address, source] of [
  ['ip4', '127.0.0.1', '127.0.0.7'],
  ['ip6', '::1', '::1'],
] as const)
  t.test(`${family}: there and back, from the address that was said; what was written last still leaves`, async (t) => {
    const accepted: PairStream[] = [];
    const unlisten = await network.listen({ address: undefined, family, port: PORT }, (stream) => {
      accepted.push(stream);
      stream.write('welcome\n');
    });
    const stream = await network.dial(to(address, PORT, source));
    t.equal(stream.remote, address);
    const heard = whole(stream);
    while (accepted.length === 0) await new Promise(setImmediate);
    const [called] = accepted as [PairStream];
    t.equal(called.remote, source);
    const there = whole(called);
    stream.write('a\n');
    stream.write('b\n');
    called.write('bye\n');
    called.close();
    t.equal(await heard, 'welcome\nbye\n');
    stream.close();
    stream.write('too late\n');
    t.equal(stream.buffered(), 0);
    unlisten();
    void there;
  });

t.test('nobody listens, nobody answers, the port is taken, the address is not here', async (t) => {
  await t.rejects(network.dial(to('127.0.0.1')), { message: /ECONNREFUSED/ });
  await t.rejects(network.dial(to('127.0.0.1', PORT, '192.0.2.1')), { message: /EADDRNOTAVAIL/ });
  await t.rejects(network.dial({ ...to('192.0.2.1'), timeoutMs: 50 }), {
    message: /no answer within 50 ms|ENETUNREACH/,
  });
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(PORT, '127.0.0.1', resolve));
  const at = { address: '127.0.0.1', family: 'ip4', port: PORT } as const;
  await t.rejects(
    network.listen(at, () => undefined),
    { message: /EADDRINUSE/ },
  );
  server.close();
  await t.rejects(
    network.listen({ ...at, address: '192.0.2.1' }, () => undefined),
    { message: /EADDRNOTAVAIL/ },
  );
});

t.test('the end of listening is the end of what was accepted', async (t) => {
  const unlisten = await network.listen({ address: '127.0.0.1', family: 'ip4', port: PORT }, () => undefined);
  const stream = await network.dial(to('127.0.0.1'));
  const heard = whole(stream);
  await new Promise((resolve) => setTimeout(resolve, 50));
  unlisten();
  t.equal(await heard, '');
  stream.close();
});
