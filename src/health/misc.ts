import type { MiscCheck } from '../config/check.js';
import { stopped } from './attempt.js';
import { alive, failed, type Outcome } from './check.js';
import type { ProbePorts } from './ports.js';

const LONGEST_LINE = 200;

/**
 * MISC_CHECK: alive is who makes the command exit with 0. A command that cannot or must not be run has failed too: keepalived leaves
 * the server up for ever then. With misc_dynamic the exit codes 2 to 255 are weights, 0 to 253, and 1 is the failure.
 */
export async function attemptMisc(check: MiscCheck, ports: ProbePorts, signal: AbortSignal): Promise<Outcome> {
  if (signal.aborted) return stopped;
  const { script, user } = check;
  const command = script.user !== undefined || user === undefined ? script : { ...script, user };
  const end = await ports.runCommand(command, 1000 * check.timeoutSeconds, signal);
  // the signal may have come while it ran: whatever ended it then was not the server
  if (isAborted(signal)) return stopped;
  const said = firstLine(end.output);
  if ('failed' in end && end.shortage === true) return { is: 'inconclusive', detail: end.failed };
  if ('failed' in end) return failed('script', `${end.failed}${said}`);
  const { status } = end;
  if (status === 0) return alive('exit status 0');
  if (check.dynamic && status >= 2)
    return { is: 'alive', detail: `exit status ${status}`, weight: { set: status - 2 } };
  return failed('script', `exit status ${status}${said}`);
}

/** Asked anew: TypeScript believes that it cannot have changed. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** `: cannot open /x`, without what would move a terminal's cursor. */
function firstLine(output = ''): string {
  const [line = ''] = output.split('\n', 1);
  const text = line
    .slice(0, LONGEST_LINE)
    .replace(/\p{Cc}/gu, ' ')
    .trim();
  return text === '' ? '' : `: ${text}`;
}
