/** Debian's nginx with a configuration of the test's own. */
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import type { Test } from 'tap';
import { running, temporaryDirectory } from './program.js';

/** A port of the loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether somebody listens there. */
export const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** Runs until the test ends; `servers` are the blocks `server { ... }`, `port` one that they listen at. */
export async function nginx(t: Test, port: number, servers: string): Promise<ChildProcess> {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${directory}/${what};`)
    .join('\n');
  writeFileSync(
    path,
    `daemon off;\nmaster_process off;\npid ${directory}/pid;\nerror_log ${directory}/error.log;\n` +
      `events {}\nhttp {\naccess_log off;\n${temporary}\n${servers}\n}\n`,
  );
  return running(t, 'nginx', ['-p', directory, '-e', `${directory}/error.log`, '-c', path], () => isOpen(port));
}
