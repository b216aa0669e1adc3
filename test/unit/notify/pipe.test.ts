import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import t from 'tap';
import { Pipe } from '../../../src/notify/pipe.js';
import { Pipes } from '../../../src/notify/pipes.js';
import type { RunScript } from '../../../src/notify/ports.js';
import { Commands } from '../../../src/daemon/commands.js';
import { systemClock } from '../../../src/system/clock.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const ours = (): Promise<'us'> => Promise.resolve('us');
const LINE = 'VS [192.0.2.1]:tcp:80 UP\n';

function contents(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(1 << 17);
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer));
  } finally {
    closeSync(fd);
  }
}

t.test('it is made for us alone, keeps what nobody has read yet, and goes with us', async (t) => {
  const path = `${t.testdir()}/events`;
  const pipe = new Pipe({ path }, { log: new MemoryLog(), owner: ours });
  pipe.write(LINE);
  await pipe.opened();
  pipe.write(LINE.replace('UP', 'DOWN'));
  t.ok(lstatSync(path).isFIFO());
  t.equal(lstatSync(path).mode & 0o777, 0o600);
  t.equal(contents(path), `${LINE}${LINE.replace('UP', 'DOWN')}`, 'what was written before it was open comes first');
  await pipe.close();
  t.notOk(existsSync(path));
});

t.test('one that is there already is taken, and left', async (t) => {
  const path = `${t.testdir()}/events`;
  execFileSync('mkfifo', [path]);
  const pipe = new Pipe({ path }, { log: new MemoryLog(), owner: ours });
  await pipe.opened();
  pipe.write(LINE);
  t.equal(contents(path), LINE);
  await pipe.close();
  t.ok(existsSync(path));
});

t.test(
  'its owner is who the file names',
  { skip: process.geteuid?.() === 0 ? false : 'only root can give away' },
  async (t) => {
    const path = `${t.testdir()}/events`;
    const owner = (): Promise<{ uid: number; gid: number; groups: number[] }> =>
      Promise.resolve({ uid: 65_534, gid: 65_533, groups: [] });
    const pipe = new Pipe({ path, user: 'somebody' }, { log: new MemoryLog(), owner });
    await pipe.opened();
    t.match(statSync(path), { uid: 65_534, gid: 65_533 });
    await pipe.close();
  },
);

t.test('a full pipe blocks nobody: lines are dropped, counted and said, and it goes on when it is read', async (t) => {
  const path = `${t.testdir()}/events`;
  const log = new MemoryLog();
  const pipe = new Pipe({ path }, { log, owner: ours });
  await pipe.opened();
  for (let i = 0; i < 20_000; i++) pipe.write(LINE);
  const kept = 20_000 - pipe.dropped;
  t.ok(kept > 1000 && pipe.dropped > 1000, `${pipe.dropped} dropped`);
  t.match(log.named('notify.pipe-dropped'), [
    { path, dropped: 1, reason: /nobody reads/ },
    { dropped: 10 },
    { dropped: 100 },
    { dropped: 1000 },
  ]);
  const text = contents(path);
  t.equal(text, LINE.repeat(kept), 'whole lines');
  const before = pipe.dropped;
  pipe.write(LINE);
  t.equal(pipe.dropped, before);
  await pipe.close();
});

for (const [what, make, reason] of [
  ['a file', (path: string) => execFileSync('touch', [path]), /no named pipe/],
  ['a link to a pipe', (path: string) => symlinkSync('/dev/null', path), /ELOOP|symbolic/],
  ['a folder that is not there', () => undefined, /No such file/],
] as const)
  t.test(`${what} is not written to`, async (t) => {
    const folder = t.testdir();
    const path = what.startsWith('a folder') ? `${folder}/none/events` : `${folder}/events`;
    make(path);
    const log = new MemoryLog();
    const pipe = new Pipe({ path }, { log, owner: ours });
    pipe.write(LINE);
    await pipe.opened();
    pipe.write(LINE);
    t.match(log.named('notify.pipe-failed'), [{ path, reason }]);
    t.equal(pipe.dropped, 2);
    if (what === 'a file') t.equal(readFileSync(path, 'utf8'), '');
    await pipe.close();
  });

t.test('a real reader hears every line; over a reload it runs on; it ends with us', async (t) => {
  const folder = t.testdir();
  const path = `${folder}/events`;
  const log = new MemoryLog();
  const commands = new Commands(systemClock, log);
  const run: RunScript = (script, options) => commands.run(script, options);
  const pipes = new Pipes({ log, owner: ours, clock: systemClock, run });
  const script = { argv: ['/bin/sh', '-c', `echo $$ >> ${folder}/readers; exec cat "$1" > ${folder}/heard`, 'reader'] };
  const fifo = { path, script: { ...script, user: { user: 'root' } } };
  await pipes.follow([fifo]);
  for (let i = 0; i < 3; i++) {
    pipes.write(LINE);
    await pipes.follow([{ ...fifo }]);
  }
  const heard = (): string => (existsSync(`${folder}/heard`) ? readFileSync(`${folder}/heard`, 'utf8') : '');
  while (heard().length < 3 * LINE.length) await new Promise((resolve) => void systemClock.after(20, () => resolve(0)));
  t.equal(heard(), LINE.repeat(3));
  const readers = readFileSync(`${folder}/readers`, 'utf8').trim().split('\n');
  t.equal(readers.length, 1);
  await pipes.stop();
  t.throws(() => process.kill(Number(readers[0]), 0), { code: 'ESRCH' });
  t.notOk(existsSync(path));
});

t.test('a reader that ends is started again, ever more slowly', async (t) => {
  const [clock, log] = [new FakeClock(), new MemoryLog()];
  let runs = 0;
  const run: RunScript = () => {
    runs++;
    return Promise.resolve({ status: 1 });
  };
  const pipes = new Pipes({ log, owner: ours, clock, run });
  await pipes.follow([{ path: `${t.testdir()}/events`, script: { argv: ['/reader'] } }]);
  await settled();
  t.equal(runs, 1);
  await clock.run(1000, 1000);
  t.equal(runs, 2);
  await clock.run(1000, 1000);
  t.equal(runs, 2);
  await clock.run(1000, 1000);
  t.equal(runs, 3);
  await clock.run(3_600_000, 1000);
  t.ok(runs > 60 && runs < 75, `${runs} in an hour`);
  await pipes.stop();
  t.equal(clock.pending, 0);
});
