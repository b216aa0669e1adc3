import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { openSimulation } from '../addon/simulation.js';
import { readConfigurationFile } from '../config/include.js';
import { defaultEngineGlobals } from '../dataplane/network.js';
import { LvsError } from '../errors.js';
import { sessionsOf } from '../lb/store.js';
import { siteOf } from '../replay/from-file.js';
import { emptyDraft, type NetworkDraft } from '../replay/network-draft.js';
import { openSession, type Opened } from '../replay/open.js';
import { type CapturedFrame, readCapture, writeCapture } from '../replay/pcap.js';
import { replayState } from '../replay/report.js';
import { readSteps, type Step } from '../replay/steps.js';
import { readTopology } from '../replay/topology.js';
import { portName } from '../replay/vpp-topology.js';
import { reasonOf } from '../system/log.js';
import { linesOfFiles } from './check/excerpt.js';
import { complaintsText } from './complaints.js';
import { answer, type Output } from './face.js';
import { parseReplay, type ReplayOrder } from './replay-options.js';

/** `lvsd replay`. Answers with the exit status. @throws LvsError */
export const replay = (args: readonly string[], output: Output, environment: NodeJS.ProcessEnv): number =>
  answer('lvsd', parseReplay(args), output, (order) => carryOut(order, output, environment));

function carryOut(order: ReplayOrder, output: Output, environment: NodeJS.ProcessEnv): number {
  const run = openReplay(order, output, environment);
  if (run === undefined) return 1;
  try {
    if (order.script === undefined) run.merge(order.inputs);
    else run.follow(order.script);
    if (order.outDir !== undefined) run.write(order.outDir);
    return run.isClean ? 0 : 1;
  } finally {
    run.close();
  }
}

function openReplay(order: ReplayOrder, output: Output, environment: NodeJS.ProcessEnv): ReplayRun | undefined {
  if (order.site.from === 'vpp') return openVpp(order.site.script, order, output);
  if (order.site.from === 'nothing') return new ReplayRun(openBare(order.sessions), output, []);
  const { file, topology } = order.site;
  const reading = readConfigurationFile(file, { environment });
  output.err(complaintsText(reading.diagnostics, { lines: linesOfFiles() }));
  if (reading.configuration === undefined) return undefined;
  const { table, globals, notes } = siteOf(reading.configuration);
  for (const note of notes) output.err(`lvsd: ${note}\n`);
  const opened = openSession(openSimulation, order.sessions, { draft: draftOf(topology), table, globals });
  return new ReplayRun(opened, output, notes);
}

function draftOf(path: string): NetworkDraft {
  const draft = readTopology(readText(path));
  if ('wrong' in draft) throw new LvsError('REPLAY_FILE', [path, draft.wrong]);
  return draft;
}

const FEW = 1024;
const openBare = (room: number): Opened =>
  openSession(openSimulation, room, { draft: emptyDraft, table: new Map(), globals: defaultEngineGlobals });

/** The script is run twice: how many sessions it wants is known only behind its last line. */
function openVpp(path: string, { sessions }: ReplayOrder, output: Output): ReplayRun {
  const lines = readText(path).split('\n');
  const first = openBare(FEW);
  for (const line of lines) first.session.run(line);
  const wanted = Math.max(sessions, sessionsOf(first.session.store));
  first.simulation.close();
  const run = new ReplayRun(openBare(wanted), output, []);
  for (const [i, line] of lines.entries()) run.type(line, path, i + 1, false);
  return run;
}

function readText(path: string): string {
  return Buffer.from(readBytes(path)).toString('utf8');
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new LvsError('REPLAY_FILE', [path, reasonOf(error)], { cause: error });
  }
}

/** Longer than fragments wait for their first, and packets for a neighbour. */
const LAST_SECONDS = 3;

/** One replay: its session, and what was written and complained about. */
class ReplayRun {
  readonly #simulation: Opened['simulation'];
  readonly #session: Opened['session'];
  readonly #output: Output;
  readonly #notes: string[];
  readonly #sent = new Map<string, number>();
  readonly #passed = new Map<string, number>();
  /** Sent and not yet written. */
  #waiting = new Map<string, CapturedFrame[]>();
  isClean = true;

