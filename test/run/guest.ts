import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Run } from './outcome.js';
import type { Queue, Said } from './queue.js';

export type Kernel = 'uml' | 'qemu' | 'host';

export interface GuestPlan extends Queue {
  readonly kernel: Kernel;
  /**
   * Each file gets a guest of its own: a test that leaves the kernel itself in disorder (a device that never goes away blocks
   * every later loading of a module) harms no other. Worth it where a guest boots in a second; otherwise guests are shared.
   */
  readonly freshGuests: boolean;
  /** Seconds after which a guest is stopped. */
  readonly limit: number;
}

const queueScript = join(import.meta.dirname, 'queue.js');

/** Sets a kernel up where it is not, which is told on stderr. */
export function prepareKernel(kernel: Kernel): Promise<void> {
  const child = spawn('test/lab/lab', ['-k', kernel, '-n'], { stdio: ['ignore', 2, 2] });
  return new Promise((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
}

/** What one guest after the other does: the files of `plan` that share a guest. */
export const guestTasks = (plan: GuestPlan): readonly GuestPlan[] => {
  if (plan.files.length === 0) return [];
  return plan.freshGuests ? plan.files.map((file) => ({ ...plan, files: [file] })) : [plan];
};

/** Runs test files in one guest. Every file is reported once, also when the guest died or never came up. */
export async function runInGuest(plan: GuestPlan, cpu: number, report: (run: Run) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-queue-'));
  const queue: Queue = { files: plan.files, limitMs: plan.limitMs };
  writeFileSync(join(folder, 'queue.json'), JSON.stringify(queue));
  const missing = new Set(plan.files);
  let trouble = 'no guest ran it';
  try {
    const ended = await runGuest(plan, folder, cpu, (run) => {
      missing.delete(run.file);
      report(run);
    });
    if (ended.trouble !== '') trouble += `\n${ended.trouble}`;
    if (ended.trouble !== '' && ended.taken !== undefined && missing.delete(ended.taken))
      report({ file: ended.taken, ms: 0, stdout: '', stderr: '', trouble: ended.trouble });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const file of missing) {
    report({ file, ms: 0, stdout: '', stderr: '', trouble });
    trouble = 'no guest ran it, as above';
  }
}

interface Ended {
  /** The file that was being run last. */
  readonly taken: string | undefined;
  /** Empty if the guest did its work. */
  readonly trouble: string;
}

/** Boots one guest that works on the queue, and follows what it says. */
async function runGuest(plan: GuestPlan, folder: string, cpu: number, report: (run: Run) => void): Promise<Ended> {
  const { kernel, limit } = plan;
  const options = ['-k', kernel, '-c', String(cpu), '-t', String(limit), '-w', folder];
  const child = spawn('test/lab/lab', [...options, '--', process.execPath, queueScript, folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
    process.stderr.write(text);
  });
  const status = new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      complaints += error.message;
      resolve(null);
    });
    child.on('close', resolve);
  });

  let taken: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as Said;
    if ('taken' in said) taken = said.taken;
    else report(said.run);
  }
  const code = await status;
  return { taken, trouble: code === 0 ? '' : `lab -k ${kernel} ended with ${String(code)}: ${complaints.trim()}` };
}
