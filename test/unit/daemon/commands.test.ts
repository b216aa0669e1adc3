import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type CommandPlaces, Commands, type CommandSettings } from '../../../src/daemon/commands.js';
import type { Account } from '../../../src/system/accounts.js';
import { systemClock } from '../../../src/system/clock.js';
import { systemFiles } from '../../../src/system/script-security.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const isRoot = process.geteuid?.() === 0;
const onlyRoot = isRoot ? {} : { skip: 'only root may become somebody else' };
const settings: CommandSettings = {
  scriptUser: undefined,
  scriptSecurity: false,
  supplementaryGroups: false,
  scriptTimeoutSeconds: 60,
  umask: 0o177,
};
const never = new AbortController().signal;

interface Scene {
  readonly commands: Commands;
  readonly log: MemoryLog;
  /** A program of root's that says who runs it, in a sticky folder that all may use. */
  readonly program: string;
  readonly folder: string;
}

function scene(t: Test, more: Partial<CommandSettings> = {}, places: Partial<CommandPlaces> = {}): Scene {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const program = `${folder}/who`;
  writeFileSync(program, '#!/bin/sh\nid -u\nexit $1\n');
  chmodSync(program, 0o755);
  const log = new MemoryLog();
  const all = {
    findAccount: () => Promise.resolve(undefined),
    files: systemFiles,
    searchPath: '/bin',
    uid: process.geteuid?.() ?? 0,
    mayBecomeOthers: process.geteuid?.() === 0,
    ...places,
  };
  const commands = new Commands(systemClock, log, all);
  commands.follow({ ...settings, ...more });
  return { commands, log, program, folder };
}

const accounts: CommandPlaces['findAccount'] = (user, options) => {
  const ids = new Map([
    ['keepalived_script', 1001],
    ['web', 1002],
    ['root', 0],
  ]);
  const uid = ids.get(user);
  const found: Account | undefined =
    uid === undefined || options?.group === 'none' ? undefined : { uid, gid: uid, groups: [] };
  return Promise.resolve(found);
};

t.test('who runs it: the script’s user, that of script_user, keepalived_script, we', onlyRoot, async (t) => {
  const with_ = (more: Partial<CommandSettings>, user?: string): Promise<unknown> => {
    const { commands, program } = scene(t, more, { findAccount: accounts });
    return commands.run({ argv: [program, '0'], ...(user === undefined ? {} : { user: { user } }) });
  };
  t.same(await with_({ scriptUser: { user: 'root' } }, 'web'), { status: 0, output: '1002' });
  t.same(await with_({ scriptUser: { user: 'web' } }), { status: 0, output: '1002' });
  t.same(await with_({}), { status: 0, output: '1001' });
  t.same(await with_({}, 'nobody-at-all'), { failed: "there is no user 'nobody-at-all'" });
  t.same(await with_({ scriptUser: { user: 'web', group: 'none' } }), {
    failed: "there is no user 'web' or no group 'none'",
  });
  const { commands, program } = scene(t);
  t.same(await commands.run({ argv: [program, '3'] }), { status: 3, output: '0' });
});

t.test('groups beside the first: of `:GROUP`, or of all with set_supplementary_groups', onlyRoot, async (t) => {
  const find: CommandPlaces['findAccount'] = (_, options) =>
    Promise.resolve({ uid: 1002, gid: 1002, groups: options?.supplementary === true ? [1002, 4] : [] });
  const groupsWith = async (more: Partial<CommandSettings>, supplementary?: true): Promise<string | undefined> => {
    const user = { user: 'web', ...(supplementary === undefined ? {} : { supplementary }) };
    const { commands } = scene(t, more, { findAccount: find });
    return (await commands.run({ argv: ['/usr/bin/id', '-G'], user })).output;
  };
  t.equal(await groupsWith({}), '1002');
  t.equal(await groupsWith({}, true), '1002 4');
  t.equal(await groupsWith({ supplementaryGroups: true }), '1002 4');
});

t.test(
  'what is not safe: a warning once, or a refusal with enable_script_security; others may run it',
  onlyRoot,
  async (t) => {
    const { commands, log, program } = scene(t, {}, { findAccount: accounts });
    const asRoot = { argv: [program, '0'], user: { user: 'root' } };
    chmodSync(program, 0o757);
    t.match(await commands.run(asRoot), { status: 0 });
    t.match(await commands.run(asRoot), { status: 0 });
    t.match(log.named('script.unsafe'), [
      { level: 'warn', script: program, reason: `${program} is writable by everybody` },
    ]);
    commands.follow({ ...settings, scriptSecurity: true });
    t.match(await commands.run(asRoot), { failed: /writable by everybody: it is not run as root/ });
    t.match(await commands.run({ ...asRoot, user: { user: 'web' } }), { status: 0, output: '1002' });
    chmodSync(program, 0o755);
    t.match(await commands.run(asRoot), { status: 0, output: '0' }, 'looked at anew before each run');
    chownSync(program, 1002, 0);
    t.match(await commands.run(asRoot), { failed: /does not belong to root/ });
  },
);

