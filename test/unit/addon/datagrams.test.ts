/** The native datagram socket against this machine's own kernel, in a network namespace where it has only its loopback. */
import { ip } from '../../helpers/own-namespace.js';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { addon } from '../../../src/addon/addon.js';
import { openDatagram } from '../../../src/addon/datagrams.js';
import type { DatagramOrder, DatagramSocket } from '../../../src/health/ports.js';

interface Heard {
  readonly text: string;
  readonly address: string;
  readonly port: number;
  readonly ttl: number;
}

/** A socket and what it was told: `next()` is the next message or the code of the next error. */
function open(t: Test, order: DatagramOrder): DatagramSocket & { next(): Promise<Heard | string> } {
  const waiting: (Heard | string)[] = [];
  let wake: (() => void) | undefined;
  const tell = (what: Heard | string): void => {
    waiting.push(what);
    wake?.();
  };
  const socket = openDatagram(order, {
    message: (bytes, from) => tell({ text: Buffer.from(bytes).toString('latin1'), ...from }),
    error: (error) => tell(error.code ?? error.message),
  });
  t.teardown(() => socket.close());
  return {
    send: (bytes, to) => socket.send(bytes, to),
    close: () => socket.close(),
    async next() {
      if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return waiting.shift()!;
    },
  };
}

/** One of Node's own, that answers each datagram with `re:` before it. */
async function echo(
  t: Test,
  type: 'udp4' | 'udp6',
  address: string,
  ttl = 64,
): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket(type);
  socket.on('message', (bytes, from) => socket.send(`re:${bytes.toString()}`, from.port, from.address));
  socket.bind(0, address);
  await once(socket, 'listening');
  socket.setTTL(ttl);
  t.teardown(() => void socket.close());
  return { socket, port: socket.address().port };
}

const text = (words: string): Uint8Array => Buffer.from(words, 'latin1');

ip('link add near0 type veth peer name far0');
ip('addr add 192.0.2.1/24 dev near0');
ip('addr add fe80::1/64 dev near0 nodad');
ip('link set near0 up');
ip('link set far0 up');

t.test('UDP both ways, with the TTL of what comes', async (t) => {
  for (const [type, family, address] of [
    ['udp4', 'ip4', '127.0.0.1'],
    ['udp6', 'ip6', '::1'],
  ] as const) {
    const { port } = await echo(t, type, address, 77);
    const mine = open(t, { kind: 'udp', family, peer: { address, port } });
    mine.send(text('hello'));
    t.strictSame(await mine.next(), { text: 're:hello', address, port, ttl: 77 });
  }
});

t.test('the TTL, mark, interface, address and port that were asked for', async (t) => {
  for (const [family, bindInterface, address] of [
    ['ip4', 'near0', '192.0.2.1'],
    ['ip6', 'lo', '::1'],
  ] as const) {
    const there = open(t, { kind: 'udp', family, bindPort: 4000 });
    const order = { kind: 'udp', family, bindAddress: address, bindPort: 4001, mark: 0xffff_fffe, ttl: 255 } as const;
    const here = open(t, { ...order, bindInterface, peer: { address, port: 4000 } });
    here.send(text('from'));
    t.strictSame(await there.next(), { text: 'from', address, port: 4001, ttl: 255 }, family);
    there.send(text('to'), { address, port: 4001 });
    t.match(await here.next(), { text: 'to', port: 4000 });
  }
});

t.test('an interface, an address and a zone that do not exist are errors, and leave nothing open', (t) => {
  const order = { kind: 'udp', family: 'ip4' } as const;
  t.throws(() => open(t, { ...order, bindInterface: 'nowhere0' }), { code: 'ENODEV', syscall: 'setsockopt' });
  t.throws(() => open(t, { ...order, bindAddress: '192.0.2.99' }), { code: 'EADDRNOTAVAIL', syscall: 'bind' });
  t.throws(() => open(t, { ...order, bindAddress: '::1' }), { code: 'EINVAL', syscall: 'inet_pton' });
  t.throws(() => open(t, { ...order, peer: { address: '203.0.113.1', port: 1 } }), { code: 'ENETUNREACH' });
  const zone = { kind: 'udp', family: 'ip6', peer: { address: 'fe80::1%nowhere0', port: 1 } } as const;
  t.throws(() => open(t, zone), { code: 'EINVAL', syscall: 'inet_pton' });
  t.throws(() => open(t, { ...zone, peer: { address: `fe80::${'1'.repeat(100)}`, port: 1 } }), { code: 'EINVAL' });
  t.end();
});

