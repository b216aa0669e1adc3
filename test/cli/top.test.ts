// mostly waits
/** `lvsctl top` in a real terminal: sorted by keys, resized, stopped, ended and killed; the terminal is as it was afterwards. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { temporaryDirectory, unlessInstalled } from '../helpers/program.js';
import { scriptedApi } from '../helpers/scripted-api.js';
import { site } from '../helpers/scripted-site.js';
import { Terminal } from '../helpers/terminal.js';

const lvsctl = join(import.meta.dirname, '../../../bin/lvsctl');
const skip = unlessInstalled('tmux');
const LIMIT_MS = 300_000;

const HEAD = /^lvsctl top \d\d:\d\d:\d\d {2}2 services {2}127 conn\/s/;
const rowAt = (screen: readonly string[], line: number): string => screen[line]?.split(/ {2,}/)[0] ?? '';

interface Station {
  readonly terminal: Terminal;
  readonly away: () => Promise<void>;
  readonly back: () => Promise<void>;
}

/** A shell in which top runs. */
async function station(
  t: Parameters<typeof scriptedApi>[0],
  {
    args = [],
    ...size
  }: { readonly args?: readonly string[]; readonly columns?: number; readonly lines?: number } = {},
): Promise<Station> {
  const folder = temporaryDirectory(t);
  const began = Date.now();
  const scripts = site(() => (Date.now() - began) / 1000);
  const api = await scriptedApi(t, scripts, folder);
  const terminal = await Terminal.open(t, {
    ...size,
    command: ['bash', '--norc', '--noprofile'],
    environment: { PS1: 'shell> ', NO_COLOR: '1' },
  });
  await terminal.until(/shell>/);
  await terminal.type(`${lvsctl} --api ${api.path} top -i 0.3 ${args.join(' ')}; echo "ended $?"`);
  await terminal.press('Enter');
  return {
    terminal,
    away: () => api.close(),
    back: async () => {
      await scriptedApi(t, scripts, folder);
    },
  };
}

/** The shell has its terminal back: what it echoes, lines, and what was on it. */
async function isRestored(t: Parameters<typeof scriptedApi>[0], terminal: Terminal): Promise<void> {
  await terminal.until((screen) => screen.findLast((line) => line !== '') === 'shell>', 'the prompt');
  t.equal(await terminal.fact('alternate_on'), '0');
  t.equal(await terminal.fact('cursor_flag'), '1');
  await terminal.type('stty -a | tr " ;" "\\n\\n" | grep -cxE "icanon|echo|isig|icrnl|opost"');
  await terminal.press('Enter');
  await terminal.until(/^5$/m, 'a terminal in its usual state');
}

t.test('sorted by keys, servers of a service, help, quit', { skip, timeout: LIMIT_MS }, async (t) => {
  const { terminal } = await station(t);
  const first = await terminal.until((screen) => HEAD.test(screen[0] ?? ''), 'rates');
  t.equal(await terminal.fact('alternate_on'), '1');
  t.match(first[2], /^NAME +▼CONN\/S +IN PKT\/S +OUT PKT\/S +IN B\/S +OUT B\/S +ACTIVE$/);
  t.same([rowAt(first, 3), rowAt(first, 4)], ['tcp 192.0.2.1:80', 'udp [2001:db8::1]:53']);
  t.match(first[4], / 7 +\d+ +\d+ +2\.5M +10M +0$/);
  t.match(first[23], /^q quit/);

  await terminal.press('b');
  const byBytes = await terminal.until((screen) => rowAt(screen, 3).startsWith('udp'), 'the order of bytes');
  t.match(byBytes[2], '▼IN B/S');
  await terminal.press('b');
  await terminal.until((screen) => rowAt(screen, 3).startsWith('tcp'), 'the other way round');

  await terminal.press('Down', 'Enter');
  await terminal.until(/udp \[2001:db8::1\]:53 .*\n\nNAME.*\n\[2001:db8:1::1\]:53 /, 'its server');
  await terminal.press('Escape');
  await terminal.until((screen) => HEAD.test(screen[0] ?? ''), 'the services');
  await terminal.press('?');
  await terminal.until(/sort by new connections/);
  await terminal.press('x', '/');
  await terminal.type('udp');
  await terminal.until(/filter: udp/);
  await terminal.press('Enter');
  await terminal.until((screen) => rowAt(screen, 3).startsWith('udp') && screen[4] === '', 'the filtered row alone');
  await terminal.press('q');
  await terminal.until(/ended 0/);
  await isRestored(t, terminal);
});

