import { spawn } from 'node:child_process';
import type { Clock } from './clock.js';
import { reasonOf } from './log.js';

/** What became of a shell: what it said, or why it said nothing that could be used. */
export type ShellEnd = { readonly out: string } | { readonly failed: string };

const MOST_OUTPUT = 1 << 20;
const MOST_COMPLAINT = 500;

/**
 * Hands a script to `argv`, something that reads a script from its standard input: `sh -s`, or ssh with that behind it.
 * @param withinMs it is killed then
 */
export function runShell(argv: readonly string[], script: string, clock: Clock, withinMs: number): Promise<ShellEnd> {
  const [program = '', ...words] = argv;
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    let [out, complaint] = ['', ''];
    let why: string | undefined;
    const stop = (reason: string): void => {
      why ??= reason;
      child.kill('SIGKILL');
      child.stdout.destroy(); // whoever inherited it may hold it open for ever
      child.stderr.destroy();
    };
    const cancel = clock.after(withinMs, () => stop(`no answer within ${withinMs / 1000} s`));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.length > MOST_OUTPUT) stop('it says more than facts');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (complaint.length < MOST_COMPLAINT) complaint += text;
    });
    child.stdin.on('error', () => undefined); // it ended without reading all: its status says more
    child.on('error', (error) => {
      why ??= reasonOf(error);
    });
    child.on('close', (status, signal) => {
      cancel();
      const said = complaint.trim() === '' ? '' : `: ${complaint.trim().slice(0, MOST_COMPLAINT)}`;
      if (why !== undefined) resolve({ failed: why });
      else if (status !== 0) resolve({ failed: `${program} ended with ${status ?? signal ?? 'nothing'}${said}` });
      else resolve({ out });
    });
    child.stdin.end(script);
  });
}