  constructor({ simulation, session }: Opened, output: Output, notes: readonly string[]) {
    this.#simulation = simulation;
    this.#session = session;
    this.#output = output;
    this.#notes = [...notes];
  }

  /** A line of the CLI. What is refused is told with its place, and the rest goes on. */
  type(line: string, path: string, number: number, isLoud: boolean): void {
    const { text, ok } = this.#session.run(line);
    if (!ok) {
      this.isClean = false;
      this.#output.err(`lvsd: ${new LvsError('REPLAY_LINE', [path, number, text]).message}\n`);
    } else if (isLoud) this.#output.out(`vpp# ${line}\n${text === '' ? '' : `${text}\n`}`);
  }

  /** Captures of several interfaces, merged by time. */
  merge(inputs: ReplayOrder['inputs']): void {
    this.#publish();
    this.#simulation.receive(inputs.map(({ port, file }) => ({ port: this.#known(port), frames: this.#frames(file) })));
    this.#simulation.wait(LAST_SECONDS);
    this.#collect();
  }

  follow(path: string): void {
    const steps = readSteps(readText(path));
    if ('wrong' in steps) throw new LvsError('REPLAY_FILE', [path, steps.wrong]);
    for (const step of steps) this.#step(step, path);
  }

  #step(step: Step, path: string): void {
    switch (step.do) {
      case 'run':
        this.type(step.command, path, step.line, true);
        break;
      case 'in':
        this.#publish();
        this.#simulation.receive([
          { port: this.#known(portName(step.port)), frames: this.#frames(beside(path, step.file)) },
        ]);
        break;
      case 'wait':
        this.#publish();
        this.#simulation.wait(step.seconds);
        break;
      case 'out':
        this.#publish();
        this.#collect();
        this.write(step.folder);
    }
    this.#collect();
  }

  #publish(): void {
    this.#session.publish();
    for (const { service, destination, why } of this.#simulation.refused) {
      const note = `${destination === undefined ? service : `${service} -> ${destination}`} was left out: ${why}`;
      if (this.#notes.includes(note)) continue;
      this.#notes.push(note);
      this.#output.err(`lvsd: ${note}\n`);
    }
  }

  #known(name: string): string {
    const names = this.#session.network.ports.map((port) => port.name);
    if (names.includes(name)) return name;
    throw new LvsError('REPLAY_INTERFACE', [name, names.join(', ')]);
  }

  #frames(path: string): readonly CapturedFrame[] {
    const capture = readCapture(readBytes(path));
    if ('unreadable' in capture) throw new LvsError('REPLAY_FILE', [path, capture.unreadable]);
    for (const remark of capture.remarks) this.#output.err(`lvsd: ${path}: ${remark}\n`);
    return capture.frames;
  }

  #collect(): void {
    for (const [port, frames] of this.#simulation.takeSent()) {
      const waiting = this.#waiting.get(port) ?? [];
      for (const frame of frames) waiting.push(frame);
      this.#waiting.set(port, waiting);
      this.#sent.set(port, (this.#sent.get(port) ?? 0) + frames.length);
    }
    for (const { port } of this.#simulation.takePassed()) this.#passed.set(port, (this.#passed.get(port) ?? 0) + 1);
    this.#session.settle();
  }

  /** What was sent since the last time, and all counters. */
  write(folder: string): void {
    const counts = { passed: this.#passed, sent: this.#sent };
    const state = replayState(this.#simulation, counts, this.#notes);
    try {
      mkdirSync(folder, { recursive: true });
      for (const [port, frames] of this.#waiting) writeFileSync(join(folder, `${port}.pcap`), writeCapture(frames));
      writeFileSync(join(folder, 'state.json'), `${JSON.stringify(state, undefined, 2)}\n`);
    } catch (error) {
      throw new LvsError('REPLAY_WRITE', [folder, reasonOf(error)], { cause: error });
    }
    this.#waiting = new Map();
  }

  close(): void {
    this.#simulation.close();
  }
}

/** A file of a step: where we are, else beside the file of steps. */
function beside(steps: string, file: string): string {
  const there = resolve(dirname(steps), file);
  return existsSync(file) || !existsSync(there) ? file : there;
}
