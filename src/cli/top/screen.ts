import { writeSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import { onSignals, type SignalSource } from '../../system/signals.js';
import { type Key, keysOf } from './keys.js';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[2J';
const LEAVE = '\x1b[?25h\x1b[?1049l';

const STDOUT = 1;

export interface ScreenHandlers {
  readonly onKey: (key: Key) => void;
  readonly onResize: (columns: number, lines: number) => void;
  /** It must be drawn anew: somebody else wrote to it. */
  readonly onBack: () => void;
  /** The process is to end. */
  readonly onEnd: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void;
}

/** The whole terminal, for as long as it is open. Whatever ends the process, the terminal is as it was. */
export class Screen {
  readonly #in: ReadStream;
  readonly #out: WriteStream;
  readonly #handlers: ScreenHandlers;
  readonly #process: SignalSource & NodeJS.Process;
  #isOpen = false;
  #shown: readonly string[] = [];
  #quiet: () => void = () => undefined;

  constructor(process: NodeJS.Process, handlers: ScreenHandlers) {
    this.#process = process;
    this.#in = process.stdin;
    this.#out = process.stdout;
    this.#handlers = handlers;
  }

  get size(): { readonly columns: number; readonly lines: number } {
    return { columns: this.#out.columns, lines: this.#out.rows };
  }

  open(): void {
    const { onKey, onResize, onEnd } = this.#handlers;
    const keys = (text: string): void => keysOf(text).forEach(onKey);
    const resized = (): void => onResize(this.size.columns, this.size.lines);
    const restore = (): void => this.#leave();
    this.#in.setEncoding('utf8').on('data', keys);
    this.#out.on('resize', resized);
    this.#process.on('exit', restore);
    const quiet = onSignals(this.#process, {
      SIGINT: () => onEnd('SIGINT'),
      SIGTERM: () => onEnd('SIGTERM'),
      SIGHUP: () => onEnd('SIGHUP'),
      SIGCONT: () => this.#comeBack(),
    });
    const untilStopped = this.#listenToStop();
    this.#quiet = () => {
      quiet();
      untilStopped();
      this.#in.off('data', keys).pause();
      this.#out.off('resize', resized);
      this.#process.off('exit', restore);
    };
    this.#enter();
  }

  /** Writes what differs from what is shown. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const changed = lines.flatMap((line, i) => (line === this.#shown[i] ? [] : [`\x1b[${i + 1};1H${line}\x1b[K`]));
    const below = lines.length < this.#shown.length ? `\x1b[${lines.length + 1};1H\x1b[J` : '';
    this.#shown = lines;
    if (changed.length > 0 || below !== '') this.#out.write(changed.join('') + below);
  }

  /** What is shown is not known any more. */
  forget(): void {
    this.#shown = [];
    if (this.#isOpen) this.#out.write('\x1b[2J');
  }

  /** Gives the terminal to the shell, until the process is told to go on. */
  suspend(): void {
    this.#leave();
    this.#quietStop();
    this.#process.kill(this.#process.pid, 'SIGTSTP');
    // whoever is in no shell's hands is not stopped, and goes on at once
    setImmediate(() => this.#comeBack());
  }

  close(): void {
    this.#quiet();
    this.#leave();
  }

  /** A stop that somebody else asks for: with a listener it would stop nobody. */
  #listenToStop(): () => void {
    this.#quietStop = onSignals(this.#process, { SIGTSTP: () => this.suspend() });
    return () => this.#quietStop();
  }
  #quietStop: () => void = () => undefined;

  #comeBack(): void {
    this.#quietStop();
    this.#listenToStop();
    this.#leave();
    this.#enter();
    this.#handlers.onBack();
  }

  #enter(): void {
    this.#in.setRawMode(true);
    this.#in.resume();
    this.#out.write(ENTER);
    this.#shown = [];
    this.#isOpen = true;
  }

  /** At once, for nothing may come after it. */
  #leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      this.#in.setRawMode(false);
      writeSync(STDOUT, LEAVE);
    } catch {
      // the terminal is gone
    }
  }
}
