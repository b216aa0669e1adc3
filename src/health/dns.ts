import type { DnsCheck } from '../config/check.js';
import { alive, failed, type Outcome } from './check.js';
import { codeName, encodeQuery, readAnswer } from './dns-message.js';
import type { ProbePorts } from './ports.js';
import { ask } from './question.js';

/**
 * DNS_CHECK: one query over UDP. Alive is who answers it with NOERROR, whatever else the answer says; who answers anything else
 * has failed. Datagrams that are no answer to this very question do not count, so that a forged one has to guess.
 */
export function attemptDns({ target, name, type }: DnsCheck, ports: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  const id = Math.floor(65_536 * ports.random.next());
  const question = { name, type };
  const read = (bytes: Uint8Array): Outcome | { readonly ignored: string } => {
    const answer = readAnswer(bytes, id, question);
    if ('ignored' in answer) return answer;
    const { code, records, truncated } = answer;
    const detail = `${codeName(code)} for ${type} of ${name}`;
    if (code !== 0) return failed('answer', detail);
    return alive(`${detail}, ${records === 1 ? '1 record' : `${records} records`}${truncated ? ', truncated' : ''}`);
  };
  return ask({ kind: 'udp', bytes: encodeQuery(id, question), read }, target, ports, signal);
}