t.test('in whatever room there is', { skip, timeout: LIMIT_MS }, async (t) => {
  const { terminal } = await station(t, { columns: 80, lines: 24 });
  await terminal.until((screen) => HEAD.test(screen[0] ?? ''), 'rates');
  await terminal.resize(120, 30);
  await terminal.until((screen) => screen.length === 30 && /INACTIVE$/.test(screen[2] ?? ''), 'all columns');
  await terminal.resize(34, 6);
  const small = await terminal.until(
    (screen) =>
      screen.length === 6 && /^NAME +▼CONN\/S +ACTIVE$/.test(screen[2] ?? '') && /^q quit/.test(screen[5] ?? ''),
    'the columns that matter',
  );
  t.match(small[3], /^tcp 192\.0\.2\.1:80? ?.* 120 +40$/);
  await terminal.resize(10, 2);
  await terminal.until((screen) => screen.length === 2 && (screen[0] ?? '').startsWith('lvsctl to'), 'a head');
  await terminal.resize(80, 24);
  await terminal.until((screen) => HEAD.test(screen[0] ?? '') && /^q quit/.test(screen[23] ?? ''), 'as before');
  await terminal.press('C-c');
  await terminal.until(/ended 0/);
});

t.test('stopped and told to go on', { skip, timeout: LIMIT_MS }, async (t) => {
  const { terminal } = await station(t);
  await terminal.until((screen) => HEAD.test(screen[0] ?? ''), 'rates');
  await terminal.press('C-z');
  await terminal.until(/Stopped/);
  await isRestored(t, terminal);
  await terminal.type('fg');
  await terminal.press('Enter');
  await terminal.until((screen) => HEAD.test(screen[0] ?? ''), 'rates again');
  t.equal(await terminal.fact('alternate_on'), '1');
  await terminal.press('q');
  await isRestored(t, terminal);
});

/** The one process that a shell waits for. */
const childOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);

t.test('killed', { skip, timeout: LIMIT_MS }, async (t) => {
  const { terminal } = await station(t);
  for (const [signal, status] of [
    ['TERM', 143],
    ['HUP', 129],
    ['INT', 130],
  ] as const) {
    await terminal.until((screen) => HEAD.test(screen[0] ?? ''), 'rates');
    const shell = await terminal.fact('pane_pid');
    process.kill(childOf(Number(shell)), `SIG${signal}`);
    await terminal.until(new RegExp(`ended ${status}`));
    await isRestored(t, terminal);
    await terminal.press('C-l', 'Up', 'Up', 'Enter');
  }
  await terminal.until((screen) => HEAD.test(screen[0] ?? ''), 'rates');
});

t.test('a director that goes and comes back', { skip, timeout: LIMIT_MS }, async (t) => {
  const { terminal, away, back } = await station(t);
  await terminal.until((screen) => HEAD.test(screen[0] ?? ''), 'rates');
  await away();
  const alone = await terminal.until(/no lvsd serves its API/);
  t.equal(rowAt(alone, 3), 'tcp 192.0.2.1:80', 'what was known stays');
  await back();
  await terminal.until((screen) => screen[1] === '' && HEAD.test(screen[0] ?? ''), 'rates again');
  await terminal.press('q');
  await terminal.until(/ended 0/);
});

t.test(
  'colours, and none where NO_COLOR is set; the chosen row is seen either way',
  { skip, timeout: LIMIT_MS },
  async (t) => {
    const api = await scriptedApi(t, site());
    for (const [environment, isColoured] of [
      [{}, true],
      [{ NO_COLOR: '1' }, false],
    ] as const) {
      const terminal = await Terminal.open(t, { command: [lvsctl, '--api', api.path, 'top'], environment });
      await terminal.until(/counting/);
      const inked = await terminal.inked();
      t.match(inked, /\x1b\[(0;)?7m(\x1b\[\d+m)*tcp 192\.0\.2\.1:80/);
      t.equal(/\x1b\[(\d;)?3[1-7]m/.test(inked), isColoured);
    }
  },
);
