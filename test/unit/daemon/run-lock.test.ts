/** One lvsd for each folder of state, and the sentence that the second one ends with. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { LOCK_FILE, lockFolder, lockOfVrrp } from '../../../src/daemon/run-lock.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { findProgram, temporaryDirectory } from '../../helpers/program.js';

const skip = findProgram('flock') === undefined ? 'flock is not installed' : false;
const source = fileURLToPath(new URL('../../../src/daemon/run-lock.js', import.meta.url));

/** Another process that has the lock. */
async function holder(folder: string) {
  const script = `const { lockFolder } = await import(${JSON.stringify(source)}); await lockFolder(${JSON.stringify(folder)}, console); console.log('locked'); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return {
    pid: child.pid!,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

t.test('a folder is one process’s until that is gone, however it went', { skip }, async (t) => {
  const folder = join(temporaryDirectory(t), 'lvsd');
  const log = new MemoryLog();
  const { pid, kill } = await holder(folder);
  await t.rejects(lockFolder(folder, log), {
    code: 'FOLDER_TAKEN',
    message: `another lvsd (process ${pid}) keeps its state and its engine in ${folder}; stop it first, or give this one a folder of its own with --state`,
  });
  t.equal(readFileSync(join(folder, LOCK_FILE), 'utf8'), `${pid}\n`, 'who was refused changed nothing');
  await kill();
  const unlock = await lockFolder(folder, log);
  t.equal(readFileSync(join(folder, LOCK_FILE), 'utf8'), `${process.pid}\n`);
  await t.rejects(lockFolder(folder, log), { code: 'FOLDER_TAKEN' });
  const beside = await lockFolder(join(folder, 'other'), log);
  await unlock();
  await (await lockFolder(folder, log))();
  await beside();
  t.equal(statSync(join(folder, LOCK_FILE)).mode & 0o777, 0o644);
  t.same(log.events, []);
});

t.test('who holds the addresses has a lock of his own, beside the director', { skip }, async (t) => {
  const folder = temporaryDirectory(t);
  const log = new MemoryLog();
  const unlock = await lockFolder(folder, log);
  const unlockVrrp = await lockFolder(folder, log, lockOfVrrp);
  await t.rejects(lockFolder(folder, log, lockOfVrrp), {
    code: 'VRRP_RUNS',
    message: `another 'lvsd vrrp' (process ${process.pid}) holds virtual addresses for ${folder}; stop it first, or give this one a folder of its own with --folder`,
  });
  await unlockVrrp();
  await (await lockFolder(folder, log, lockOfVrrp))();
  await unlock();
});

t.test('of many at the same moment one has it', { skip }, async (t) => {
  const folder = temporaryDirectory(t);
  const log = new MemoryLog();
  const all = await Promise.allSettled(Array.from({ length: 12 }, () => lockFolder(folder, log)));
  const got = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  t.equal(got.length, 1);
  await got[0]!();
});

t.test('what it starts does not keep the lock', { skip }, async (t) => {
  const folder = temporaryDirectory(t);
  const unlock = await lockFolder(folder, new MemoryLog());
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  t.teardown(() => void child.kill('SIGKILL'));
  await new Promise((resolve) => child.once('spawn', resolve));
  await unlock();
  await (await lockFolder(folder, new MemoryLog()))();
});

t.test('a folder that cannot be locked is said, and lvsd runs', async (t) => {
  const folder = temporaryDirectory(t);
  mkdirSync(join(folder, LOCK_FILE));
  const log = new MemoryLog();
  await (await lockFolder(folder, log))();
  t.match(log.named('daemon.not-locked'), [{ path: join(folder, LOCK_FILE), reason: /EISDIR/ }]);
});
