import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { addon } from '../../../src/addon/addon.js';
import { monotonicUs } from '../../../src/system/clock.js';
import { ServiceManager, type ServiceManagerOptions, takeManagerSettings } from '../../../src/system/notify-socket.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { temporaryDirectory } from '../../helpers/program.js';

interface Scene {
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly told: string[];
  readonly manager: ServiceManager;
  status: string;
  /** What sending throws; undefined: it succeeds. */
  refusal: string | undefined;
}

function scene(options: Partial<ServiceManagerOptions> = {}): Scene {
  const [clock, log, told] = [new FakeClock(), new MemoryLog(), [] as string[]];
  const manager = new ServiceManager({
    socket: '/run/notify',
    watchdogMs: undefined,
    send(socket, text) {
      if (made.refusal !== undefined) throw Object.assign(new Error(made.refusal), { code: made.refusal });
      told.push(`${socket} ${text}`.replace('/run/notify ', ''));
    },
    clock,
    monotonicUs: () => 7_000_000n,
    status: () => made.status,
    log,
    ...options,
  });
  const made: Scene = { clock, log, told, manager, status: '1 services', refusal: undefined };
  return made;
}

t.test(
  'what systemd says is taken out of the environment, and the watchdog is ours only if it is meant for us',
  (t) => {
    const environment = { NOTIFY_SOCKET: '@x', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7', PATH: '/bin' };
    t.same(takeManagerSettings(environment, 7), { socket: '@x', watchdogMs: 30_000 });
    t.same(environment, { PATH: '/bin' });
    t.equal(takeManagerSettings({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, 7).watchdogMs, undefined);
    t.equal(takeManagerSettings({ WATCHDOG_USEC: '2000' }, 7).watchdogMs, 2);
    t.same(takeManagerSettings({ NOTIFY_SOCKET: '', WATCHDOG_USEC: '0' }, 7), {
      socket: undefined,
      watchdogMs: undefined,
    });
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { watchdogMs } = takeManagerSettings({ WATCHDOG_USEC: text }, 7);
        return watchdogMs === undefined || watchdogMs > 0;
      }),
    );
    t.end();
  },
);

t.test('a life: started, beats, a reload, the end', (t) => {
  const made = scene({ watchdogMs: 20_000 });
  const { manager, told, clock } = made;
  manager.reloading();
  manager.reloaded();
  t.same(told, [], 'a reload before the first plan says nothing');
  manager.started();
  clock.advance(10_000);
  made.status = '2 services,\n1 without quorum';
  clock.advance(10_000);
  manager.reloading();
  manager.reloaded();
  manager.stopping();
  manager.reloaded();
  clock.advance(60_000);
  t.same(told, [
    'READY=1\nSTATUS=1 services',
    'WATCHDOG=1',
    'WATCHDOG=1\nSTATUS=2 services, 1 without quorum',
    'RELOADING=1\nMONOTONIC_USEC=7000000',
    'READY=1',
    'STOPPING=1',
  ]);
  manager.close();
  t.equal(clock.pending, 0);
  t.end();
});

t.test('without a watchdog only a new status is told', (t) => {
  const made = scene();
  made.manager.started();
  made.clock.advance(25_000);
  made.status = '3 services';
  made.clock.advance(25_000);
  t.same(made.told, ['READY=1\nSTATUS=1 services', 'STATUS=3 services']);
  made.manager.close();
  t.end();
});

t.test('nobody is told where nobody asked', (t) => {
  const made = scene({ socket: undefined, watchdogMs: 1000 });
  made.manager.started();
  made.manager.reloading();
  made.manager.stopping();
  t.same(made.told, []);
  t.equal(made.clock.pending, 0);
  t.end();
});

t.test('a full queue is tried again, in order; any other refusal is logged once and stops nobody', (t) => {
  const made = scene();
  made.refusal = 'EAGAIN';
  made.manager.started();
  made.manager.reloading();
  made.clock.advance(500);
  t.same([made.told, made.log.events], [[], []]);
  made.refusal = undefined;
  made.clock.advance(100);
  t.same(made.told, ['READY=1\nSTATUS=1 services', 'RELOADING=1\nMONOTONIC_USEC=7000000']);
  made.refusal = 'ECONNREFUSED';
  made.manager.reloaded();
  made.manager.stopping();
  t.match(made.log.named('daemon.manager-not-told'), [{ socket: '/run/notify', reason: 'ECONNREFUSED' }]);
  made.manager.close();
  t.end();
});

/** Prints what comes to a Unix socket, by a program that is not ours. */
const LISTENER = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
name = sys.argv[1]
s.bind('\\0' + name[1:] if name.startswith('@') else name)
print('bound', flush=True)
text, ancillary, _, _ = s.recvmsg(4096, 1024)
print(text.decode(), int.from_bytes(ancillary[0][2][:4], sys.byteorder), flush=True)
`;

for (const kind of ['a path', 'an abstract name']) {
  t.test(`one datagram to ${kind}, from us`, async (t) => {
    const folder = temporaryDirectory(t);
    const socket = kind === 'a path' ? join(folder, 'notify') : `@lvsd-test-${process.pid}`;
    const listener = spawn('/usr/bin/python3', ['-c', LISTENER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    const ended = new Promise<void>((resolve) => listener.once('close', () => resolve()));
    await new Promise<void>((resolve) => {
      listener.stdout.setEncoding('utf8').on('data', (text: string) => {
        lines.push(text);
        resolve();
      });
    });
    addon().sendUnixDatagram(socket, Buffer.from('READY=1'));
    await ended;
    t.equal(lines.join(''), `bound\nREADY=1 ${process.pid}\n`);
  });
}

t.test('what is no such socket is refused with its errno', (t) => {
  const send = (path: string) => () => addon().sendUnixDatagram(path, Buffer.from('x'));
  t.throws(send(''), { code: 'EINVAL' });
  t.throws(send('relative'), { code: 'EINVAL' });
  t.throws(send(`/${'x'.repeat(107)}`), { code: 'EINVAL' });
  t.throws(send(`/${'x'.repeat(106)}`), { code: 'ENOENT' });
  t.throws(send(`@${'x'.repeat(108)}`), { code: 'EINVAL' });
  t.throws(send(`@${'x'.repeat(107)}`), { code: 'ECONNREFUSED' });
  t.end();
});

t.test('the moment is that of CLOCK_MONOTONIC', (t) => {
  const others = (): bigint =>
    BigInt(
      execFileSync('/usr/bin/python3', ['-c', 'import time; print(time.monotonic_ns() // 1000)'], { encoding: 'utf8' }),
    );
  const [before, ours, after] = [others(), monotonicUs(), others()];
  t.ok(before <= ours && ours <= after, `${before} ${ours} ${after}`);
  t.end();
});
