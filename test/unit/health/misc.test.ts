import { chmodSync, readFileSync } from 'node:fs';
import t from 'tap';
import type { MiscCheck } from '../../../src/config/check.js';
import type { Script } from '../../../src/config/configuration.js';
import { attemptMisc } from '../../../src/health/misc.js';
import type { ScriptEnd } from '../../../src/system/run-script.js';
import { systemClock } from '../../../src/system/clock.js';
import { anyCheck, probePorts } from '../../helpers/probe-ports.js';

const never = new AbortController().signal;
const check = (more: Partial<MiscCheck> = {}): MiscCheck => ({
  ...anyCheck,
  is: 'misc',
  script: { argv: ['/check'] },
  timeoutSeconds: 3,
  dynamic: false,
  ...more,
});
const ports = probePorts(systemClock);
const ending = (end: ScriptEnd): typeof ports => ({ ...ports, runCommand: () => Promise.resolve(end) });

const rows: readonly (readonly [what: string, end: ScriptEnd, plain: object, dynamic: object])[] = [
  ['0', { status: 0 }, { is: 'alive', detail: 'exit status 0' }, { is: 'alive', detail: 'exit status 0' }],
  [
    '1',
    { status: 1, output: 'no answer\nmore' },
    { is: 'failed', why: 'script', detail: 'exit status 1: no answer' },
    { is: 'failed', why: 'script', detail: 'exit status 1: no answer' },
  ],
  [
    '2',
    { status: 2 },
    { is: 'failed', why: 'script', detail: 'exit status 2' },
    { is: 'alive', detail: 'exit status 2', weight: { set: 0 } },
  ],
  [
    '12',
    { status: 12 },
    { is: 'failed', why: 'script', detail: 'exit status 12' },
    { is: 'alive', detail: 'exit status 12', weight: { set: 10 } },
  ],
  [
    '255',
    { status: 255 },
    { is: 'failed', why: 'script', detail: 'exit status 255' },
    { is: 'alive', detail: 'exit status 255', weight: { set: 253 } },
  ],
  ...[{ is: 'failed', why: 'script', detail: '/check does not exist' }].map(
    (outcome) => ['missing', { failed: '/check does not exist' }, outcome, outcome] as const,
  ),
  ...[{ is: 'failed', why: 'script', detail: 'ended by SIGSEGV: oops \u00e9' }].map(
    (outcome) => ['a crash', { failed: 'ended by SIGSEGV', output: 'oops\u001b\u00e9\n' }, outcome, outcome] as const,
  ),
];
for (const [what, end, plain, dynamic] of rows)
  t.test(`exit status: ${what}`, async (t) => {
    t.same(await attemptMisc(check(), ending(end), never), plain);
    t.same(await attemptMisc(check({ dynamic: true }), ending(end), never), dynamic);
  });

t.test('a shortage of ours says nothing about the server', async (t) => {
  const outcome = await attemptMisc(check(), ending({ failed: 'spawn EMFILE', shortage: true }), never);
  t.same(outcome, { is: 'inconclusive', detail: 'spawn EMFILE' });
});

t.test('its time limit, and as whom: the script’s user before that of the check', async (t) => {
  const ran: [Script, number][] = [];
  const asking = {
    ...ports,
    runCommand: (script: Script, ms: number) => {
      ran.push([script, ms]);
      return Promise.resolve({ status: 0 });
    },
  };
  await attemptMisc(check({ user: { user: 'web' } }), asking, never);
  await attemptMisc(check({ script: { argv: ['/x'], user: { user: 'me' } }, user: { user: 'web' } }), asking, never);
  t.same(ran, [
    [{ argv: ['/check'], user: { user: 'web' } }, 3000],
    [{ argv: ['/x'], user: { user: 'me' } }, 3000],
  ]);
});

t.test('a stopped attempt says nothing about the server', async (t) => {
  const stopped = { is: 'inconclusive', detail: 'stopped' };
  t.same(await attemptMisc(check(), ending({ status: 1 }), AbortSignal.abort()), stopped);
  const stop = new AbortController();
  const runCommand = (): Promise<ScriptEnd> => {
    stop.abort();
    return Promise.resolve({ failed: 'stopped' });
  };
  const whileItRan = { ...ports, runCommand };
  t.same(await attemptMisc(check(), whileItRan, stop.signal), stopped);
});

t.test('a real program, without a shell', async (t) => {
  const folder = t.testdir({ check: '#!/bin/sh\necho "$#-$1" > "$2"\necho down for repair\nexit 1\n' });
  chmodSync(`${folder}/check`, 0o755);
  const script = { argv: [`${folder}/check`, '$HOME; exit 0', `${folder}/said`], user: { user: 'root' } };
  const outcome = await attemptMisc(check({ script, timeoutSeconds: 60 }), ports, never);
  t.same(outcome, { is: 'failed', why: 'script', detail: 'exit status 1: down for repair' });
  t.equal(readFileSync(`${folder}/said`, 'utf8'), '2-$HOME; exit 0\n');
  const missing = await attemptMisc(check({ script: { argv: ['/nowhere/check'] } }), ports, never);
  t.same(missing, { is: 'failed', why: 'script', detail: '/nowhere/check does not exist' });
});
