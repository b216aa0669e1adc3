/** docs/dataplane.md says what the code says: its numbers, events, words, commands and stages. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parseLvsctl } from '../../src/cli/lvsctl.js';
import { parseReplay } from '../../src/cli/replay-options.js';
import { encodeSessions, type SessionRecord } from '../../src/dataplane/session-record.js';
import { packRecords } from '../../src/dataplane/sync-codec.js';
import { defaultSyncLimits } from '../../src/dataplane/sync-machine.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const manual = read('docs/dataplane.md');
/** Lines of prose are broken anywhere. */
const prose = manual.replace(/\s+/g, ' ');
/** What stands between backticks. */
const spans = [...prose.replace(/```.*?```/g, '').matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);

/** The number behind `pattern` in a file of the engine. */
function numberIn(path: string, pattern: RegExp): number {
  const [, digits] = pattern.exec(read(path)) ?? [];
  if (digits === undefined) throw new Error(`${path} has no ${pattern.source}`);
  return Number(digits.replaceAll("'", ''));
}
const grouped = (number: number): string => number.toLocaleString('en-US');
const workerNumber = (name: string): string =>
  grouped(numberIn('native/engine/worker.h', new RegExp(`${name} = ([\\d']+)`)));
const timeout = (name: string): number =>
  numberIn('native/engine/table_maker.cc', new RegExp(`\\.${name} = ([\\d']+)`));

const said: readonly (readonly [what: string, sentence: string])[] = [
  ['a batch', `lends up to ${workerNumber('kBatch')} frames at a time`],
  ['the batch of the drawing', `up to ${workerNumber('kBatch')} frames at a time look`],
  ['room for sessions', `\`engine_sessions\` per worker and family (${workerNumber('sessions')})`],
  [
    'the largest tables',
    `At most ${numberIn('native/dataplane/io_thread.h', /kMostPorts = (\d+)/)} ports, ` +
      `${workerNumber('most_services')} services and ${workerNumber('most_destinations')} servers`,
  ],
  [
    'time-outs',
    `established ${timeout('tcp_established')} s, SYN ${timeout('tcp_syn')}, FIN ${timeout('tcp_fin')}, ` +
      `closed ${timeout('tcp_closed')}, UDP ${timeout('udp')}.`,
  ],
  ['patience with fragments', `bounded in number and ${timeout('fragment_ms') / 1000} s`],
  [
    'the longest frame that waits',
    `A frame above ${grouped(numberIn('native/engine/held.h', /kLongest = (\d+)/))} bytes is not held`,
  ],
  [
    'patience with neighbours',
    `waits up to ${numberIn('native/engine/worker_neighbours.h', /kPatienceMs = (\d+)/) / 1000} s`,
  ],
  ['the window of a sync', `at most ${defaultSyncLimits.limitBytes / 2 ** 20} MB are on their way`],
  [
    'the pace of tables',
    `after ${defaultSyncLimits.gapMs / 1000} s, at the most every ${defaultSyncLimits.longestGapMs / 1000} s`,
  ],
  ['heartbeats', `Three heartbeats (${defaultSyncLimits.beatMs / 1000} s)`],
];
for (const [what, sentence] of said)
  t.test(`the manual of the engine: ${what}`, (t) => {
    t.ok(prose.includes(sentence), sentence);
    t.end();
  });

t.test('sessions take what docs/performance.md measured', (t) => {
  const measured = read('docs/performance.md');
  const bytes = (row: string): number => Number(new RegExp(`\\| ${row} \\| ([\\d.]+) \\|`).exec(measured)?.[1]);
  const [v4, v6] = [bytes('IPv4: tunnels, DR, L3DSR'), bytes('IPv6: tunnels, DR, L3DSR')].map(Math.round);
  const [nat4, nat6] = [bytes('IPv4: NAT'), bytes('IPv6: NAT')].map(Math.round);
  t.ok(
    prose.includes(
      `An IPv4 session takes ${v4} bytes, IPv6 ${v6}, IPv4 NAT ${nat4}; over that: IPv6 NAT ${nat6}, full NAT`,
    ),
  );
  t.end();
});

t.test('a session on the wire of a sync', (t) => {
  const nat = (address: string, gone: boolean): SessionRecord => ({
    client: { address: address.replace(/.$/, '7'), port: 40_000 },
    vip: { address, port: 80 },
    destination: { address: address.replace(/.$/, '9'), port: 8080 },
    snat: undefined,
    protocol: 6,
    state: 'established',
    affinity: false,
    gone,
    remainingMs: 900_000,
    service: 3,
    hash: 0x1234n,
  });
  const size = (address: string, gone: boolean): number =>
    packRecords(encodeSessions([nat(address, gone)])).reduce((sum, { length }) => sum + length, 0);
  const [v4, v6, end4, end6] = [
    size('10.0.0.1', false),
    size('fd00::1', false),
    size('10.0.0.1', true),
    size('fd00::1', true),
  ];
  t.ok(
    prose.includes(
      `A session takes ${v4} bytes on the wire (IPv4 NAT; ${v6} for IPv6, ${end4} and ${end6} for an end)`,
    ),
  );
  t.end();
});

t.test('the drawing has the stages of a batch, in their order', (t) => {
  const stages = [...read('native/engine/worker.cc').matchAll(/^ {2}(\w+)_all\(core/gm)].map(([, stage = '']) => stage);
  t.strictSame(stages, ['look', 'recognize', 'aim', 'settle', 'dispatch']);
  const drawn = [...manual.matchAll(/^ {3} *(look|recognize|take|aim|settle|dispatch|path|carry|link)\b:? {1,}/gm)];
  t.strictSame(
    drawn.map(([, stage]) => stage),
    ['look', 'recognize', 'take', 'aim', 'settle', 'dispatch', 'path', 'carry', 'link'],
  );
  t.end();
});

t.test('events are those of the log', (t) => {
  const operating = read('docs/operating.md');
  const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(`src/${name}`))
    .join('\n');
  const events = spans.filter((span) => /^(engine|routing)\.(?!sock$)[a-z-]+$/.test(span));
  t.ok(events.length >= 4);
  for (const event of events) {
    t.ok(operating.includes(`| \`${event}\` |`), `docs/operating.md explains ${event}`);
    t.ok(sources.includes(`'${event}'`), `${event} is logged`);
  }
  t.end();
});

t.test('words are of the language, or counters', (t) => {
  const known = read('docs/keepalived.md') + read('docs/counters.md');
  const words = spans.flatMap((span) => /^[a-z]+(?:_[a-z0-9]+)+(?= |$)/.exec(span)?.[0] ?? []);
  t.ok(words.length >= 20);
  for (const word of words) t.ok(word === 'ip_vs' || known.includes(`| \`${word}\``), word);
  t.end();
});

t.test('commands are understood', (t) => {
  const typed = (span: string): string[] => {
    const examples = span
      .replace('CLIENT:PORT', '198.51.100.7:40000')
      .replace('VIP:PORT', '10.0.0.1:80')
      .replace('…', '--in eth0=IN.pcap --out-dir OUT');
    return [...examples.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word).slice(1);
  };
  const commands = spans.filter((span) => /^lvs(ctl|d replay) .* |^lvsctl status$/.test(span));
  t.ok(commands.length >= 6);
  for (const command of commands) {
    const words = typed(command);
    const order = command.startsWith('lvsctl') ? parseLvsctl(words, {}) : parseReplay(words.slice(1));
    t.notOk('wrong' in order || 'help' in order, `${command}: ${JSON.stringify(order)}`);
  }
  t.end();
});
