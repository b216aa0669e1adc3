/** What keepalived and FRR sent to each other: test/golden/vrrp/*.pcap, each recorded with the two files of configuration in conf/. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { formatIp4, formatIp6 } from '../../../src/model/address.js';
import { readCapture } from '../../../src/replay/pcap.js';
import type { HeardAdvert } from '../../../src/vrrp/ports.js';

const folder = new URL('../../../../test/golden/vrrp/', import.meta.url);

export interface CapturedFrame {
  readonly bytes: Uint8Array;
  /** Since 1970. */
  readonly wallMs: number;
}

export interface CapturedAdvert {
  readonly heard: HeardAdvert;
  readonly wallMs: number;
  /** Source on the link, as hexadecimal digits. */
  readonly mac: string;
}

export const captureNames: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.pcap'))
  .map((name) => name.slice(0, -'.pcap'.length));

/** The text of ROUTER's configuration (r1 or r2); undefined: it had none that was kept. */
export function configurationText(capture: string, router: string): string | undefined {
  const file = new URL(`conf/${capture}-${router}.conf`, folder);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

export function framesOf(capture: string): readonly CapturedFrame[] {
  const read = readCapture(readFileSync(new URL(`${capture}.pcap`, folder)));
  if ('unreadable' in read) throw new Error(`${capture}: ${read.unreadable}`);
  return read.frames.map(({ bytes, atUs }) => ({ bytes, wallMs: atUs / 1000 }));
}

/** Packets of protocol 112 and 51, as a raw socket would hand them over. */
export const advertsOf = (capture: string): readonly CapturedAdvert[] => framesOf(capture).flatMap(advertIn);

const ETHERNET_BYTES = 14;
const IP6_HEADER_BYTES = 40;

function advertIn({ bytes, wallMs }: CapturedFrame): readonly CapturedAdvert[] {
  const heard = heardIn(bytes.subarray(ETHERNET_BYTES), (bytes[12]! << 8) | bytes[13]!, wallMs);
  return heard === undefined ? [] : [{ heard, wallMs, mac: Buffer.from(bytes.subarray(6, 12)).toString('hex') }];
}

function heardIn(ip: Uint8Array, type: number, atMs: number): HeardAdvert | undefined {
  if (type === 0x0800 && (ip[9] === 112 || ip[9] === 51)) {
    const headerBytes = (ip[0]! & 0x0f) * 4;
    return {
      ipHeader: ip.subarray(0, headerBytes),
      payload: ip.subarray(headerBytes),
      source: formatIp4(ip, 12),
      destination: formatIp4(ip, 16),
      ttl: ip[8]!,
      atMs,
    };
  }
  if (type === 0x86dd && ip[6] === 112)
    return {
      ipHeader: new Uint8Array(0),
      payload: ip.subarray(IP6_HEADER_BYTES, IP6_HEADER_BYTES + ((ip[4]! << 8) | ip[5]!)),
      source: formatIp6(ip, 8),
      destination: formatIp6(ip, 24),
      ttl: ip[7]!,
      atMs,
    };
  return undefined;
}
