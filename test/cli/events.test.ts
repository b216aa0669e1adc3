// mostly waits
/** `lvsctl events -f` in a real terminal: what comes is seen, Ctrl-C ends it; and into a pipe that somebody closes. */
import { spawn } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { unlessInstalled } from '../helpers/program.js';
import { type ScriptedApi, scriptedApi } from '../helpers/scripted-api.js';
import { Terminal } from '../helpers/terminal.js';

const lvsctl = join(import.meta.dirname, '../../../bin/lvsctl');
const skip = unlessInstalled('tmux');
const LIMIT_MS = 300_000;

const event = (id: number): object => ({
  id,
  at: 1_700_000_000_000 + id,
  event: 'health.down',
  level: 'warn',
  server: `s${id}`,
});
const frame = (id: number): string => `id: ${id}\ndata: ${JSON.stringify(event(id))}\n\n`;

interface Source {
  readonly api: ScriptedApi;
  /** Tells all who follow. */
  readonly tell: (id: number) => void;
}

async function source(t: Parameters<typeof scriptedApi>[0]): Promise<Source> {
  const followers = new Set<ServerResponse>();
  const api = await scriptedApi(t, {
    'GET /v1/events': ({ headers }, response) => {
      if (headers.accept !== 'text/event-stream') return { items: [event(1)], next: 1, isMore: false, reset: false };
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 2000\n\n');
      followers.add(response);
      return undefined;
    },
  });
  return { api, tell: (id) => followers.forEach((response) => response.write(frame(id))) };
}

t.test('what was, what comes, Ctrl-C', { skip, timeout: LIMIT_MS }, async (t) => {
  const { api, tell } = await source(t);
  const terminal = await Terminal.open(t, {
    columns: 120,
    command: ['bash', '-c', `${lvsctl} --api ${api.path} events -f; echo "ended $?"; sleep 600`],
  });
  await terminal.until(/2023-11-1\d \d\d:\d\d:\d\d warn {2}health\.down server=s1\n/);
  await until(() => api.asked.length === 2);
  tell(2);
  tell(3);
  await terminal.until(/server=s2\n.*server=s3\n/);
  t.match(await terminal.inked(), /\x1b\[33mwarn/);
  await terminal.press('C-c');
  await terminal.until(/ended 0/);
});

t.test('into a pipe: a document on each line, until its reader has seen enough', { timeout: LIMIT_MS }, async (t) => {
  const { api, tell } = await source(t);
  const child = spawn(lvsctl, ['--api', api.path, '--json', 'events', '-f'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text));
  await until(() => api.asked.length === 2);
  tell(2);
  await until(() => out.split('\n').length === 3);
  t.same(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    [event(1), event(2)],
  );
  child.stdout.destroy();
  const told = setInterval(() => tell(3), 50);
  t.equal(await ended, 141);
  clearInterval(told);
});

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited for ${isSo.toString()}`);
}