t.test('two listeners of one port: one per family', async (t) => {
  const ip4 = open(t, { kind: 'udp', family: 'ip4', bindPort: 3784 });
  const ip6 = open(t, { kind: 'udp', family: 'ip6', bindPort: 3784 });
  const from4 = open(t, { kind: 'udp', family: 'ip4', bindPort: 5004 });
  const from6 = open(t, { kind: 'udp', family: 'ip6', bindPort: 5006 });
  from4.send(text('four'), { address: '127.0.0.1', port: 3784 });
  from6.send(text('six'), { address: '::1', port: 3784 });
  t.match(await ip4.next(), { text: 'four', address: '127.0.0.1', port: 5004 });
  t.match(await ip6.next(), { text: 'six', address: '::1', port: 5006 });
});

t.test('a link-local peer by its zone', async (t) => {
  const there = open(t, { kind: 'udp', family: 'ip6', bindPort: 4002 });
  const here = open(t, { kind: 'udp', family: 'ip6', peer: { address: 'fe80::1%near0', port: 4002 } });
  here.send(text('near'));
  const heard = await there.next();
  t.match(heard, { text: 'near', address: 'fe80::1%near0' });
  if (typeof heard === 'string') return;
  there.send(text('back'), heard);
  t.match(await here.next(), { text: 'back', address: 'fe80::1%near0', port: 4002 });
});

t.test('a connected socket hears nobody else', async (t) => {
  const { port } = await echo(t, 'udp4', '127.0.0.1');
  const mine = open(t, { kind: 'udp', family: 'ip4', bindPort: 4003, peer: { address: '127.0.0.1', port } });
  const stranger = open(t, { kind: 'udp', family: 'ip4', peer: { address: '127.0.0.1', port: 4003 } });
  stranger.send(text('psst'));
  t.equal(await stranger.next(), 'ECONNREFUSED', 'for the stranger nobody is there');
  mine.send(text('hello'));
  t.match(await mine.next(), { text: 're:hello' });
});

t.test('a closed port is told once for each datagram, and the socket goes on', async (t) => {
  for (const [family, type, address] of [
    ['ip4', 'udp4', '127.0.0.1'],
    ['ip6', 'udp6', '::1'],
  ] as const) {
    const mine = open(t, { kind: 'udp', family, peer: { address, port: 9 } });
    for (let i = 0; i < 3; i++) {
      mine.send(text('anybody?'));
      t.equal(await mine.next(), 'ECONNREFUSED');
    }
    const server = createSocket(type).bind(9, address);
    t.teardown(() => void server.close());
    await once(server, 'listening');
    mine.send(text('now?'));
    const [bytes, from] = (await once(server, 'message')) as [Buffer, { port: number }];
    t.equal(bytes.toString(), 'now?');
    server.send('yes', from.port, address);
    t.match(await mine.next(), { text: 'yes' }, 'an answer, and no error that was left over');
  }
});

t.test('datagrams of any size', async (t) => {
  const { port } = await echo(t, 'udp4', '127.0.0.1');
  const mine = open(t, { kind: 'udp', family: 'ip4', peer: { address: '127.0.0.1', port } });
  mine.send(new Uint8Array(0));
  t.match(await mine.next(), { text: 're:' });
  const long = 'x'.repeat(65_504);
  mine.send(text(long));
  t.match(await mine.next(), { text: `re:${long}` });
  t.throws(() => mine.send(new Uint8Array(65_508)), { code: 'EMSGSIZE', syscall: 'sendto' });
});

t.test('a flood at one socket leaves room for others', async (t) => {
  let told = 0;
  const flooded = openDatagram(
    { kind: 'udp', family: 'ip4', bindPort: 4004 },
    { message: () => told++, error: (error) => t.error(error) },
  );
  t.teardown(() => flooded.close());
  const source = open(t, { kind: 'udp', family: 'ip4', peer: { address: '127.0.0.1', port: 4004 } });
  for (let i = 0; i < 100; i++) source.send(text('flood'));
  const turns: number[] = [];
  while (told < 100) {
    const before = told;
    await new Promise((resolve) => setImmediate(resolve));
    turns.push(told - before);
  }
  t.ok(Math.max(...turns) <= 16, turns.join());
  t.equal(told, 100);
});

const echoRequest = (type: number, sequence: number, payload: string): Uint8Array =>
  Buffer.concat([Buffer.from([type, 0, 0, 0, 0, 0, 0, sequence]), Buffer.from(payload)]);

