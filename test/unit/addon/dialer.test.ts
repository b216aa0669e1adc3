/** The native connector against listeners on the loopback, in a network namespace where no other process takes a port. */
import { ip } from '../../helpers/own-namespace.js';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { addon } from '../../../src/addon/addon.js';
import { openDialer } from '../../../src/addon/dialer.js';
import type { Destination, Dialer } from '../../../src/health/ports.js';
import { eventually } from '../../lab/eventually.js';

const to = (port: number, more: Partial<Destination> = {}): Destination => ({
  address: '127.0.0.1',
  port,
  mark: 0,
  ...more,
});
const knock = (dialer: Dialer, where: Destination): Promise<NodeJS.ErrnoException | undefined> =>
  new Promise((resolve) => void dialer.knock(where, resolve));
const dial = (dialer: Dialer, where: Destination): Promise<Socket | NodeJS.ErrnoException> =>
  new Promise((resolve) => void dialer.dial(where, resolve));
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const LIMIT_MS = 30_000;

/** Of 192.0.2.0/24 nobody answers, nor says that there is no way. */
ip('link add near0 type veth peer name far0');
ip('addr add 192.0.2.1/24 dev near0');
ip('link set near0 up');
ip('link set far0 up');

async function listening(t: Test, host: string, talk: (socket: Socket) => void): Promise<number> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket.on('error', () => undefined));
    talk(socket);
  });
  t.teardown(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return new Promise((resolve) => server.listen(0, host, () => resolve((server.address() as { port: number }).port)));
}

/** A port at which nobody listens. */
async function closedPort(t: Test): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  await new Promise((resolve) => server.close(resolve));
  t.ok(port > 0);
  return port;
}

/** Sockets that this process has open. */
const sockets = (): number =>
  execFileSync(
    'readlink',
    readdirSync('/proc/self/fd').map((fd) => `/proc/${process.pid}/fd/${fd}`),
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  ).split('socket:').length - 1;

/** @throws if there are still more after a while */
const closedDownTo = (most: number): Promise<void> =>
  eventually(() => {
    const count = sockets();
    if (count > most) throw new Error(`${count} sockets, at most ${most} were expected`);
  }, LIMIT_MS);

for (const host of ['127.0.0.1', '::1'])
  t.test(`${host}: a knock is a connection that the server sees end, in order`, async (t) => {
    const ended = new Promise<string>((resolve) => {
      void listening(t, host, (socket) => {
        socket.once('error', (error) => resolve(error.message));
        socket.once('end', () => resolve('end')).resume();
      }).then((port) => knock(openDialer(), to(port, { address: host })));
    });
    t.equal(await ended, 'end', 'a FIN, no reset');
  });

t.test('a dial is a socket that talks both ways', async (t) => {
  const port = await listening(t, '127.0.0.1', (socket) => socket.pipe(socket));
  const socket = await dial(openDialer(), to(port));
  if (socket instanceof Error) throw socket;
  t.equal(socket.remotePort, port);
  const echo = new Promise((resolve) => socket.once('data', (bytes: Buffer) => resolve(bytes.toString())));
  socket.write('hello');
  t.equal(await echo, 'hello');
  socket.destroy();
});

t.test('what the kernel refuses is told as Node tells it', async (t) => {
  const dialer = openDialer();
  const port = await closedPort(t);
  t.match(await knock(dialer, to(port)), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
    message: `connect ECONNREFUSED 127.0.0.1:${port}`,
  });
  t.match(await dial(dialer, to(port)), { code: 'ECONNREFUSED' });
  const refusedAtOnce: [why: string, more: Partial<Destination>, error: object][] = [
    ['an address that is not ours', { bindAddress: '192.0.2.77' }, { code: 'EADDRNOTAVAIL', syscall: 'bind' }],
    ['an address of the other family', { bindAddress: '::1' }, { code: 'EAFNOSUPPORT', syscall: 'bind' }],
    ['an interface that is not there', { bindInterface: 'nowhere0' }, { code: 'ENODEV', syscall: /SO_BINDTODEVICE/ }],
    ['a broadcast address', { address: '255.255.255.255' }, { syscall: 'connect' }],
    ['no address', { address: 'localhost' }, { code: 'EINVAL' }],
  ];
  for (const [why, more, error] of refusedAtOnce) {
    let isBack = false;
    const told = new Promise((resolve) => void dialer.knock(to(port, more), (found) => resolve([isBack, found])));
    isBack = true;
    t.match(await told, [true, error], why);
  }
});

t.test('it comes from where it was told to', async (t) => {
  const seen: [string | undefined, number | undefined][] = [];
  const port = await listening(t, '127.0.0.1', (socket) => seen.push([socket.remoteAddress, socket.remotePort]));
  const dialer = openDialer();
  const from = await closedPort(t);
  const fixed: Partial<Destination> = { bindAddress: '127.0.0.8', bindPort: from };
  // a knock may have ended before the server looks; a dial stays
  for (const [i, more] of [{ bindAddress: '127.0.0.9' }, fixed].entries()) {
    const socket = await dial(dialer, to(port, more));
    if (socket instanceof Error) throw socket;
    while (seen.length <= i) await turn();
    socket.destroy();
  }
  t.equal(seen[0]?.[0], '127.0.0.9');
  t.strictSame(seen[1], ['127.0.0.8', from]);
  for (let i = 0; i < 3; i++) t.equal(await knock(dialer, to(port, fixed)), undefined, 'and again at once');
  t.equal(await knock(dialer, to(port, { bindInterface: 'lo' })), undefined);
});

