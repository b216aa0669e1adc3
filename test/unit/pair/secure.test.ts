/** TLS with the pair's key, over the loopback of a network of its own. */
import '../../helpers/own-namespace.js';
import { connect, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import t from 'tap';
import { systemSecureNetwork as network, tlsKey } from '../../../src/pair/secure.js';

t.setTimeout(120_000);
const PORT = 7100;
const [ours, another] = ['a key of this test', 'another key of it'].map((text) => tlsKey(Buffer.from(text)));

interface Listening {
  readonly accepted: Duplex[];
  readonly refused: string[];
  readonly unlisten: () => void;
}

async function listen(peer = '127.0.0.1', family: 'ip4' | 'ip6' = 'ip4'): Promise<Listening> {
  const accepted: Duplex[] = [];
  const refused: string[] = [];
  const unlisten = await network.listen(
    { address: undefined, family, port: PORT, peer, key: ours! },
    (line) => accepted.push(line),
    (why) => refused.push(why),
  );
  return { accepted, refused, unlisten };
}

const dial = (address = '127.0.0.1', key = ours!, timeoutMs = 20_000): Promise<Duplex> =>
  network.dial({ address, port: PORT, source: address, key, timeoutMs });

const next = (line: Duplex): Promise<string> =>
  new Promise((resolve) => line.once('data', (bytes: Buffer) => resolve(bytes.toString())));

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
};

/** A stranger at the port; resolves when it was sent away. */
const strange = (text: string, localAddress = '127.0.0.1'): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ port: PORT, host: '127.0.0.1', localAddress });
    socket.on('error', () => undefined);
    socket.once('connect', () => text !== '' && socket.write(text));
    socket.once('close', () => resolve());
  });

for (const [family, address] of [
  ['ip4', '127.0.0.1'],
  ['ip6', '::1'],
] as const)
  t.test(`${family}: who knows the key is heard; the end of listening is the end of all`, async (t) => {
    const { accepted, unlisten } = await listen(address, family);
    const line = await dial(address);
    await until(() => accepted.length === 1);
    const [far] = accepted as [Duplex];
    line.write('there');
    t.equal(await next(far), 'there');
    far.write('and back');
    t.equal(await next(line), 'and back');
    unlisten();
    await new Promise<void>((resolve) => line.once('close', resolve));
    await t.rejects(dial(address), { code: 'SYNC_AWAY', message: /ECONNREFUSED/ });
  });

t.test('another key: both sides have a sentence, and nothing was said', async (t) => {
  const { accepted, refused, unlisten } = await listen();
  await t.rejects(dial('127.0.0.1', another), { code: 'SYNC_UNTRUSTED', message: /its key is not ours/ });
  await until(() => refused.length === 1);
  t.match(refused, [/its key is not ours/]);
  t.same(accepted, []);
  unlisten();
});

t.test('garbage, silence and another address are sent away, and who has the key comes in all the same', async (t) => {
  const { accepted, refused, unlisten } = await listen();
  await strange('GET / HTTP/1.0\r\n\r\n');
  await strange('x', '127.0.0.9');
  t.match(refused, [/does not speak as lvsd does/]);
  const silent = [strange(''), strange(''), strange('')];
  const line = await dial();
  await until(() => accepted.length === 1);
  await Promise.all(silent);
  t.match(refused.at(-1), /did not show a key in time/);
  t.equal(line.destroyed, false);
  line.destroy();
  unlisten();
});

t.test('so many strangers at once, and no more; then there is room again', async (t) => {
  const { accepted, unlisten } = await listen();
  const silent = [1, 2, 3, 4].map(() => strange(''));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await t.rejects(dial(), { message: /hangs up before a key was shown|ECONNRESET|EPIPE/ });
  await Promise.all(silent);
  const line = await dial();
  await until(() => accepted.length === 1);
  line.destroy();
  unlisten();
});

t.test('whoever answers there is no lvsd, or nobody, or mute', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    socket.write('SSH-2.0-OpenSSH_9.2\r\n');
  });
  await new Promise<void>((resolve) => void server.listen(PORT, '127.0.0.1', resolve));
  await t.rejects(dial(), { code: 'SYNC_UNTRUSTED', message: /does not speak as lvsd does/ });
  await t.rejects(listen(), { message: /EADDRINUSE/ });
  await new Promise((resolve) => server.close(resolve));
  const mute = createServer((socket) => void socket.on('error', () => undefined));
  await new Promise<void>((resolve) => void mute.listen(PORT, '127.0.0.1', resolve));
  await t.rejects(dial('127.0.0.1', ours, 50), { code: 'SYNC_AWAY', message: /no answer within 50 ms/ });
  mute.close();
});
