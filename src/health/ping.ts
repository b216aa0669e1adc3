import type { PingCheck } from '../config/check.js';
import { alive, type Outcome } from './check.js';
import type { ProbePorts } from './ports.js';
import { ask } from './question.js';
import type { Random } from '../system/random.js';

/** RFC 792, RFC 4443 section 4. */
const messages = {
  ip4: { request: 8, reply: 0 },
  ip6: { request: 128, reply: 129 },
};
const HEADER_BYTES = 8;
/** As much as keepalived sends. */
const PAYLOAD_BYTES = 128;
/** Of the payload; the rest counts up. */
const RANDOM_BYTES = 8;

/** PING_CHECK: one echo request by ICMP or ICMPv6. Alive is who sends it back: the same sequence number, the same payload. */
export function attemptPing({ target }: PingCheck, ports: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  const { request, reply } = messages[target.address.includes(':') ? 'ip6' : 'ip4'];
  const bytes = echoRequest(request, ports.random);
  const begun = ports.clock.now();
  const read = (answer: Uint8Array): Outcome | { readonly ignored: string } => {
    if (answer[0] !== reply || answer[1] !== 0) return { ignored: 'another type' };
    if (answer[6] !== bytes[6] || answer[7] !== bytes[7]) return { ignored: 'another sequence number' };
    if (Buffer.compare(answer.subarray(HEADER_BYTES), bytes.subarray(HEADER_BYTES)) !== 0)
      return { ignored: 'another payload' };
    return alive(`answered after ${(ports.clock.now() - begun).toFixed(1)} ms`);
  };
  return ask({ kind: 'icmp', bytes, read }, target, ports, signal);
}

/** Identifier and checksum are left to the socket. */
function echoRequest(type: number, random: Random): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + PAYLOAD_BYTES);
  bytes[0] = type;
  const chance = (at: number): void => void (bytes[at] = Math.floor(256 * random.next()));
  chance(6);
  chance(7);
  for (let i = 0; i < PAYLOAD_BYTES; i++)
    if (i < RANDOM_BYTES) chance(HEADER_BYTES + i);
    else bytes[HEADER_BYTES + i] = i;
  return bytes;
}
