/** The words of explain, what-if, capture and sessions, and what is printed. */
import t from 'tap';
import { decodeRequest, type EngineState, type Status } from '../../../src/cli/control.js';
import { type Explanation, explainText } from '../../../src/cli/explain.js';
import { parseLvsctl } from '../../../src/cli/lvsctl.js';
import { sessionLine, toldSession } from '../../../src/cli/sessions.js';
import { statusText } from '../../../src/cli/status-text.js';
import { plainOutlooksText } from '../../../src/cli/what-if.js';

const flow = 'tcp 198.51.100.7:40000 > 10.0.0.1:80';
const lines: readonly [args: string[], told: object | string][] = [
  [['explain', flow], { request: { do: 'explain', flow }, json: false, path: '/run/lvsd/control.sock' }],
  [['explain', ...flow.split(' ')], { request: { do: 'explain', flow } }],
  [
    ['--json', '--control', '/x', 'explain', flow, '--iface', 'eth0', '--flags', 'ack', '--length', '100', '--df'],
    {
      request: { do: 'explain', flow, interface: 'eth0', flags: 'ack', length: '100', df: true },
      json: true,
      path: '/x',
    },
  ],
  [['explain', flow, '--control', '/y'], { path: '/y' }],
  [['explain'], { wrong: /explain which packet\? Such as/, usage: /usage: lvsctl .* explain PACKET/ }],
  [['explain', 'tcp 1'], { wrong: /is not PROTOCOL CLIENT > TARGET/ }],
  [['explain', '--help'], { help: /PACKET is/ }],
  [['what-if', '--remove', '10.0.0.1'], { request: { do: 'what-if', supposed: { do: 'remove', server: '10.0.0.1' } } }],
  [
    ['what-if', '--weight', '[fd00::1]:80=7', '--service', 'tcp 1.1.1.1:1'],
    {
      request: {
        do: 'what-if',
        supposed: { do: 'weight', server: '[fd00::1]:80', weight: 7 },
        service: 'tcp 1.1.1.1:1',
      },
    },
  ],
  [['what-if', '-f', 'a.conf', '--remove', 'x'], { own: 'what-if', order: { file: 'a.conf' } }],
  [['what-if'], { wrong: /what if what/, usage: /what-if --remove/ }],
  [['sessions', '--json'], { own: 'sessions', json: true, order: { service: undefined } }],
  [['--control', '/z', 'sessions', '--service', 's'], { own: 'sessions', path: '/z', order: { service: 's' } }],
  [['sessions', 'all'], { wrong: "'all' is too much" }],
  [['capture', '-w', '-'], { own: 'capture', order: { file: '-', order: { most: 0xffff_ffff } } }],
  [['capture', '-h'], { help: /FILTER is any of/ }],
];
for (const [args, told] of lines)
  t.test(`lvsctl ${args.join(' ')}`, (t) => {
    t.match(parseLvsctl(args, {}), told);
    t.end();
  });

const filters: readonly [words: string, told: object][] = [
  [
    'client 10.0.0.1:9 vip [fd00::1]:80 server 10.0.0.2 proto tcp --count 5 --snap 64 --dropped',
    {
      order: {
        client: '10.0.0.1',
        clientPort: 9,
        vip: 'fd00::1',
        vipPort: 80,
        server: '10.0.0.2',
        protocol: 6,
        most: 5,
        snap: 64,
        onlyDropped: true,
      },
      file: 'f',
    },
  ],
  ['vip FD00::1', { order: { vip: 'fd00::1' } }],
  ['client [fd00::2]', { order: { client: 'fd00::2' } }],
  ['proto icmp6', { order: { protocol: 58 } }],
  ['proto 47', { order: { protocol: 47 } }],
  ['proto 0', { wrong: /1 to 255, not '0'/ }],
  ['proto', { wrong: "'proto' of what?" }],
  ['client 10.0.0.1:0', { wrong: /client is ADDRESS or ADDRESS:PORT/ }],
  ['client fd00::1:65536:80:1:2:3:4:5:6', { wrong: /client is ADDRESS/ }],
  ['server 10.0.0.1:80', { wrong: "server is an address, not '10.0.0.1:80'" }],
  ['host 10.0.0.1', { wrong: "'host' is no filter: client, vip, server, proto" }],
  ['vip 10.0.0.1 vip 10.0.0.2', { wrong: "'vip' stands twice" }],
  ['--count 0', { wrong: /--count is a number from 1/ }],
  ['--snap 65536', { wrong: /--snap is a number from 1 to 65535/ }],
  ['--json', { wrong: /not JSON/ }],
];
/** What lvsctl makes of the words behind `capture`. */
function captured(words: readonly string[]): object {
  const read = parseLvsctl(['capture', ...words], {});
  return 'own' in read ? read.order : read;
}

