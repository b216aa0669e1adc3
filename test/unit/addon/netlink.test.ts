/** The native socket against this machine's own kernel: generic netlink's controller answers everybody. */
import { Worker } from 'node:worker_threads';
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { addon } from '../../../src/addon/addon.js';
import { openNetlink } from '../../../src/addon/netlink.js';
import { decodeAttributes, text, u16 } from '../../../src/netlink/attributes.js';
import { Exchange } from '../../../src/netlink/exchange.js';
import { GenericFamily, NETLINK_GENERIC } from '../../../src/netlink/generic.js';
import { messageFlag } from '../../../src/netlink/message.js';

const CONTROL = 16;
const controlAttrs = { id: [1, u16], name: [2, text] } as const;

/** CTRL_CMD_GETFAMILY as a dump: every family of the kernel. */
const families = (exchange: Exchange) =>
  exchange.ask({
    operation: 'list families',
    type: CONTROL,
    flags: messageFlag.dump,
    repeatable: true,
    write: (to) => {
      const at = to.extend(4);
      to.memory.bytes.set([3, 1], at);
    },
    read: (from, at, end) => decodeAttributes(controlAttrs, from, at + 4, end).name,
  });

t.test('nlctrl knows itself', async (t) => {
  const exchange = new Exchange(openNetlink(NETLINK_GENERIC));
  t.equal(await new GenericFamily(exchange, 'nlctrl', 1).resolve(), CONTROL);
  exchange.close();
});

t.test('twenty dumps asked for at once are all answered, alike', async (t) => {
  const exchange = new Exchange(openNetlink(NETLINK_GENERIC));
  const all = await Promise.all(Array.from({ length: 20 }, () => families(exchange)));
  t.ok(all[0]?.includes('nlctrl'));
  for (const one of all) t.strictSame(one, all[0]);
  exchange.close();
});

t.test('a family that the kernel does not have is told by its name', async (t) => {
  const exchange = new Exchange(openNetlink(NETLINK_GENERIC));
  await t.rejects(new GenericFamily(exchange, 'no-such-family', 1).resolve(), {
    name: 'FamilyMissing',
    message: /no-such-family/,
    cause: { errno: 'ENOENT' },
  });
  exchange.close();
});

t.test('a namespace that does not exist is an error with its reason', (t) => {
  t.throws(() => openNetlink(NETLINK_GENERIC, { networkNamespace: '/proc/self/nowhere' }), {
    code: 'NETLINK_SOCKET',
    message: /ENOENT/,
  });
  t.end();
});

t.test('a namespace that exists is joined by the socket alone', async (t) => {
  const exchange = new Exchange(openNetlink(NETLINK_GENERIC, { networkNamespace: '/proc/self/ns/net' }));
  t.equal(await new GenericFamily(exchange, 'nlctrl', 1).resolve(), CONTROL);
  exchange.close();
});

t.test('closing twice, using after closing: errors, not crashes', (t) => {
  const { NetlinkHandle } = addon();
  const handle = new NetlinkHandle(NETLINK_GENERIC, '');
  handle.watch(() => undefined);
  handle.close();
  handle.close();
  t.throws(() => handle.send(Uint8Array.of(1, 2, 3, 4)), { code: 'EBADF' });
  t.throws(() => handle.receive(new Uint8Array(64), 0), { code: 'EBADF' });
  t.end();
});

t.test('a buffer without room takes nothing, and loses nothing', (t) => {
  const { NetlinkHandle } = addon();
  const handle = new NetlinkHandle(NETLINK_GENERIC, '');
  handle.send(Buffer.from('1400000010000503010000000000000003010000', 'hex')); // CTRL_CMD_GETFAMILY, dump
  t.strictSame(handle.receive(new Uint8Array(8), 0), []);
  t.strictSame(handle.receive(new Uint8Array(8), 100), [], 'an offset past the end');
  const into = new Uint8Array(65536);
  const ends = handle.receive(into, 0);
  t.ok(ends !== undefined && ends.length > 0);
  t.equal(into[4], CONTROL);
  handle.close();
  t.end();
});

const inChild = (script: string): { status: number | null; stderr: string } => {
  const prelude = `import { addon } from ${JSON.stringify(new URL('../../../src/addon/addon.js', import.meta.url).href)};
    const ask = Buffer.from('1400000010000503010000000000000003010000', 'hex');`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', prelude + script], {
    encoding: 'utf8',
  });
  return { status, stderr };
};

t.test('an exception in the callback is an uncaught exception of JavaScript, which a handler may catch', (t) => {
  const { status, stderr } = inChild(`
    const handle = new (addon().NetlinkHandle)(16, '');
    process.on('uncaughtException', (error) => { handle.close(); process.exitCode = error.message === 'mine' ? 7 : 8; });
    handle.watch(() => { handle.receive(new Uint8Array(65536), 0); throw new Error('mine'); });
    handle.send(ask);`);
  t.equal(status, 7, stderr);
  t.end();
});

t.test('a worker that is terminated with an open, watched socket takes nobody with it', async (t) => {
  const url = new URL('../../../src/addon/addon.js', import.meta.url).href;
  for (let i = 0; i < 4; i++) {
    const worker = new Worker(
      `import(${JSON.stringify(url)}).then(({ addon }) => {
         const handle = new (addon().NetlinkHandle)(16, '');
         handle.watch(() => undefined);
         require('node:worker_threads').parentPort.postMessage('open');
       });`,
      { eval: true },
    );
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    t.equal(await worker.terminate(), 1);
  }
});
