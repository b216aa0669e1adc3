/** Programs of Debian that tests run against: real servers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

const PLACES = ['/usr/sbin', '/usr/bin', '/usr/lib/frr'];

/** Where a program is, or undefined. */
export function findProgram(name: string): string | undefined {
  return PLACES.map((place) => join(place, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** For the `skip` of a test: why it cannot be held here, or false. */
export const unlessInstalled = (name: string): string | false =>
  findProgram(name) === undefined ? `${name} is not installed` : false;

/** A machine that is busy starts programs slowly. */
const READY_MS = 60_000;

/** A program that runs until the test ends. What it says goes into the rejection if it ends before `isReady`. */
export async function running(
  t: Test,
  name: string,
  args: readonly string[],
  isReady: () => Promise<boolean>,
): Promise<ChildProcess> {
  const child = spawn(findProgram(name) ?? name, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const keep = (bytes: Buffer): void => void (said += bytes.toString());
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  for (const end = performance.now() + READY_MS; performance.now() < end; ) {
    if (await isReady()) return child;
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${name} is not ready: ${said}`);
}

/** Ends it and waits for that. */
export async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** A directory that is gone after the test. */
export function temporaryDirectory(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'lvsd-test-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