for (const [words, told] of filters)
  t.test(`capture ${words}`, (t) => {
    t.match(captured([...words.split(' '), '-w', 'f']), told);
    t.end();
  });
t.test('capture without a file', (t) => {
  t.match(captured([]), { wrong: /where to/ });
  t.end();
});

const requests: readonly [line: object, told: object | undefined][] = [
  [
    { do: 'explain', flow, df: true, mac: 'x' },
    { do: 'explain', flow, df: true, mac: 'x' },
  ],
  [
    { do: 'explain', flow, more: 1 },
    { do: 'explain', flow },
  ],
  [{ do: 'explain', flow: 7 }, undefined],
  [{ do: 'explain', flow, interface: {} }, undefined],
  [{ do: 'explain', flow, length: 100 }, undefined],
  [
    { do: 'what-if', supposed: { do: 'weight', server: 'a', weight: 3 }, service: 's' },
    { do: 'what-if', supposed: { do: 'weight', server: 'a', weight: 3 }, service: 's' },
  ],
  [{ do: 'what-if', supposed: { do: 'weight', server: 'a', weight: -3 } }, undefined],
  [{ do: 'what-if', supposed: { do: 'remove' } }, undefined],
  [{ do: 'what-if', supposed: null }, undefined],
  [{ do: 'what-if', supposed: { do: 'remove', server: 'a' }, service: 1 }, undefined],
];
for (const [line, told] of requests)
  t.test(`a request: ${JSON.stringify(line)}`, (t) => {
    t.same(decodeRequest(JSON.stringify(line)), told);
    t.end();
  });

const explanation: Explanation = {
  packet: flow,
  by: 'engine',
  interface: 'eth0',
  steps: [
    { step: 'parse', text: 'It came in.' },
    { step: 'schedule', text: 'It is his turn.' },
  ],
  verdict: 'forward',
  reason: null,
  out: { port: 'eth1', frame: '00112233445566778899aabbccddeeff0a' },
  answers: [],
};

t.test('an explanation for people', (t) => {
  t.equal(
    explainText(explanation),
    `${flow} at eth0, by the userspace engine:
   1. parse:    It came in.
   2. schedule: It is his turn.
verdict: forward, by eth1
  0000  00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff
  0010  0a
`,
  );
  const dropped = explainText({
    ...explanation,
    by: 'kernel',
    interface: null,
    verdict: 'drop',
    reason: 'too_big',
    out: null,
    answers: [{ port: 'eth0', frame: 'ff'.repeat(129) }],
  });
  t.match(dropped, `${flow}, by the kernel's IPVS:\n`);
  t.match(dropped, /verdict: drop \(too_big\)\nanswer of our own, by eth0:\n {2}0000 {2}ff/);
  t.match(dropped, / {2}0070 {2}.*\n {2}… 129 bytes in all\n$/);
  t.end();
});

