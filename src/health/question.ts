import type { CheckTarget } from '../config/check.js';
import { attemptWithin } from './attempt.js';
import { failed, type Outcome, outcomeOf } from './check.js';
import type { DatagramOrder, DatagramSocket, ProbePorts } from './ports.js';

/** A datagram that is asked with, and what is made of what comes back. */
export interface Question {
  readonly kind: DatagramOrder['kind'];
  readonly bytes: Uint8Array;
  /** What a datagram from the server says, or why it is not taken for an answer; then others are waited for. */
  readonly read: (bytes: Uint8Array) => Outcome | { readonly ignored: string };
  /** Nothing came that is an answer. Absent: that is a timeout. */
  readonly onSilence?: (detail: string) => Outcome;
}

/** A server that sends more than this and no answer is not waited for any longer: each costs us a wake-up. */
const MOST_IGNORED = 1000;

/** Asks once, waits for the timeout of the target at most, and hears of ICMP errors. Never rejects. */
export function ask(question: Question, target: CheckTarget, ports: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  const timeoutMs = 1000 * target.timeoutSeconds;
  let ignored = 0;
  let lastWhy = '';
  const onSilence = question.onSilence ?? ((detail: string) => failed('timeout', detail));
  const silence = (): Outcome => {
    const others = ignored === 0 ? '' : `; ${counted(ignored)} ignored, the last for ${lastWhy}`;
    return onSilence(`no answer within ${timeoutMs} ms${others}`);
  };
  return attemptWithin(ports.clock, timeoutMs, silence, signal, (finish) => {
    let socket: DatagramSocket | undefined;
    const message = (bytes: Uint8Array): void => {
      const found = question.read(bytes);
      if ('is' in found) finish(found);
      else if (++ignored < MOST_IGNORED) lastWhy = found.ignored;
      else finish(failed('malformed', `${counted(ignored)} and no answer, the last ignored for ${found.ignored}`));
    };
    try {
      socket = ports.openDatagram(orderOf(question.kind, target), {
        message,
        error: (error) => finish(outcomeOf(error)),
      });
      socket.send(question.bytes);
    } catch (error) {
      finish(refusal(error as NodeJS.ErrnoException));
    }
    return () => socket?.close();
  });
}

const counted = (datagrams: number): string => (datagrams === 1 ? '1 datagram' : `${datagrams} datagrams`);

function orderOf(kind: DatagramOrder['kind'], target: CheckTarget): DatagramOrder {
  const { address, port, bindAddress, bindPort, bindInterface, mark } = target;
  return {
    kind,
    family: address.includes(':') ? 'ip6' : 'ip4',
    peer: { address, port },
    mark,
    ...(bindAddress === undefined ? {} : { bindAddress }),
    ...(bindPort === undefined ? {} : { bindPort }),
    ...(bindInterface === undefined ? {} : { bindInterface }),
  };
}

/** That we may not have such a socket says nothing about the server. */
function refusal(error: NodeJS.ErrnoException): Outcome {
  const mayNot = error.syscall === 'socket' && (error.code === 'EPERM' || error.code === 'EACCES');
  return mayNot ? { is: 'inconclusive', detail: error.message } : outcomeOf(error);
}
