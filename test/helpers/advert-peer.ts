/**
 * The other machine of an advert test: `ip netns exec NAME node advert-peer.js` opens what its lines of input say and tells on its output what it
 * hears, each as a line of JSON. It ends with its input.
 */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openAdvertPort, type NativeAdvertChannel } from '../../src/addon/advert-port.js';
import type { AdvertLink } from '../../src/vrrp/ports.js';

/** Bytes are hexadecimal. */
export type PeerOrder =
  | { readonly open: AdvertLink; readonly vrid: number }
  | {
      readonly plan: { readonly messages: readonly string[]; readonly everyMs: number; readonly repeats: boolean };
      readonly vrid: number;
    }
  /** At once, so many times; answered by `flooded`. */
  | { readonly flood: string; readonly times: number; readonly vrid: number };

export interface PeerHeard {
  readonly vrid: number;
  readonly ipHeader: string;
  readonly payload: string;
  readonly source: string;
  readonly destination: string;
  readonly ttl: number;
  readonly atMs: number;
}

export type PeerAnswer = { readonly opened: number } | { readonly flooded: number } | { readonly heard: PeerHeard };

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function main(): Promise<void> {
  const port = openAdvertPort({ realtimePriority: 0, lockMemory: false });
  const channels = new Map<number, NativeAdvertChannel>();
  const tell = (answer: PeerAnswer): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
  for await (const line of createInterface(process.stdin)) {
    const order = JSON.parse(line) as PeerOrder;
    const { vrid } = order;
    if ('open' in order) {
      const heard = port.open(order.open, vrid, (advert) =>
        tell({ heard: { ...advert, vrid, ipHeader: hex(advert.ipHeader), payload: hex(advert.payload) } }),
      );
      channels.set(vrid, heard);
      tell({ opened: vrid });
    } else if ('plan' in order) {
      const messages = order.plan.messages.map((message) => Buffer.from(message, 'hex'));
      channels.get(vrid)?.send({ ...order.plan, messages, firstAtMs: port.clock.now() });
    } else {
      const message = Buffer.from(order.flood, 'hex');
      let refused = 0;
      for (let i = 0; i < order.times; i++) if (channels.get(vrid)?.sendNow(message) !== 0) refused++;
      tell({ flooded: order.times - refused });
    }
  }
  port.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