t.test('a session for people', (t) => {
  const record = {
    client: { address: 'fd00::7', port: 4000 },
    vip: { address: 'fd00::1', port: 80 },
    destination: { address: 'fd00::b', port: 8080 },
    snat: { address: 'fd00::a', port: 6 },
    protocol: 6,
    state: 'established',
    affinity: false,
    gone: false,
    remainingMs: 899_600,
    service: 1,
    hash: 5n,
  } as const;
  const told = toldSession(record, ['a', 'tcp [fd00::1]:80']);
  t.equal(told.service, 'tcp [fd00::1]:80');
  t.equal(
    sessionLine(told),
    'tcp [fd00::7]:4000 > [fd00::1]:80 -> [fd00::b]:8080 from [fd00::a]:6 established 900 s\n',
  );
  const orphan = toldSession(
    { ...record, destination: undefined, snat: undefined, service: undefined, affinity: true },
    [],
  );
  t.match(orphan, { service: null, server: null, snat: null, client: 'fd00::7' });
  t.match(sessionLine(orphan), '-> nobody: it was removed established');
  t.end();
});

t.test('an outlook that came as JSON, for people', (t) => {
  const text = plainOutlooksText({ do: 'remove', server: '10.0.0.2' }, [
    {
      service: 'tcp 10.0.0.1:80',
      ...{ slots: 100, ownSlots: 50, moved: 52, least: 50, disturbed: 2 },
      before: { '10.0.0.2:80': 50, '10.0.0.3:80': 50 },
      after: { '10.0.0.3:80': 100 },
      ...{ sessions: 10, movedSessions: 4, restingOnSessions: 1 },
    },
  ]);
  t.match(text, '52 of 100 move (52.0 %), at least 50 had to; 50 are its own, 2 move between others (2.0 %)');
  t.match(text, /10\.0\.0\.3:80 +50 -> 100/);
  t.match(text, '10 live, 4 move (40.0 %)');
  t.end();
});

const status: Status = {
  services: [],
  checks: [],
  quorumLost: [],
  lastPlan: [],
  refused: [],
  drift: [],
  foreign: [],
  writes: 0,
};
const engine: EngineState = {
  running: true,
  path: '/run/lvsd/engine.sock',
  pid: 77,
  workers: 2,
  restarts: 1,
  ports: [
    { name: 'eth0', mode: 'xdp-native', queues: 2, reason: '' },
    { name: 'eth1', mode: 'packet', queues: 1, reason: 'BPF is not allowed' },
    { name: 'eth2', mode: 'packet', queues: 0, reason: 'no such device' },
  ],
  silentNeighbours: ['10.0.0.9 at eth0'],
  sessions: { live: 5, capacity: 1000, bytes: 2 ** 21 },
  dropped: { too_big: 3, no_route: 0 },
  events: { received: 9 },
};

t.test('the engine in the status for people', (t) => {
  const services: Status['services'] = [
    { service: 'tcp 10.0.0.1:80', engine: 'userspace', scheduler: 'maglev', destinations: [] },
    { service: 'tcp 10.0.0.2:80', engine: 'kernel', scheduler: 'rr', destinations: [] },
  ];
  t.equal(
    statusText({ ...status, services, engine }),
    `tcp 10.0.0.1:80 maglev, by the userspace engine
tcp 10.0.0.2:80 rr
userspace engine:
  pid 77, 2 workers, started again 1 time
  port eth0: xdp-native, 2 queues
  port eth1: packet, 1 queue, because BPF is not allowed
  port eth2: not open: no such device
  sessions: 5 of 1000, 2.0 MiB
  dropped too_big: 3
  silent neighbour: 10.0.0.9 at eth0
kernel writes: 0
`,
  );
  const idle = { ...engine, running: false, pid: null, restarts: 0 };
  t.equal(statusText({ ...status, engine: idle }), 'kernel writes: 0\n', 'nobody needed it');
  t.match(statusText({ ...status, engine: { ...idle, restarts: 3 } }), 'does not run, started again 3 times');
  t.equal(statusText({ ...status, engine: null }), 'kernel writes: 0\n');
  t.end();
});
