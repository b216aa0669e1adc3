import type { Captured } from './protocol.js';
import { enhancedPacket, interfaceDescription, sectionHeader } from './pcapng.js';

/** Captured packets as a pcapng file: each as it came and, behind it, as it went, with the engine's decision as comment. */
export class CaptureFile {
  readonly #write: (bytes: Uint8Array) => void;
  /** Number of an interface in the file, by port; undefined: no port. */
  readonly #interfaces = new Map<number | undefined, number>();
  readonly #nameOf: (port: number) => string | undefined;

  constructor(write: (bytes: Uint8Array) => void, nameOf: (port: number) => string | undefined) {
    this.#write = write;
    this.#nameOf = nameOf;
    write(sectionHeader('lvsd'));
  }

  packet({ realtimeNs, before, after, decision, portIn, portOut }: Captured): void {
    const comment = decisionText(decision);
    if (before.length > 0) this.#frame(portIn, 'in', realtimeNs, before, comment);
    if (after.length > 0) this.#frame(portOut, 'out', realtimeNs, after, comment);
  }

  #frame(
    port: number | undefined,
    direction: 'in' | 'out',
    realtimeNs: bigint,
    frame: Uint8Array,
    comment: string,
  ): void {
    const number = this.#interface(port);
    const originalLength = originalLengthOf(frame);
    this.#write(enhancedPacket({ interface: number, realtimeNs, frame, originalLength, direction, comment }));
  }

  #interface(port: number | undefined): number {
    const known = this.#interfaces.get(port);
    if (known !== undefined) return known;
    const number = this.#interfaces.size;
    this.#interfaces.set(port, number);
    const name = port === undefined ? 'none' : (this.#nameOf(port) ?? `port ${port}`);
    this.#write(interfaceDescription(name));
    return number;
  }
}

/** What a person reads of a decision: `verdict: forward` and on, a line for each member of the JSON object; other text as it is. */
export function decisionText(decision: string): string {
  let value: unknown;
  try {
    value = JSON.parse(decision);
  } catch {
    return decision;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return decision;
  return Object.entries(value)
    .map(([name, one]: [string, unknown]) => `${name}: ${typeof one === 'string' ? one : JSON.stringify(one)}`)
    .join('\n');
}

const ETHERNET_BYTES = 14;

/** A frame that was cut at the snap length still says in its IP header how long it was; without tags only. */
function originalLengthOf(frame: Uint8Array): number {
  if (frame.length < ETHERNET_BYTES + 20) return frame.length;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const type = view.getUint16(12);
  const ip =
    type === 0x0800
      ? view.getUint16(ETHERNET_BYTES + 2)
      : type === 0x86dd
        ? 40 + view.getUint16(ETHERNET_BYTES + 4)
        : 0;
  return Math.max(frame.length, ETHERNET_BYTES + ip);
}
