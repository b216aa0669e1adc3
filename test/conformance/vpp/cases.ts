/** A folder of a recorded case: the script, and what was sent in and typed, in order. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CapturedFrame, readCapture } from '../../../src/replay/pcap.js';

export type CaseStep =
  | { readonly do: 'type'; readonly line: string }
  | { readonly do: 'inject'; readonly port: string | undefined; readonly frames: readonly CapturedFrame[] }
  | { readonly do: 'wait'; readonly seconds: number };

export interface Case {
  readonly name: string;
  readonly script: readonly string[];
  readonly steps: readonly CaseStep[];
}

/** Folders that have a script, by name. */
export const caseNames = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'config.cli')))
    .map(({ name }) => name)
    .sort();

export function readCase(folder: string, name: string): Case {
  const at = (file: string): string => join(folder, name, file);
  const script = readFileSync(at('config.cli'), 'utf8').split('\n');
  const state = existsSync(at('state.txt')) ? readFileSync(at('state.txt'), 'utf8') : '';
  const files = readdirSync(join(folder, name)).filter((file) => /^input\d*\.pcap$/.test(file));
  const numbered = new Map(files.map((file) => [Number(/\d+/.exec(file)?.[0] ?? 1), framesOf(at(file))]));
  return { name, script, steps: stepsOf(state, numbered) };
}

function framesOf(file: string): readonly CapturedFrame[] {
  const capture = readCapture(readFileSync(file));
  if ('unreadable' in capture) throw new Error(`${file}: ${capture.unreadable}`);
  return capture.frames;
}

/** Without a record of the steps the captures go in one after the other. */
function stepsOf(state: string, inputs: ReadonlyMap<number, readonly CapturedFrame[]>): readonly CaseStep[] {
  const steps: CaseStep[] = [];
  const left = new Map([...inputs].sort(([a], [b]) => a - b));
  for (const line of state.split('\n')) {
    const [, number = '', port] = /^--- step (\d+): injected \d+ on (\S+?);/.exec(line) ?? [];
    const frames = left.get(Number(number));
    if (frames !== undefined) {
      left.delete(Number(number));
      steps.push({ do: 'inject', port, frames });
    }
    const seconds = /^--- waited (\d+(?:\.\d+)?) s/.exec(line)?.[1];
    if (seconds !== undefined) steps.push({ do: 'wait', seconds: Number(seconds) });
    const typed = /^vpp# (.*)$/.exec(line)?.[1];
    if (typed !== undefined && !typed.startsWith('show')) steps.push({ do: 'type', line: typed });
  }
  return [...steps, ...[...left.values()].map((frames) => ({ do: 'inject', port: undefined, frames }) as const)];
}
