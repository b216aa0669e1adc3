/**
 * replay/ — captures through a configuration, without a device: what goes in, what comes out, what was counted.
 * codec: pcap.ts · descriptions: topology.ts, vpp-topology.ts, network-draft.ts, steps.ts · rules: what-if.ts, report.ts ·
 * owner: simulation.ts (an engine, its clock, what it sent), session.ts (a site and what is typed at it).
 */
import type { SimulatedEngine, Sent } from '../dataplane/engine.js';
import type { EngineGlobals, Network, Port } from '../dataplane/network.js';
import { networkImage } from '../dataplane/network-image.js';
import { type Refused, servicesImage } from '../dataplane/services-image.js';
import { decodeCounters, type EngineCounters } from '../dataplane/counters.js';
import { type DestinationKey, destinationName } from '../model/destination.js';
import { type ServiceKey, serviceName } from '../model/service.js';
import type { Table, TableService } from '../model/table.js';
import type { CapturedFrame } from './pcap.js';

/** A frame that the engine left to the kernel. */
export interface Passed {
  readonly port: string;
  readonly frame: CapturedFrame;
}

/** The engine takes at most so many frames at once. */
const BATCH = 64;
/** Time passes in steps of a second, unless that would be more of them. */
const MOST_TICKS = 3600;
const SECOND = 1000;

/** Where a service and its destinations are in counters and flush orders. */
interface Place {
  readonly service: number;
  readonly destinations: Map<string, number>;
}

/** One engine and its clock. */
export class Simulation {
  readonly #engine: SimulatedEngine;
  #network: Network | undefined;
  #table: Table = new Map();
  #refused: readonly Refused[] = [];
  #places: ReadonlyMap<string, Place> = new Map();
  /** Milliseconds since the start; the engine's clock begins at a second, so that 0 is never a time. */
  #nowMs = SECOND;
  /** Microseconds since 1970 that the clock began with; undefined: no frame came yet. */
  #epochUs: number | undefined;
  #sent = new Map<string, CapturedFrame[]>();
  #passed: Passed[] = [];

  constructor(engine: SimulatedEngine) {
    this.#engine = engine;
  }

  publishNetwork(network: Network): void {
    this.#engine.publishNetwork(networkImage(network));
    this.#network = network;
  }

  publishServices(table: Table, globals: EngineGlobals): void {
    const { image, order, refused } = servicesImage(
      table,
      globals,
      this.#ports().map(({ name }) => name),
    );
    this.#engine.publishServices(image);
    this.#table = table;
    this.#refused = refused;
    this.#places = new Map(order.services.map((name, service) => [name, { service, destinations: new Map() }]));
    for (const [place, { service, destination }] of order.destinations.entries())
      this.#places.get(service)?.destinations.set(destination, place);
  }

  /** What of the table published last the engine does not carry. */
  get refused(): readonly Refused[] {
    return this.#refused;
  }

  get table(): Table {
    return this.#table;
  }

  serviceOf(key: ServiceKey): TableService | undefined {
    return this.#table.get(serviceName(key));
  }

  /** Milliseconds on the engine's clock. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /**
   * Frames of several interfaces, each list in the order of time; they come in the order of their times. A capture older than the
   * clock, or one that was replayed before, begins now.
   */
  receive(inputs: readonly { readonly port: string; readonly frames: readonly CapturedFrame[] }[]): void {
    const all = inputs.flatMap(({ port, frames }) => frames.map((frame) => ({ port: this.#indexOf(port), frame })));
    all.sort((a, b) => a.frame.atUs - b.frame.atUs);
    const [first] = all;
    if (first === undefined) return;
    this.#epochUs ??= first.frame.atUs - (this.#nowMs - SECOND) * 1000;
    const late = Math.max(0, this.#nowUs() - first.frame.atUs);
    for (let at = 0; at < all.length; ) {
      const { port, frame } = all[at]!;
      const nowMs = this.#msOf(frame.atUs + late);
      const batch: Uint8Array[] = [];
      for (; at < all.length && batch.length < BATCH; at++) {
        const next = all[at]!;
        if (next.port !== port || this.#msOf(next.frame.atUs + late) !== nowMs) break;
        batch.push(next.frame.bytes);
      }
      this.#until(nowMs);
      this.#take(this.#engine.receive(port, batch, nowMs));
    }
  }

  /** Time passes. */
  wait(seconds: number): void {
    this.#until(this.#nowMs + Math.round(seconds * SECOND));
  }

  /** What each interface has sent since this was asked last. */
  takeSent(): ReadonlyMap<string, readonly CapturedFrame[]> {
    const sent = this.#sent;
    this.#sent = new Map();
    return sent;
  }

  /** What was left to the kernel since this was asked last. */
  takePassed(): readonly Passed[] {
    const passed = this.#passed;
    this.#passed = [];
    return passed;
  }

  counters(): EngineCounters {
    const numbers = this.#engine.counters();
    return decodeCounters(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  }

  /** Where a service is in the counters; undefined: it is not in the table. */
  placeOf(service: ServiceKey, destination?: DestinationKey): number | undefined {
    const place = this.#places.get(serviceName(service));
    return destination === undefined ? place?.service : place?.destinations.get(destinationName(destination));
  }

  /** Ends sessions of a service or of one of its destinations; undefined: all. How many. */
  flush(service?: ServiceKey, destination?: DestinationKey): number {
    if (service === undefined) return this.#engine.flush(-1, -1);
    const serviceIndex = this.placeOf(service);
    const destinationIndex = destination === undefined ? -1 : this.placeOf(service, destination);
    if (serviceIndex === undefined || destinationIndex === undefined) return 0;
    return this.#engine.flush(serviceIndex, destinationIndex);
  }

  sessions(): Uint8Array {
    return this.#engine.sessions(this.#nowMs);
  }

  wanted(): Uint8Array {
    return this.#engine.wanted();
  }

  close(): void {
    this.#engine.close();
  }

  #ports(): readonly Port[] {
    return this.#network?.ports ?? [];
  }

  #indexOf(name: string): number {
    const index = this.#ports().findIndex((port) => port.name === name);
    if (index < 0) throw new RangeError(`no interface ${name}`);
    return index;
  }

  #nowUs(): number {
    return (this.#epochUs ?? 0) + (this.#nowMs - SECOND) * 1000;
  }

  #msOf(us: number): number {
    return SECOND + Math.floor((us - (this.#epochUs ?? 0)) / 1000);
  }

  #until(ms: number): void {
    const step = Math.max(SECOND, Math.ceil((ms - this.#nowMs) / MOST_TICKS));
    while (this.#nowMs < ms) {
      this.#nowMs = Math.min(ms, this.#nowMs + step);
      this.#take(this.#engine.tick(this.#nowMs));
    }
  }

  #take(frames: readonly Sent[]): void {
    const atUs = this.#nowUs();
    for (const { verdict, port, frame } of frames) {
      const name = this.#ports()[port]!.name;
      if (verdict === 'pass') {
        this.#passed.push({ port: name, frame: { atUs, bytes: frame } });
        continue;
      }
      const list = this.#sent.get(name);
      if (list === undefined) this.#sent.set(name, [{ atUs, bytes: frame }]);
      else list.push({ atUs, bytes: frame });
    }
  }
}
