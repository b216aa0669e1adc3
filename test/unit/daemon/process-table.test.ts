import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { processTable } from '../../../src/daemon/process-table.js';
import type { DatagramSocket } from '../../../src/netlink/exchange.js';
import { systemClock } from '../../../src/system/clock.js';
import type { ProcessEvent } from '../../../src/vrrp/trackers/processes.js';
import { Processes } from '../../../src/vrrp/trackers/processes.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { settled } from '../../helpers/fake-clock.js';

/** A process with a command line of its own. */
async function sleeper(t: Test, word: string): Promise<ChildProcess> {
  const child = spawn('/bin/sh', ['-c', 'read x', word], { stdio: ['pipe', 'ignore', 'ignore'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child;
}

const until = async (is: () => boolean): Promise<void> => {
  while (!is()) await new Promise<void>((resolve) => void systemClock.after(10, resolve));
};

t.test('what /proc tells', async (t) => {
  const table = processTable();
  const child = await sleeper(t, 'facts');
  const pid = child.pid!;
  t.ok((await table.pids()).includes(pid));
  await until(() => true);
  t.same(await table.read(pid, true), { comm: 'sh', argv: ['/bin/sh', '-c', 'read x', 'facts'] });
  t.same(await table.read(pid, false), { comm: 'sh', argv: [] });
  child.kill('SIGKILL');
  await once(child, 'close');
  t.equal(await table.read(pid, true), undefined);
});

for (const [how, table] of [
  ['by the events of this kernel, if it has them', processTable()],
  [
    'by looking',
    processTable('/proc', () => {
      throw new Error('none here');
    }),
  ],
] as const)
  t.test(`a tracked process comes and goes, ${how}`, async (t) => {
    const log = new MemoryLog();
    const processes = new Processes({ clock: systemClock, log, table, changed: () => undefined });
    t.teardown(() => processes.stop());
    const word = `lvsd-${process.pid}-${how.length}`;
    processes.track([
      {
        position: { file: 'f', line: 1, column: 1 },
        name: 'p',
        argv: ['/bin/sh', '-c', 'read x', word],
        match: 'exact',
        weight: 0,
        reverse: false,
        quorum: 1,
        most: undefined,
        forkDelaySeconds: 0,
        terminateDelaySeconds: 0,
        fullCommand: false,
      },
    ]);
    const good = (): boolean | 'unknown' => {
      const observed = processes.look('p')?.observed;
      return observed !== undefined && typeof observed === 'object' && 'good' in observed ? observed.good : 'unknown';
    };
    await until(() => good() === false);
    const child = await sleeper(t, word);
    await until(() => good() === true);
    child.kill('SIGKILL');
    await until(() => good() === false);
    t.pass('it was noticed');
  });

t.test('a kernel that does not answer, refuses, or loses something', async (t) => {
  let readable: () => void = () => undefined;
  const waiting: (Uint8Array | Error)[] = [];
  let closed = 0;
  const socket: DatagramSocket = {
    send: () => undefined,
    receive(into) {
      const next = waiting.shift();
      if (next === undefined) return undefined;
      if (next instanceof Error) throw next;
      into.set(next);
      return [next.length];
    },
    watch: (run) => void (readable = run),
    close() {
      closed++;
    },
  };
  const events: ProcessEvent[] = [];
  processTable('/proc', () => socket).follow((event) => void events.push(event));
  t.same(events, [], 'not before it has returned');
  const answer = (errno: number): Uint8Array => {
    const bytes = new Uint8Array(16 + 20 + 16 + 24);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, bytes.length, true);
    view.setUint32(16, 1, true);
    view.setUint32(20, 1, true);
    view.setUint32(52, errno, true);
    return bytes;
  };
  waiting.push(answer(0), Object.assign(new Error('lost'), { code: 'ENOBUFS' }), answer(1), answer(0));
  readable();
  await settled();
  t.match(events, [{ is: 'following' }, { is: 'lost' }, { is: 'deaf', reason: /errno 1/ }]);
  t.equal(events.length, 3);
  t.equal(closed, 1);
});
