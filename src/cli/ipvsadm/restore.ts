import type { Command } from './command.js';
import type { Io } from './io.js';
import { parse } from './parse.js';
import { Refusal, tryHelp } from './refusal.js';

/** What a run of lines needs from its owner. */
export interface Runner {
  /** Sends a change and says later what the kernel thought of it; undefined for commands that are none. */
  readonly startChange: (command: Command) => Promise<string | undefined> | undefined;
  /** Carries out any other command; its exit code. Throws a refusal that ends the run. */
  readonly execute: (command: Command) => Promise<number>;
}

/** Changes under way at once; errors are printed in the order of the lines all the same. */
const WINDOW = 512;

/**
 * Runs every line of standard input as a command line. Changes are sent without waiting for those before them; anything
 * that prints waits. The exit code is the last line's, or that of the line that ended the run.
 */
export async function restore(io: Io, runner: Runner): Promise<number> {
  const run = new Run(io, runner);
  for (let text = io.readLines(); text !== undefined; text = io.readLines()) {
    for (const words of wordsOfLines(text)) {
      const command = parse(io.program(), words, io.names);
      const change = command instanceof Refusal ? undefined : runner.startChange(command);
      if (change !== undefined) {
        if (run.wait(change) === WINDOW) await run.settle();
      } else if ((await run.other(command)) === 'ended') return run.exitCode;
    }
    await run.settle(); // reading may block until somebody types the next line
  }
  return run.exitCode;
}

class Run {
  exitCode = 0;
  #pending: Promise<string | undefined>[] = [];
  readonly #io: Io;
  readonly #runner: Runner;

  constructor(io: Io, runner: Runner) {
    this.#io = io;
    this.#runner = runner;
  }

  /** How many are waited for now. */
  wait(change: Promise<string | undefined>): number {
    return this.#pending.push(change);
  }

  async settle(): Promise<void> {
    if (this.#pending.length === 0) return;
    const texts = await Promise.all(this.#pending);
    this.#pending = [];
    for (const text of texts) if (text !== undefined) this.#io.err(`${text}\n`);
    this.exitCode = texts.at(-1) === undefined ? 0 : 255;
  }

  async other(command: Command | Refusal): Promise<'on' | 'ended'> {
    await this.settle();
    if (command instanceof Refusal) {
      if (command.endsRun) throw command;
      this.#io.err(`${command.message}\n`);
      this.exitCode = command.exitCode;
      return 'on';
    }
    if (command.do === 'restore' || command.do === 'diff') throw tryHelp(this.#io.program());
    this.exitCode = await this.#runner.execute(command);
    return command.do === 'help' || command.do === 'version' ? 'ended' : 'on';
  }
}

/** The words of each line that has any. `ipvsadm` is left out wherever it stands, and a word ends at a NUL, as C has it. */
export function* wordsOfLines(text: string): Generator<readonly string[]> {
  for (const line of text.split('\n')) {
    const words = line.split(/[ \t\r]+/);
    if (words[0] === '') words.shift();
    if (words.at(-1) === '') words.pop();
    const plain = !line.includes('ipvsadm') && !line.includes('\0');
    const kept = plain ? words : words.map(upToNul).filter((word) => word !== 'ipvsadm');
    if (kept.length > 0) yield kept;
  }
}

const upToNul = (word: string): string => word.split('\0', 1)[0] ?? '';
