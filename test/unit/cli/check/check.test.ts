import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { check } from '../../../../src/cli/check/check.js';
import { kinds } from '../../../../src/config/diagnostics.js';
import type { Host } from '../../../../src/cli/check/host.js';
import { parseLvsd } from '../../../../src/cli/lvsd-options.js';
import { site } from '../../../helpers/configuration.js';
import { conforms } from './schema.js';

/** A machine that fits everything, but for what a test says. */
const host = (odd: Partial<Host> = {}): Host => ({
  interfaces: new Set(['lo', 'eth0']),
  hasAddress: () => true,
  mode: () => 0o100640,
  unreadable: () => undefined,
  userId: () => Promise.resolve(0),
  inspect: () => Promise.resolve({}),
  ...odd,
});

interface Told {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function lvsdCheck(
  args: readonly string[],
  {
    odd = {},
    terminal = false,
    environment = {},
  }: { odd?: Partial<Host>; terminal?: boolean; environment?: NodeJS.ProcessEnv } = {},
): Promise<Told> {
  const order = parseLvsd(['check', ...args], {});
  if ('help' in order || 'wrong' in order) throw new Error(JSON.stringify(order));
  const said = { out: '', err: '' };
  const output = { out: (text: string) => void (said.out += text), err: (text: string) => void (said.err += text) };
  const status = await check(order, output, environment, { terminal, host: () => host(odd) });
  return { status, ...said };
}

t.test('a right file: what it holds', async (t) => {
  const folder = t.testdir({ right: site() });
  const { status, out, err } = await lvsdCheck(['-f', `${folder}/right`]);
  t.strictSame([status, err], [0, '']);
  t.match(out, /right: 1 virtual services, 2 real servers\n$/);
});

t.test('a wrong file: every error at its place, with the line and a caret', async (t) => {
  const folder = t.testdir({ wrong: site().replace('lb_algo', 'lb_algoo').replace('delay_loop', '\tdelay_lop') });
  const { status, out, err } = await lvsdCheck(['-f', `${folder}/wrong`]);
  t.strictSame([status, out], [1, '']);
  t.match(err.split('\n'), [
    /wrong:5:1: .*lb_algoo.*did you mean 'lb_algo'/,
    '    5 | lb_algoo rr',
    '      | ^~~~~~~~',
    /wrong:8:2: .*delay_lop.*delay_loop/,
    '    8 | \tdelay_lop 5',
    '      | \t^~~~~~~~~',
    '',
  ]);
});

t.test('what is not there, is a folder, or talks to the terminal', async (t) => {
  const folder = t.testdir({ bell: 'virtual_sever \x1b]0;mine\x07 {\n}\n' });
  t.match(await lvsdCheck(['-f', `${folder}/absent`]), { status: 1, err: /absent:1:1: there is no such file\n$/ });
  t.match(await lvsdCheck(['-f', folder]), { status: 1, err: /:1:1: this is no regular file\n$/ });
  const { err } = await lvsdCheck(['-f', `${folder}/bell`]);
  t.match(err, /virtual_sever ·]0;mine· /);
  t.notMatch(err, /[\x1b\x07]/);
});

t.test('a very long line is shown around the place that is meant', async (t) => {
  const folder = t.testdir({
    long: `${'x'.repeat(500)} \n# ${'y'.repeat(100_000)}\n${' '.repeat(200)}wieght 5 ${'z'.repeat(9000)}\n`,
  });
  const { err } = await lvsdCheck(['-f', `${folder}/long`]);
  for (const line of err.split('\n').filter((one) => one.includes(' | '))) t.ok(line.length < 140, `${line.length}`);
  t.match(err, / \| +wieght 5 z+\n {6}\| {61}\^~~~~~\n/);
});

