import { readFileSync } from 'node:fs';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';

/**
 * Processes that an lvsd started as an engine at one of these sockets, in our network namespace, and for whom `socket` is the same file as
 * for us: the same path may be that of a container's own engine. They lead a session each (startEngine), which tells them from whoever
 * only runs one.
 */
export async function enginesStartedAt(paths: readonly string[], socket: string): Promise<readonly number[]> {
  const own = await worldOf('self', socket);
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const words = (await readFile(`/proc/${name}/cmdline`, 'utf8')).split('\0');
      const at = words.indexOf('--control');
      if (at < 0 || !paths.includes(words[at + 1] ?? '')) continue;
      if ((await leadsSession(name)) && (await worldOf(name, socket)) === own) found.push(Number(name));
    } catch {
      // it ended, or is none of ours to look at
    }
  }
  return found;
}

/** `ip netns exec` gives everybody mounts of his own, so it is the file that counts. */
async function worldOf(process: string, socket: string): Promise<string> {
  const { dev, ino } = await stat(`/proc/${process}/root${socket}`);
  return `${await readlink(`/proc/${process}/ns/net`)} ${dev} ${ino}`;
}

/** One that has ended and that nobody has waited for, as in a container without an init, does not run. */
export function isRunning(pid: number): boolean {
  try {
    return pid > 1 && !/^[ZX]/.test(behindName(readFileSync(`/proc/${pid}/stat`, 'utf8')));
  } catch {
    return false;
  }
}

async function leadsSession(process: string): Promise<boolean> {
  const [, , , session] = behindName(await readFile(`/proc/${process}/stat`, 'utf8')).split(' ');
  return session === process;
}

/** Of proc_pid_stat(5) what follows the name, which may have spaces: state, ppid, pgrp, session. */
const behindName = (stat: string): string => stat.slice(stat.lastIndexOf(')') + 2);