t.test('a thousand at once: each is answered once, and no descriptor is left', async (t) => {
  const port = await listening(t, '127.0.0.1', (socket) => void socket.resume());
  const refused = await closedPort(t);
  const dialer = openDialer();
  await knock(dialer, to(port));
  const before = sockets();
  let answers = 0;
  const all = await Promise.all(
    Array.from(
      { length: 1000 },
      (_, i) =>
        new Promise<string>((resolve) => {
          dialer.knock(to(i % 2 === 0 ? port : refused), (error) => {
            answers++;
            resolve(error?.code ?? 'stood');
          });
        }),
    ),
  );
  t.equal(all.filter((one) => one === 'stood').length, 500);
  t.equal(all.filter((one) => one === 'ECONNREFUSED').length, 500);
  await turn();
  t.equal(answers, 1000);
  await closedDownTo(before + 1);
});

t.test('who hangs up is not called, whenever that is', async (t) => {
  const port = await listening(t, '127.0.0.1', (socket) => void socket.resume());
  const dialer = openDialer();
  await knock(dialer, to(port));
  const before = sockets();
  let called = 0;
  const count = (): void => {
    called++;
  };
  // before it began, at once, and within the answer to another of the same wake-up: two of three by the first of them
  const atOnce = dialer.dial(to(port), count);
  atOnce();
  atOnce();
  const refused = dialer.knock(to(port, { bindAddress: '192.0.2.77' }), count);
  refused();
  const others: (() => void)[] = [];
  const answered = new Promise<void>((resolve) => {
    const first = (result: unknown): void => {
      if (typeof result === 'object' && result !== null && 'destroy' in result) (result as Socket).destroy();
      for (const hangUp of others) hangUp();
      // its slot may be one of those that have just become free
      dialer.knock(to(port), () => resolve());
    };
    dialer.dial(to(port), first);
    others.push(dialer.dial(to(port), count), dialer.dial(to(port), count));
  });
  await answered;
  await turn();
  t.equal(called, 0);
  await closedDownTo(before + 1);
});

t.test('a connection that never stands is closed when its caller hangs up', async (t) => {
  const before = sockets();
  const dialer = openDialer();
  const hangUps = Array.from({ length: 50 }, () => dialer.knock(to(9, { address: '192.0.2.2' }), () => undefined));
  await turn();
  t.ok(sockets() >= before + 50, 'they wait');
  for (const hangUp of hangUps) hangUp();
  await closedDownTo(before);
});

t.test('the handle: closing twice, using after closing', (t) => {
  const { ConnectorHandle } = addon();
  const handle = new ConnectorHandle();
  handle.watch(() => undefined);
  const slot = handle.start(true, '127.0.0.1', 9, '', 0, '', 0);
  handle.close();
  handle.close();
  handle.cancel(slot);
  handle.cancel(4_000_000_000);
  t.equal(handle.collect(new Int32Array(768)), 0);
  t.throws(() => handle.start(false, '127.0.0.1', 9, '', 0, '', 0), { code: 'EBADF' });
  t.throws(() => handle.collect(new Int32Array(767)), { code: 'EINVAL' }, 'too little room');
  t.end();
});

const module = JSON.stringify(new URL('../../../src/addon/dialer.js', import.meta.url).href);
const inChild = (script: string): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, ['--input-type=module', '-e', `import { openDialer } from ${module};${script}`], {
    encoding: 'utf8',
  });

t.test('a process lives as long as something is in progress, and no longer', async (t) => {
  const port = await listening(t, '127.0.0.1', (socket) => void socket.resume());
  const script = `openDialer().knock({ address: '127.0.0.1', port: ${port}, mark: 0 }, (error) => console.log(error ?? 'stood'));`;
  t.match(await new Promise((resolve) => setImmediate(() => resolve(inChild(script)))), {
    status: 0,
    stdout: 'stood\n',
  });
});

t.test('without descriptors it is this machine that is short, not the server', (t) => {
  const { status, stdout, stderr } = inChild(`
    import { openSync } from 'node:fs';
    const dialer = openDialer();
    const to = { address: '127.0.0.1', port: 9, mark: 0 };
    dialer.knock(to, () => {
      try { for (;;) openSync('/dev/null'); } catch { /* none is left */ }
      dialer.knock(to, (error) => console.log(error.code));
    });`);
  t.equal(status, 0, stderr);
  t.equal(stdout, 'EMFILE\n');
  t.end();
});

t.test('a worker that is terminated with connections in progress takes nobody with it', async (t) => {
  const port = await listening(t, '127.0.0.1', (socket) => void socket.resume());
  for (let i = 0; i < 4; i++) {
    const worker = new Worker(
      `import(${module}).then(({ openDialer }) => {
         const dialer = openDialer();
         const again = () => dialer.knock({ address: '127.0.0.1', port: ${port}, mark: 0 }, again);
         for (let i = 0; i < 20; i++) again();
         require('node:worker_threads').parentPort.postMessage('under way');
       });`,
      { eval: true },
    );
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    t.equal(await worker.terminate(), 1);
  }
});
