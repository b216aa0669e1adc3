import type { UdpCheck } from '../config/check.js';
import { alive, failed, type Outcome } from './check.js';
import type { ProbePorts } from './ports.js';
import { ask } from './question.js';
import { beginsWith, bytesOf } from './reply-pattern.js';

/** What of a wrong reply the log shows. */
const SHOWN_BYTES = 16;

/**
 * UDP_CHECK: one datagram. With require_reply alive is who sends back what was asked for. Without it only an ICMP error takes the
 * server out, and the outcome says that silence proved nothing.
 */
export function attemptUdp(check: UdpCheck, ports: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  const read = (bytes: Uint8Array): Outcome => judgeReply(check, bytes);
  const question = { kind: 'udp', bytes: bytesOf(check.payload), read } as const;
  const believing = {
    ...question,
    onSilence: (detail: string) => alive(`${detail} and no error: silence is taken for success`),
  };
  return ask(check.reply === undefined ? believing : question, check.target, ports, signal);
}

function judgeReply({ reply, minReplyLength, maxReplyLength }: UdpCheck, bytes: Uint8Array): Outcome {
  const { length } = bytes;
  const got = `${length === 1 ? '1 byte' : `${length} bytes`} came`;
  if (length === 0 && reply !== undefined) return failed('answer', 'an empty datagram came');
  if (length < minReplyLength) return failed('answer', `${got}, fewer than ${minReplyLength}`);
  if (length > maxReplyLength) return failed('answer', `${got}, more than ${maxReplyLength}`);
  if (reply === undefined || beginsWith(bytes, reply)) return alive(got);
  const shown = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('hex');
  return failed('answer', `${got} and do not match: ${shown}${length > SHOWN_BYTES ? '…' : ''}`);
}
