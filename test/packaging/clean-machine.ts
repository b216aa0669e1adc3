import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { type Ended, must, root, run } from './clean-root.js';

const SECOND = 1000;
const BOOT = join(root, 'test/packaging/boot.sh');
const BOOT_LIMIT_MS = 120 * SECOND;

/** Settings that are not the network's are the same for all machines of one kernel: this one shall leave them alone. */
const NOT_HERE = ['systemd-sysctl.service', 'systemd-modules-load.service'];

/** A clean root that runs, in a network namespace. */
export class CleanMachine {
  readonly folder: string;
  /** As we see its first process. */
  readonly #init: string;

  private constructor(folder: string, init: string) {
    this.folder = folder;
    this.#init = init;
  }

  static async boot(t: Test, folder: string, namespace: string): Promise<CleanMachine> {
    for (const unit of NOT_HERE) {
      const masked = join(folder, 'etc/systemd/system', unit);
      if (!existsSync(masked)) symlinkSync('/dev/null', masked);
    }
    const name = `lvsd-packaging-${randomUUID()}`;
    const command = ['netns', 'exec', namespace, 'sh', BOOT, folder, name];
    const child = spawn('ip', command, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = once(child, 'exit');
    t.teardown(async () => {
      child.kill('SIGKILL');
      await ended;
      run(['sh', BOOT, '--after', name]);
    });
    for (let waited = 0; waited < BOOT_LIMIT_MS && child.exitCode === null; waited += 200) {
      const init = run(['pgrep', '--parent', String(child.pid)]).out.trim();
      const machine = new CleanMachine(folder, init);
      if (init !== '' && machine.run('systemctl', 'is-system-running', '--wait').out.trim() === 'running')
        return machine;
      await sleep(200);
    }
    throw new Error(`the clean machine does not boot: ${said}`);
  }

  /** A program on it, as root. */
  run(...command: readonly string[]): Ended {
    return run(['nsenter', `--target=${this.#init}`, '--all', '--', ...command], 300 * SECOND);
  }

  /** @throws unless it succeeds */
  must(...command: readonly string[]): string {
    return must(['nsenter', `--target=${this.#init}`, '--all', '--', ...command], 300 * SECOND);
  }

  /** Of a file on it, as this machine sees it: also of what lies in its /run. */
  path(name: string): string {
    return `/proc/${this.#init}/root${name}`;
  }

  property(unit: string, name: string): string {
    return this.must('systemctl', 'show', '--value', `--property=${name}`, unit).trim();
  }
}

/** Waits for something that will be so. */
export async function until(what: string, is: () => boolean, limitMs = 60 * SECOND): Promise<void> {
  for (let waited = 0; waited < limitMs; waited += 100) {
    if (is()) return;
    await sleep(100);
  }
  throw new Error(`not within ${limitMs / SECOND} s: ${what}`);
}
