import type { Sent, SimulatedEngine, SimulationOptions } from '../dataplane/engine.js';
import { LvsError } from '../errors.js';
import { addon, type EngineHandle } from './addon.js';

/** How many frames the engine takes at once: kBatch of native/engine/worker.h. */
const BATCH = 64;
/** Verdict, port, bytes. */
const HEAD_WORDS = 3;
const MASK_64 = (1n << 64n) - 1n;

/** The engine in this process, without a device, with the time it is told. */
export function openSimulation(options: SimulationOptions): SimulatedEngine {
  const { EngineHandle } = addon();
  const { sessions, secret } = options;
  return new Simulation(new EngineHandle(sessions, secret & MASK_64, (secret >> 64n) & MASK_64));
}

class Simulation implements SimulatedEngine {
  readonly #handle: EngineHandle;

  constructor(handle: EngineHandle) {
    this.#handle = handle;
  }

  publishNetwork(image: Uint8Array): void {
    refusing('network', () => this.#handle.publishNetwork(image));
  }

  publishServices(image: Uint8Array): void {
    refusing('services', () => this.#handle.publishServices(image));
  }

  receive(port: number, frames: readonly Uint8Array[], nowMs: number): readonly Sent[] {
    if (frames.length <= BATCH) return sentOf(this.#handle.receive(port, frames, nowMs));
    const sent: Sent[] = [];
    for (let at = 0; at < frames.length; at += BATCH)
      sent.push(...sentOf(this.#handle.receive(port, frames.slice(at, at + BATCH), nowMs)));
    return sent;
  }

  tick(nowMs: number): readonly Sent[] {
    return sentOf(this.#handle.tick(nowMs));
  }

  explain(port: number, frame: Uint8Array, nowMs: number): string {
    return this.#handle.explain(port, frame, nowMs);
  }

  counters(): BigUint64Array {
    return this.#handle.counters();
  }

  wanted(): Uint8Array {
    return this.#handle.wanted();
  }

  sessions(nowMs: number): Uint8Array {
    return this.#handle.sessions(nowMs);
  }

  flush(service: number, destination: number): number {
    return this.#handle.flush(service, destination);
  }

  close(): void {
    this.#handle.close();
  }
}

function sentOf({ heads, frames }: { readonly heads: Uint32Array; readonly frames: Uint8Array }): readonly Sent[] {
  const sent: Sent[] = [];
  let from = 0;
  for (let at = 0; at < heads.length; at += HEAD_WORDS) {
    const [verdict = 0, port = 0, bytes = 0] = heads.subarray(at, at + HEAD_WORDS);
    sent.push({ verdict: verdict === 0 ? 'forward' : 'pass', port, frame: frames.subarray(from, from + bytes) });
    from += bytes;
  }
  return sent;
}

interface Refusal {
  readonly code: 'ENGINE_REFUSED';
  readonly array: string;
  readonly index: number;
  readonly why: string;
}
const isRefusal = (value: unknown): value is Refusal =>
  value instanceof Error && 'code' in value && value.code === 'ENGINE_REFUSED' && 'array' in value;

/** @throws LvsError ENGINE_REFUSED */
function refusing(image: string, publish: () => void): void {
  try {
    publish();
  } catch (cause) {
    if (!isRefusal(cause)) throw cause;
    throw new LvsError('ENGINE_REFUSED', [image, cause.array, cause.index, cause.why], { cause });
  }
}
