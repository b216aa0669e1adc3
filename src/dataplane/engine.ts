/**
 * dataplane/ — the userspace engine, seen from TypeScript.
 * codec: network-image.ts, services-image.ts (what native/engine/image.h reads), protocol.ts, counters.ts · owners: client.ts (one
 * connection to the engine's process), supervisor.ts (that process), forwarder.ts (a Forwarder over it).
 * Here: the engine as an object of this process, for replay, explain and what-if.
 */

/** A frame that left the engine, or that it left to the kernel. */
export interface Sent {
  readonly verdict: 'forward' | 'pass';
  /** Index of the port it leaves by; of `pass`, that it came from. */
  readonly port: number;
  readonly frame: Uint8Array;
}

/** One worker without a device: the code that forwards, with the time it is told. src/addon implements it. */
export interface SimulatedEngine {
  /** @throws LvsError ENGINE_REFUSED with the image's array, index and why */
  publishNetwork(image: Uint8Array): void;
  publishServices(image: Uint8Array): void;
  /** Frames come in at one moment (milliseconds since any start, never back); what goes out, in order. At most 64 at once. */
  receive(port: number, frames: readonly Uint8Array[], nowMs: number): readonly Sent[];
  /** Time passes: what waited too long is given up, sessions end. A second at a time is enough. */
  tick(nowMs: number): readonly Sent[];
  /** JSON of native/engine's explain. */
  explain(port: number, frame: Uint8Array, nowMs: number): string;
  /** Numbers in the order of control/protocol.h CountersHeader, EngineCounters, then services and destinations of the image. */
  counters(): BigUint64Array;
  /** Neighbours asked for since the last call, as bytes of kNeighbourWanted records. */
  wanted(): Uint8Array;
  /** SessionRecord[] of all sessions. */
  sessions(nowMs: number): Uint8Array;
  /** Ends sessions of a service and destination by their index in the image; -1: all. How many ended. */
  flush(service: number, destination: number): number;
  close(): void;
}

export interface SimulationOptions {
  readonly sessions: number;
  readonly secret: bigint;
}
