import { chmod, chown, lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';

export interface SocketRights {
  /** Of the socket: whoever may write to it may connect. */
  readonly mode: number;
  /** undefined: ours. */
  readonly gid: number | undefined;
}

/**
 * Lets `server` listen at `path`. The socket is there with its rights or not at all: it is made in a folder that is ours alone, and then put at
 * its place, where that of a dead process may be. Folders above it are made. Rejects with the reason.
 * @returns what removes it: close the server as well
 */
export async function listenAt(
  server: Server,
  path: string,
  { mode, gid }: SocketRights,
): Promise<() => Promise<void>> {
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isSocket()) throw new Error('what is there is no socket');
  if (there !== undefined && (await isAnswered(path))) throw new Error('another process answers there');
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const folder = await mkdtemp(join(dirname(path), '.lvsd-'));
  try {
    const made = join(folder, 's');
    await listening(server, made);
    if (gid !== undefined) await chown(made, process.geteuid?.() ?? 0, gid);
    await chmod(made, mode);
    await rename(made, path);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { ino } = await lstat(path);
  return async () => {
    if ((await lstat(path).catch(() => undefined))?.ino === ino) await rm(path, { force: true });
  };
}

const listening = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });

/** Whether a process listens there. */
export const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    const tell = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => tell(true));
    socket.once('error', () => tell(false));
  });
