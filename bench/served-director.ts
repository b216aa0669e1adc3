/** A running lvsd with its API on a socket of its own, for benches in a guest that has IPVS. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const SOCKET = '/run/lvsd-bench/api.sock';
const FILE = '/run/lvsd-bench/lvsd.conf';

/** Services of NAT servers without checks, `10.S.S.1` on. */
export const servedFile = (services: number, servers: number, more = ''): string =>
  [
    more,
    ...Array.from({ length: services }, (_, s) =>
      [
        `virtual_server 192.0.${s >> 8}.${s & 255} 80 {\n  protocol TCP\n  lb_algo wlc\n  lb_kind NAT`,
        ...Array.from(
          { length: servers },
          (_, n) => `  real_server 10.${s >> 8}.${s & 255}.${n + 1} 8080 {\n    weight 1\n  }`,
        ),
        '}',
      ].join('\n'),
    ),
  ].join('\n');

export class ServedDirector implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor() {
    const lvsd = fileURLToPath(new URL('../../bin/lvsd', import.meta.url));
    this.process = spawn(lvsd, ['run', '-f', FILE, '--state', '/run/lvsd-bench/director.json'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#lines = createInterface({ input: this.process.stderr! })[Symbol.asyncIterator]();
  }

  /** All of the file is in the kernel. */
  static async start(text: string): Promise<ServedDirector> {
    mkdirSync('/run/lvsd-bench', { recursive: true });
    writeFileSync(FILE, `api {\n  listen unix:${SOCKET}\n}\n${text}\n`);
    const director = new ServedDirector();
    for (;;) {
      const line = await director.#lines.next();
      if (line.done === true) throw new Error('lvsd ended');
      if ((JSON.parse(line.value) as { readonly event: string }).event === 'daemon.started') break;
    }
    void director.#drain();
    return director;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await ended;
  }

  async #drain(): Promise<void> {
    while ((await this.#lines.next()).done !== true);
  }
}

/** The answer when its head is there. */
export const asked = (
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ readonly answer: IncomingMessage; readonly asking: ClientRequest }> =>
  new Promise((resolve, reject) => {
    const asking = request({ socketPath: SOCKET, path, method, headers, agent: false });
    asking.once('response', (answer) => resolve({ answer, asking }));
    asking.once('error', reject);
    asking.end(body);
  });

export async function bytesOf(answer: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const part of answer) bytes += (part as Buffer).length;
  return bytes;
}

export async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
