/** A real terminal: tmux, on a socket of its own. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Test } from 'tap';

const run = promisify(execFile);

export interface TerminalOptions {
  readonly columns?: number;
  readonly lines?: number;
  /** What runs in it, and its arguments. */
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const GENEROUS_MS = 60_000;
const LOOK_MS = 50;

export class Terminal {
  readonly #name: string;

  private constructor(name: string) {
    this.#name = name;
  }

  static async open(
    t: Test,
    { columns = 80, lines = 24, command, environment = {} }: TerminalOptions,
  ): Promise<Terminal> {
    const terminal = new Terminal(`lvsd-${process.pid}-${randomBytes(4).toString('hex')}`);
    t.teardown(() => terminal.#tmux('kill-server').catch(() => undefined));
    const said = Object.entries({ LC_ALL: 'C.UTF-8', ...environment }).map(([name, value]) => `${name}=${value}`);
    const size = ['-x', String(columns), '-y', String(lines)];
    // by env, because whoever starts the session may have a PATH of his own
    await terminal.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, '--', 'env', ...said, ...command);
    return terminal;
  }

  /** What can be seen: its lines, without the blanks at their ends. */
  async screen(): Promise<readonly string[]> {
    return (await this.#tmux('capture-pane', '-p')).split('\n').slice(0, -1);
  }

  /** The same with the sequences of colours. */
  inked(): Promise<string> {
    return this.#tmux('capture-pane', '-p', '-e');
  }

  /** Text as somebody types it. */
  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', '--', text);
  }

  /** By tmux's names: Enter, Up, C-z, Tab. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', '--', ...keys);
  }

  async resize(columns: number, lines: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(lines));
  }

  /** What can be seen once it fits. Rejects with what can be seen instead. */
  async until(
    fits: RegExp | ((screen: readonly string[]) => boolean),
    what = String(fits),
  ): Promise<readonly string[]> {
    const isSo = (screen: readonly string[]): boolean =>
      fits instanceof RegExp ? fits.test(screen.join('\n')) : fits(screen);
    const seen = await this.becomes(isSo, GENEROUS_MS);
    if (seen !== undefined) return seen;
    throw new Error(`waited for ${what}; there is\n${(await this.screen()).join('\n')}`);
  }

  /** The same in so many milliseconds; undefined: it did not. */
  async becomes(
    isSo: (screen: readonly string[]) => boolean,
    withinMs: number,
  ): Promise<readonly string[] | undefined> {
    for (const end = Date.now() + withinMs; ; ) {
      const screen = await this.screen();
      if (isSo(screen)) return screen;
      if (Date.now() > end) return undefined;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** A word of what tmux knows of it: pane_pid, alternate_on, cursor_flag. */
  async fact(name: string): Promise<string> {
    return (await this.#tmux('display-message', '-p', `#{${name}}`)).trim();
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    return (await run('tmux', ['-L', this.#name, ...args])).stdout;
  }
}