for (const [name, range, isRaw] of [
  ['a ping socket, where we may have one', '0 0', false],
  ['a raw socket in its place', '1 0', true],
] as const)
  t.test(`ICMP echo through ${name}`, async (t) => {
    writeFileSync('/proc/sys/net/ipv4/ping_group_range', range);
    t.teardown(() => writeFileSync('/proc/sys/net/ipv4/ping_group_range', '1 0'));
    for (const [family, address, request, reply] of [
      ['ip4', '127.0.0.1', 8, 0],
      ['ip6', '::1', 128, 129],
    ] as const) {
      const { DatagramHandle } = addon();
      const handle = new DatagramHandle('icmp', family);
      t.equal(handle.isRaw, isRaw);
      handle.close();
      const mine = open(t, { kind: 'icmp', family, peer: { address, port: 0 } });
      const other = open(t, { kind: 'icmp', family, peer: { address, port: 0 } });
      mine.send(echoRequest(request, 1, 'odd'));
      other.send(echoRequest(request, 2, 'even'));
      mine.send(echoRequest(request, 3, 'again'));
      for (const [socket, sequence, payload] of [
        [mine, 1, 'odd'],
        [other, 2, 'even'],
        [mine, 3, 'again'],
      ] as const) {
        const heard = await socket.next();
        t.match(heard, { address, port: 0 });
        if (typeof heard === 'string') continue;
        t.strictSame(
          [heard.text.charCodeAt(0), heard.text.charCodeAt(7), heard.text.slice(8)],
          [reply, sequence, payload],
        );
      }
    }
  });

t.test('a raw socket sends no more than an echo request', (t) => {
  const mine = open(t, { kind: 'icmp', family: 'ip4', peer: { address: '127.0.0.1', port: 0 } });
  t.throws(() => mine.send(new Uint8Array(7)), { code: 'EMSGSIZE' });
  t.throws(() => mine.send(new Uint8Array(1501)), { code: 'EMSGSIZE' });
  t.end();
});

t.test('closing twice, closing in the middle of an answer, using after closing: errors, not crashes', async (t) => {
  const { port } = await echo(t, 'udp4', '127.0.0.1');
  let told = 0;
  const closed = new Promise<void>((resolve) => {
    const mine: DatagramSocket = openDatagram(
      { kind: 'udp', family: 'ip4', peer: { address: '127.0.0.1', port } },
      {
        message() {
          told++;
          mine.close();
          mine.close();
          t.throws(() => mine.send(text('late')), { code: 'EBADF' });
          resolve();
        },
        error: (error) => t.error(error),
      },
    );
    for (let i = 0; i < 5; i++) mine.send(text('hello'));
  });
  await closed;
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  t.equal(told, 1, 'nothing is told after the close');

  const { DatagramHandle } = addon();
  const handle = new DatagramHandle('udp', 'ip4');
  handle.watch(() => undefined);
  handle.close();
  handle.watch(() => undefined);
  t.throws(() => handle.receive(new Uint8Array(64)), { code: 'EBADF' });
  t.throws(() => handle.bind('', 0), { code: 'EBADF' });
  t.equal(handle.localPort, 0);
  handle.close();
});

const url = new URL('../../../src/addon/addon.js', import.meta.url).href;

t.test('an exception in the callback is an uncaught exception of JavaScript, which a handler may catch', (t) => {
  const script = `import { addon } from ${JSON.stringify(url)};
    const handle = new (addon().DatagramHandle)('udp', 'ip4');
    handle.bind('127.0.0.1', 0);
    process.on('uncaughtException', (error) => { handle.close(); process.exitCode = error.message === 'mine' ? 7 : 8; });
    handle.watch(() => { handle.receive(new Uint8Array(64)); throw new Error('mine'); });
    handle.send(Uint8Array.of(1), '127.0.0.1', handle.localPort);`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  t.equal(status, 7, stderr);
  t.end();
});

t.test('a worker that is terminated with open, watched sockets takes nobody with it', async (t) => {
  for (let i = 0; i < 4; i++) {
    const worker = new Worker(
      `import(${JSON.stringify(url)}).then(({ addon }) => {
         for (let i = 0; i < 20; i++) {
           const handle = new (addon().DatagramHandle)('udp', 'ip4');
           handle.bind('127.0.0.1', 0);
           handle.watch(() => undefined);
           handle.send(Uint8Array.of(1), '127.0.0.1', handle.localPort);
         }
         require('node:worker_threads').parentPort.postMessage('open');
       });`,
      { eval: true },
    );
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    t.equal(await worker.terminate(), 1);
  }
});

t.test('a thousand sockets at once', async (t) => {
  const { port } = await echo(t, 'udp4', '127.0.0.1');
  const all = Array.from({ length: 1000 }, () =>
    open(t, { kind: 'udp', family: 'ip4', peer: { address: '127.0.0.1', port } }),
  );
  const TOGETHER = 100; // no more than the echo's buffer holds
  for (let first = 0; first < all.length; first += TOGETHER) {
    const some = all.slice(first, first + TOGETHER);
    for (const [i, socket] of some.entries()) socket.send(text(String(first + i)));
    const heard = await Promise.all(some.map((socket) => socket.next()));
    t.strictSame(
      heard.map((one) => (typeof one === 'string' ? one : one.text)),
      some.map((_, i) => `re:${first + i}`),
    );
  }
});
