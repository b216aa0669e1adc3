import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Answer } from '../cli/control.js';
import { LvsError } from '../errors.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import { isAnswered } from '../system/unix-listener.js';

/** sockaddr_un; libuv cuts what is longer without a word. */
const LONGEST_PATH = 107;
/** Characters: `lb as` takes some ten thousand servers in a line. Whoever may speak with us may do anything else, too; this bounds mistakes. */
const LONGEST_REQUEST = 4 * 1024 * 1024;
const MOST_CONNECTIONS = 32;
const IDLE_MS = 30_000;

/** What is understood, and what is said to it. */
export interface Answerer<Request> {
  /** undefined: it is no request. */
  decode(line: string): Request | undefined;
  /** Rejects with what the asker prints. */
  answer(request: Request): Promise<unknown>;
  /** Characters of a request, if they may be more than usual. */
  readonly longest?: number;
}

/** Listens at `path`. A socket that nobody answers at any more is replaced. @throws LvsError DIRECTOR_RUNS, CONTROL_FAILED */
export async function serveControl<Request>(
  path: string,
  answerer: Answerer<Request>,
  { log, clock }: { readonly log: Log; readonly clock: Pick<Clock, 'now' | 'after'> },
): Promise<() => Promise<void>> {
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw new LvsError('CONTROL_FAILED', [path, `its path is longer than ${LONGEST_PATH} bytes`]);
  if (await isAnswered(path)) throw new LvsError('DIRECTOR_RUNS', [path]);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    serve(
      socket,
      { reply: (line) => reply(line, answerer), longest: answerer.longest ?? LONGEST_REQUEST, log },
      new Timers(clock),
    );
  });
  server.maxConnections = MOST_CONNECTIONS;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await rm(path, { force: true });
    await listen(server, path);
    // one that could not be accepted, for want of descriptors or memory: who asks will ask again
    server.on('error', (error) => log.warn({ event: 'control.refused', reason: reasonOf(error) }));
    await chmod(path, 0o600);
  } catch (cause) {
    server.close();
    throw new LvsError('CONTROL_FAILED', [path, reasonOf(cause)], { cause });
  }
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });
}

interface Serving {
  readonly reply: (line: string) => Promise<Answer>;
  readonly longest: number;
  readonly log: Log;
}

function serve(socket: Socket, { reply, longest, log }: Serving, timers: Timers<'idle'>): void {
  let waiting: string[] = [];
  let length = 0;
  let unanswered = 0;
  let work: Promise<void> = Promise.resolve();
  socket.setEncoding('utf8');
  /** Not while something is asked for: that may take its time. */
  const stayAwake = (): void => timers.arm('idle', IDLE_MS, () => (unanswered > 0 ? stayAwake() : socket.destroy()));
  stayAwake();
  socket.once('close', () => timers.disarmAll());
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    stayAwake();
    const [rest = '', ...more] = text.split('\n');
    waiting.push(rest);
    length += rest.length;
    for (const next of more) {
      take(waiting.join(''));
      waiting = [next];
      length = next.length;
    }
    if (length <= longest) return;
    socket.removeAllListeners('data');
    socket.end(`${JSON.stringify({ ok: false, error: `a request has at most ${longest} characters` })}\n`);
  });
  const take = (line: string): void => {
    unanswered++;
    work = work.then(async () => {
      const told = await reply(line);
      unanswered--;
      stayAwake();
      if (!told.ok) log.warn({ event: 'control.refused', reason: told.error });
      if (!socket.destroyed) socket.write(`${JSON.stringify(told)}\n`);
    });
  };
}

async function reply<Request>(line: string, answerer: Answerer<Request>): Promise<Answer> {
  const request = answerer.decode(line);
  if (request === undefined) return { ok: false, error: 'not a request' };
  try {
    return { ok: true, result: (await answerer.answer(request)) ?? null };
  } catch (error) {
    return { ok: false, error: reasonOf(error) };
  }
}

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