t.test('/bin of a merged /usr is safe', onlyRoot, async (t) => {
  const { commands, folder } = scene(
    t,
    { scriptSecurity: true, scriptUser: { user: 'root' } },
    { findAccount: accounts },
  );
  symlinkSync('/bin', `${folder}/bin`);
  t.match(await commands.run({ argv: [`${folder}/bin/true`] }), { status: 0 });
  t.match(await commands.run({ argv: ['true'] }), { status: 0 }, 'by $PATH');
});

t.test('what is not there, or no program, fails with the reason', async (t) => {
  const { commands, folder } = scene(t);
  t.same(await commands.run({ argv: ['/nowhere/x'] }), { failed: '/nowhere/x does not exist' });
  t.same(await commands.run({ argv: ['no-such-program-anywhere'] }), {
    failed: "there is no program 'no-such-program-anywhere' in $PATH",
  });
  t.same(await commands.run({ argv: ['./x'] }), { failed: './x is not an absolute path' });
  writeFileSync(`${folder}/plain`, '');
  t.same(await commands.run({ argv: [`${folder}/plain`] }), { failed: `${folder}/plain is not executable` });
});

t.test('script_timeout, and a limit of its own', async (t) => {
  const { commands } = scene(t, { scriptTimeoutSeconds: 0.1 });
  const argv = ['/bin/sleep', '10'];
  t.same(await commands.run({ argv }), { failed: 'took longer than 0.1 s and was ended' });
  t.same(await commands.run({ argv }, { timeoutMs: 200 }), { failed: 'took longer than 0.2 s and was ended' });
  t.same(await commands.run({ argv: ['/bin/sleep', '0.3'] }, { timeoutMs: Number.POSITIVE_INFINITY }), { status: 0 });
});

t.test('a check that is stopped is told at once; the program has its time to end', async (t) => {
  const { commands, folder } = scene(t);
  const script = `trap 'while [ ! -e ${folder}/let ]; do sleep 0.02; done; echo > ${folder}/ended; exit' TERM; echo > ${folder}/began; while :; do sleep 0.02; done`;
  const stop = new AbortController();
  const end = commands.runCommand({ argv: ['/bin/sh', '-c', script] }, 60_000, stop.signal);
  while (!existsSync(`${folder}/began`)) await new Promise((resolve) => void systemClock.after(10, () => resolve(0)));
  stop.abort();
  t.same(await end, { failed: 'stopped' });
  t.notOk(existsSync(`${folder}/ended`));
  writeFileSync(`${folder}/let`, '');
  await commands.stop();
  t.ok(existsSync(`${folder}/ended`), 'stop waits for it');
  t.same(await commands.runCommand({ argv: ['/bin/true'] }, 1000, AbortSignal.abort()), { failed: 'stopped' });
  t.same(await commands.runCommand({ argv: ['/bin/true'] }, 1000, never), { status: 0 });
});

t.test('startup and shutdown scripts are waited for, and stop nobody', async (t) => {
  const { commands, log } = scene(t);
  const order = (text: string, timeoutSeconds = 60): Parameters<Commands['once']>[1] => ({
    script: { argv: ['/bin/sh', '-c', text] },
    timeoutSeconds,
  });
  await commands.once('startup', undefined);
  await commands.once('startup', order('exit 0'));
  await commands.once('startup', order('echo no; exit 1'));
  await commands.once('shutdown', order('sleep 10', 0.2));
  t.match(log.named('script.done'), [{ which: 'startup' }]);
  t.match(log.named('script.failed'), [
    { which: 'startup', status: 1, output: 'no', level: 'error' },
    { which: 'shutdown', failed: /took longer/ },
  ]);
});

t.test('who owns a pipe', async (t) => {
  const { commands } = scene(t, { scriptUser: { user: 'web' } }, { findAccount: accounts });
  t.match(await commands.ownerOf({ path: '/x' }), { uid: 1002 });
  t.match(await commands.ownerOf({ path: '/x', user: 'root' }), { uid: 0 });
  t.equal(await commands.ownerOf({ path: '/x', user: 'nobody-at-all' }), undefined);
  const plain = scene(t, {}, { uid: 1000, mayBecomeOthers: false, findAccount: accounts });
  t.equal(await plain.commands.ownerOf({ path: '/x' }), 'us');
  const capable = scene(t, {}, { uid: 1000, mayBecomeOthers: true, findAccount: accounts });
  t.match(await capable.commands.ownerOf({ path: '/x' }), { uid: 1001 });
  const ofPackage: CommandPlaces['findAccount'] = (user) =>
    Promise.resolve(user === 'lvsd-check' ? { uid: 1003, gid: 1003, groups: [] } : undefined);
  const packaged = scene(t, {}, { uid: 1000, mayBecomeOthers: true, findAccount: ofPackage });
  t.match(await packaged.commands.ownerOf({ path: '/x' }), { uid: 1003 });
});