t.test('colours are for a terminal that wants them', async (t) => {
  const folder = t.testdir({ wrong: site().replace('lb_algo', 'lb_algoo') });
  const red = (environment: NodeJS.ProcessEnv, terminal = true): Promise<Told> =>
    lvsdCheck(['-f', `${folder}/wrong`], { terminal, environment });
  t.match((await red({})).err, /\x1b\[1;31m\^~~~~~~~\x1b\[0m\n/);
  t.match((await red({ NO_COLOR: '' })).err, /\x1b\[/);
  t.notMatch((await red({ NO_COLOR: '1' })).err, /\x1b/);
  t.notMatch((await red({ TERM: 'dumb' })).err, /\x1b/);
  t.notMatch((await red({}, false)).err, /\x1b/);
});

/** Files of each kind of complaint, and what comes of them: plainly, with --strict, with keepalived's codes. */
const statuses: readonly [name: string, text: string, statuses: readonly [number, number, number]][] = [
  ['nothing', site({ servers: { 1: 'TCP_CHECK {\n}' } }), [0, 0, 0]],
  ['advice', site({ servers: { 1: 'weight 1', 2: 'weight 2' } }), [0, 0, 0]],
  ['a warning about the language', site({ service: 'alpha now' }), [0, 1, 5]],
  ['a repair', `vrrp_script ask {\nscript /bin/true\ninterval 0\n}\n${site()}`, [0, 1, 5]],
  ['an error', site({ service: 'beta' }), [1, 1, 5]],
  ['an include that may be missing', `include nothing-*.conf\n${site()}`, [0, 1, 0]],
  ['an include that must be there', `includew nothing-*.conf\n${site()}`, [1, 1, 6]],
  ['an error and a fatal include', `includew nothing-*.conf\n${site({ service: 'beta' })}`, [1, 1, 6]],
];
for (const [name, text, [plain, strict, keepalived]] of statuses)
  t.test(`exit status for ${name}`, async (t) => {
    const file = `${t.testdir({ conf: text })}/conf`;
    t.equal((await lvsdCheck(['-f', file])).status, plain, 'plainly');
    t.equal((await lvsdCheck(['-f', file, '--strict'])).status, strict, '--strict');
    t.equal((await lvsdCheck(['-f', file, '--keepalived-exit-codes'])).status, keepalived, '--keepalived-exit-codes');
    t.equal(
      (await lvsdCheck(['-f', file, '--json', '--keepalived-exit-codes'])).status,
      keepalived,
      '--json changes none',
    );
  });

t.test('exit status for a file that is not there: keepalived -t says 0, its start 4', async (t) => {
  t.equal((await lvsdCheck(['-f', `${t.testdir({})}/absent`, '--keepalived-exit-codes'])).status, 4);
});

const MACHINE = `global_defs {
script_user lvs
lvs_sync_daemon eth7
}
vrrp_instance I {
interface eth8
virtual_router_id 1
priority 100
authentication {
auth_type PASS
auth_pass secret
}
virtual_ipaddress {
192.0.2.7/32 dev eth9
}
}
${site({ servers: { 1: 'MISC_CHECK {\nmisc_path "/etc/lvs/ask 1"\n}\nnotify_up /etc/lvs/tell web www' } })}`;

const atHost: readonly [name: string, odd: Partial<Host>, says: readonly RegExp[], status: number][] = [
  ['a machine that fits', { interfaces: new Set(['eth7', 'eth8', 'eth9']) }, [], 0],
  [
    'interfaces that are not there',
    {},
    [/:3:17: warning: this machine has no interface eth7\n/, /:6:11: .*eth8/, /:14:18: .*eth9/],
    5,
  ],
  [
    'scripts that are missing',
    { interfaces: new Set(['eth7', 'eth8', 'eth9']), inspect: () => Promise.resolve({ missing: 'gone' }) },
    [/:28:11: warning: gone \(here and in 1 more place\)\n.*\n +\| +\^~{15}\n/],
    5,
  ],
  [
    'scripts that others may change',
    {
      interfaces: new Set(['eth7', 'eth8', 'eth9']),
      inspect: () => Promise.resolve({ unsafe: '/etc/lvs is writable by everybody' }),
    },
    [/:28:11: warning: .*writable by everybody: it runs with the rights of root.*script_user/],
    6,
  ],
  [
    'users that are not there',
    { interfaces: new Set(['eth7', 'eth8', 'eth9']), userId: () => Promise.resolve(undefined) },
    [/:2:13: .*no user lvs\n/, /:30:25: .*no user web, or no group www\n/],
    5,
  ],
  [
    'a password that everybody may read',
    { interfaces: new Set(['eth7', 'eth8', 'eth9']), mode: () => 0o100644 },
    [
      /:11:11: warning: everybody on this machine may read auth_pass: the file has mode 0644, expected mode 0640 or less/,
    ],
    0,
  ],
  [
    'an address that is not here',
    { interfaces: new Set(['eth7', 'eth8', 'eth9']), hasAddress: () => false },
    [/:20:1: warning: 192.0.2.1: this address is on no interface of this machine/],
    0,
  ],
];
for (const [name, odd, says, status] of atHost)
  t.test(`--host: ${name}`, async (t) => {
    const file = `${t.testdir({ conf: MACHINE })}/conf`;
    const quiet = await lvsdCheck(['-f', file]);
    const told = await lvsdCheck(['-f', file, '--host', '--keepalived-exit-codes'], { odd });
    for (const pattern of says) t.match(told.err, pattern);
    const count = (text: string): number => text.split('\n').filter((line) => line.startsWith(file)).length;
    t.equal(count(told.err) - count(quiet.err), says.length, told.err);
    t.equal(told.status, Math.max(status, (await lvsdCheck(['-f', file, '--keepalived-exit-codes'])).status));
  });

t.test('--host: interfaces of the userspace engine', async (t) => {
  const text = (ports: string): string =>
    site({ service: 'interfaces eth0 nosuch1' }).replace(/^/, `global_defs {\nlvs_engine userspace\n${ports}\n}\n`);
  const told = async (ports: string): Promise<readonly string[]> => {
    const file = `${t.testdir({ conf: text(ports) })}/conf`;
    const { err } = await lvsdCheck(['-f', file, '--host'], { odd: { interfaces: new Set(['eth0']) } });
    return [...err.matchAll(/conf:(\d+:\d+): warning: this machine has no interface (\S+)/g)].map(
      ([, place, name]) => `${place} ${name}`,
    );
  };
  t.strictSame(await told('engine_ports eth0 nosuch0'), ['3:19 nosuch0', '13:17 nosuch1']);
  t.strictSame(await told('engine_ports auto'), ['13:17 nosuch1']);
});

t.test('--host: an address that VRRP moves may be elsewhere', async (t) => {
  const file = `${t.testdir({ conf: MACHINE.replace('192.0.2.7/32', '192.0.2.1/32') })}/conf`;
  const { err } = await lvsdCheck(['-f', file, '--host'], { odd: { hasAddress: () => false } });
  t.notMatch(err, /on no interface/);
});

t.test('--host: the machine itself', async (t) => {
  const folder = t.testdir({ ask: '#!/bin/sh\n' });
  const file = join(folder, 'conf');
  const text = site({
    vip: '127.0.0.9',
    servers: { 1: `MISC_CHECK {\nmisc_path ${folder}/ask\n}`, 2: 'TCP_CHECK {\nbind_if nosuch0\n}' },
  });
  writeFileSync(file, text, { mode: 0o600 });
  const order = parseLvsd(['check', '-f', file, '--host'], {});
  if ('help' in order || 'wrong' in order) throw new Error('not understood');
  let said = '';
  const output = { out: () => undefined, err: (more: string) => void (said += more) };
  t.equal(await check(order, output, {}), 0);
  t.match(said, /ask is not executable\n/);
  t.match(said, /this machine has no interface nosuch0\n/);
  t.notMatch(said, /127\.0\.0\.9/, 'a network on lo is all of this machine');
  chmodSync(join(folder, 'ask'), 0o755);
  said = '';
  await check(order, output, {});
  t.notMatch(said, /not executable/);
});

t.test('--json: one document, as docs/check.md describes it', async (t) => {
  const manual = readFileSync(join(import.meta.dirname, '../../../../../docs/check.md'), 'utf8');
  const [, text = ''] = /```json schema\n([\s\S]*?)\n```/.exec(manual) ?? [];
  const schema = JSON.parse(text) as object;
  t.match(schema, { properties: { diagnostics: { items: { properties: { kind: { enum: kinds } } } } } });
  for (const [name, conf] of [
    ...statuses.map(([name, conf]) => [name, conf] as const),
    ['binary', '\0\x01{{{\n}"'],
  ] as const) {
    const file = `${t.testdir({ conf })}/conf`;
    const { out, err } = await lvsdCheck(['-f', file, '--json']);
    t.equal(err, '', name);
    t.strictSame(conforms(JSON.parse(out), schema), [], name);
  }
  const file = `${t.testdir({ conf: site({ service: 'weigth 1' }) })}/conf`;
  t.strictSame(JSON.parse((await lvsdCheck(['-f', file, '--json'])).out), {
    file,
    ok: false,
    diagnostics: [
      {
        severity: 'error',
        kind: 'language',
        file,
        line: 9,
        column: 1,
        length: 6,
        message: "'weigth' is no keyword of virtual_server",
        expected: null,
        suggestion: 'weight',
      },
    ],
    services: null,
    servers: null,
  });
  t.not(conforms({ file: 1 }, schema).length, 0, 'the schema refuses something');
});
