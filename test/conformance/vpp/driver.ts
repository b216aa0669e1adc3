/** The product under test as the judge sees it: lines typed, frames in, frames out. */
import { openSimulation } from '../../../src/addon/simulation.js';
import { defaultEngineGlobals } from '../../../src/dataplane/network.js';
import { emptyDraft } from '../../../src/replay/network-draft.js';
import { openSession } from '../../../src/replay/open.js';
import type { CapturedFrame } from '../../../src/replay/pcap.js';
import type { Session } from '../../../src/replay/session.js';
import type { Simulation } from '../../../src/replay/simulation.js';
import { hex } from './packets.js';

/** What became of frames that went in together. */
export interface Outcome {
  readonly sent: readonly { readonly port: string; readonly frame: Uint8Array }[];
  readonly passed: readonly Uint8Array[];
}

const SESSIONS = 16_384;

/** What a product with a fault would do to what it sends: for the judge's own tests. undefined: it sends nothing. */
export type Alter = (frame: Uint8Array, port: string) => Uint8Array | undefined;

export class Driver {
  readonly #simulation: Simulation;
  readonly #session: Session;
  readonly #alter: Alter;

  constructor(alter: Alter = (frame) => frame) {
    this.#alter = alter;
    const site = { draft: emptyDraft, table: new Map(), globals: defaultEngineGlobals };
    const { simulation, session } = openSession(openSimulation, SESSIONS, site);
    this.#simulation = simulation;
    this.#session = session;
  }

  /** @throws if the product does not take it */
  type(line: string): void {
    const { text, ok } = this.#session.run(line);
    if (!ok) throw new Error(`'${line}' was refused: ${text}`);
  }

  inject(port: string, frames: readonly CapturedFrame[]): Outcome {
    this.#session.publish();
    this.#simulation.receive([{ port, frames }]);
    this.#session.settle();
    return this.#take();
  }

  wait(seconds: number): Outcome {
    this.#session.publish();
    this.#simulation.wait(seconds);
    this.#session.settle();
    return this.#take();
  }

  #take(): Outcome {
    const sent = [...this.#simulation.takeSent()].flatMap(([port, frames]) =>
      frames.flatMap(({ bytes }) => {
        const frame = this.#alter(bytes, port);
        return frame === undefined ? [] : [{ port, frame }];
      }),
    );
    return { sent, passed: this.#simulation.takePassed().map(({ frame }) => frame.bytes) };
  }

  get nowMs(): number {
    return this.#simulation.nowMs;
  }

  dropped(reason: string): number {
    return Number(this.#simulation.counters().dropped.get(reason) ?? 0n);
  }

  event(word: string): number {
    return Number(this.#simulation.counters().events.get(word) ?? 0n);
  }

  get liveSessions(): number {
    return Number(this.#simulation.counters().liveSessions);
  }

  close(): void {
    this.#simulation.close();
  }
}

/** All that was sent, as text that can be compared. */
export const textOf = ({ sent, passed }: Outcome): string =>
  [...sent.map(({ port, frame }) => `${port} ${hex(frame)}`), ...passed.map((frame) => `kernel ${hex(frame)}`)].join(
    '\n',
  );
