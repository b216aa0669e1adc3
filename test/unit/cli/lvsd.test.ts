import t from 'tap';
import { decodeRequest } from '../../../src/cli/control.js';
import { parseLvsctl } from '../../../src/cli/lvsctl.js';
import { orSay } from '../../../src/cli/face.js';
import { parseLvsd } from '../../../src/cli/lvsd-options.js';
import type { CheckStatus } from '../../../src/cli/control.js';
import { statusText } from '../../../src/cli/status-text.js';
import { LvsError } from '../../../src/errors.js';

const lines: [args: string, told: object][] = [
  [
    'run -f a.conf',
    { command: 'run', file: 'a.conf', control: '/run/lvsd/control.sock', observeSeconds: 10, foreign: 'adopt' },
  ],
  ['run -f a', { configId: undefined }],
  ['check -f a -i lb1', { command: 'check', configId: 'lb1' }],
  ['plan -f a --config-id lb1', { command: 'plan', configId: 'lb1' }],
  ['check --file a.conf', { command: 'check', file: 'a.conf' }],
  ['plan -f a --json', { command: 'plan', json: true }],
  [
    'check -f a --host --strict --keepalived-exit-codes',
    { command: 'check', host: true, strict: true, keepalivedExitCodes: true },
  ],
  ['check -f a', { host: false, strict: false, keepalivedExitCodes: false }],
  ['run -f a --strict', { wrong: '--strict goes with check' }],
  ['run -f a --control none', { control: undefined }],
  ['run -f a --observe 0.5 --foreign refuse --log debug', { observeSeconds: 0.5, foreign: 'refuse', log: 'debug' }],
  ['--help', { help: /^usage: lvsd run/ }],
  ['help', { help: /^usage: lvsd run/ }],
  ['', { wrong: 'which command?' }],
  ['walk -f a', { wrong: "no command 'walk'" }],
  ['run', { wrong: 'which file? -f FILE' }],
  ['run fast -f a', { wrong: "'fast' is one word too many" }],
  ['run -f a --observe 0', { wrong: "--observe is a number of seconds, not '0'" }],
  ['run -f a --observe 1e3', { wrong: "--observe is a number of seconds, not '1e3'" }],
  ['run -f a --foreign kill', { wrong: "--foreign is adopt or refuse, not 'kill'" }],
  ['run -f a --log loud', { wrong: "--log is debug, info, warn, error, not 'loud'" }],
  ['run -f a --wieght 1', { wrong: /wieght/ }],
];
for (const [args, told] of lines)
  t.test(`lvsd ${args}`, (t) => {
    t.match(parseLvsd(args.split(' ').filter(Boolean), {}), told);
    t.end();
  });

t.test('$RUNTIME_DIRECTORY is where sockets and state are', (t) => {
  t.match(parseLvsd(['run', '-f', 'a'], { RUNTIME_DIRECTORY: '/run/x' }), { control: '/run/x/control.sock' });
  t.end();
});

const asked: [args: string[], told: object][] = [
  [['status'], { request: { do: 'status' }, path: '/run/lvsd/control.sock', json: false }],
  [['--json', 'plan'], { request: { do: 'plan' }, json: true }],
  [['weight', 'a', '0'], { request: { do: 'weight', server: 'a', weight: 0 } }],
  [['weight', 'a', 'file'], { request: { do: 'weight', server: 'a', weight: null } }],
  [['weight', 'a', '-1'], { wrong: /-1/ }],
  [['weight', 'a', '99999999999'], { wrong: "'99999999999' is not a weight" }],
  [['weight', 'a'], { wrong: 'weight SERVER NUMBER|file' }],
  [['status', 'now'], { wrong: "'now' is one word too many" }],
  [['dance'], { wrong: "no command 'dance'" }],
  [[], { wrong: 'which command?' }],
  [['-h'], { help: /^usage: lvsctl/ }],
  [['lb', 'vip', '--help'], { help: /lb vip <prefix>.*ovn-nbctl's.* lb-add LB VIP/s }],
  [['--control', '/x', 'lb', '?'], { help: /lb vip <prefix>/ }],
  [['lb-add', '-h'], { help: / lb-add LB VIP/ }],
  [['--control=/x', 'show', 'lb'], { path: '/x', request: { do: 'lb', words: ['show', 'lb'] } }],
  [['--control', '/x', 'lb-list', '--all'], { path: '/x', request: { do: 'lb', words: ['lb-list', '--all'] } }],
];
for (const [args, told] of asked)
  t.test(`lvsctl ${args.join(' ')}`, (t) => {
    t.match(parseLvsctl(args, {}), told);
    t.end();
  });

const requests: [line: string, told: object | undefined][] = [
  ['{"do":"status"}', { do: 'status' }],
  ['{"do":"weight","server":"a","weight":3}', { do: 'weight', server: 'a', weight: 3 }],
  ['{"do":"weight","server":"a","weight":1.5}', undefined],
  ['{"do":"weight","server":7,"weight":1}', undefined],
  ['{"do":"weight","server":"a"}', undefined],
  ['{"do":"dance"}', undefined],
  ['null', undefined],
  ['[]', undefined],
  ['{', undefined],
];
for (const [line, told] of requests)
  t.test(`a request: ${line}`, (t) => {
    t.same(decodeRequest(line), told);
    t.end();
  });

t.test('a failure out of the catalogue is a sentence and exit status 1; a mistake of ours is not hidden', async (t) => {
  let said = '';
  const output = { out: () => undefined, err: (text: string) => void (said = text) };
  t.equal(await orSay(output, 'lvsd', () => Promise.reject(new LvsError('IPVS_UNAVAILABLE', []))), 1);
  t.match(said, /^lvsd: the kernel has no IPVS/);
  await t.rejects(
    orSay(output, 'lvsd', () => Promise.reject(new TypeError('undefined is not a function'))),
    TypeError,
  );
});

const quiet: CheckStatus = {
  server: '',
  check: 'tcp',
  verdict: 'up',
  proven: false,
  since: null,
  attempts: 0,
  failures: 0,
  last: 'none',
  detail: '',
  damped: false,
  suspended: false,
  servers: 1,
  weight: null,
};

t.test('status for people', (t) => {
  const text = statusText({
    services: [{ service: 'tcp 192.0.2.1:80', engine: 'kernel', scheduler: 'rr', destinations: [] }],
    checks: [
      { ...quiet, server: 'a', verdict: 'down', proven: true, last: 'failed', detail: 'refused' },
      {
        ...quiet,
        server: 'b',
        since: '2026-01-02T03:04:05.678Z',
        ...{ attempts: 9, failures: 2, damped: true, suspended: true, servers: 3, weight: { add: 4 } },
      },
    ],
    quorumLost: ['tcp 192.0.2.1:80'],
    lastPlan: [],
    refused: [{ change: 'add-service b', reason: 'no' }],
    drift: ['add-service c'],
    foreign: ['d'],
    writes: 3,
  });
  t.equal(
    text,
    `tcp 192.0.2.1:80 rr
checks:
  a tcp down, last: failed, refused
  b tcp up since 2026-01-02T03:04:05.678Z (assumed, damped, suspended, shared by 3 servers, weight +4), 2 of 9 attempts failed
without quorum:
  tcp 192.0.2.1:80
refused, tried again:
  add-service b: no
changed by somebody else, to undo:
  add-service c
made by somebody else, left alone:
  d
kernel writes: 3
`,
  );
  t.end();
});
