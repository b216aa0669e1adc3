import type { TrackProcess } from '../../config/vrrp/vrrp.js';

/** A process as /proc tells of it. */
export interface ProcessFacts {
  /** /proc/PID/comm: at most 15 bytes of its name. */
  readonly comm: string;
  /** /proc/PID/cmdline: empty for a thread of the kernel. */
  readonly argv: readonly string[];
}

/** TASK_COMM_LEN less its end. */
const COMM_BYTES = 15;

/** Whether its command line has to be read, too. */
export const needsArguments = ({ fullCommand, match }: Pick<TrackProcess, 'fullCommand' | 'match'>): boolean =>
  fullCommand || match !== 'any';

/**
 * Whether it is one of those that are counted. As keepalived: without parameters and full_command the short name counts, else the program
 * as it was called. `initial`: the first parameters are these; `partial`: the last of them may go on. Pure.
 */
export function isMatch(tracked: Pick<TrackProcess, 'argv' | 'fullCommand' | 'match'>, facts: ProcessFacts): boolean {
  const [program = '', ...wanted] = tracked.argv;
  if (!needsArguments(tracked)) return facts.comm === cut(program);
  const [name, ...parameters] = facts.argv;
  if (name !== program) return false;
  switch (tracked.match) {
    case 'any':
      return true;
    case 'exact':
      return parameters.length === wanted.length && startsWith(parameters, wanted);
    case 'initial':
      return startsWith(parameters, wanted);
    case 'partial': {
      const last = wanted.at(-1) ?? '';
      return (
        startsWith(parameters, wanted.slice(0, -1)) && (parameters[wanted.length - 1]?.startsWith(last) ?? last === '')
      );
    }
  }
}

const startsWith = (parameters: readonly string[], wanted: readonly string[]): boolean =>
  wanted.every((one, i) => parameters[i] === one);

const cut = (program: string): string => Buffer.from(program).subarray(0, COMM_BYTES).toString();

/** quorum and quorum_max; a quorum_max of 0 wants that there is none. Pure. */
export const hasQuorum = ({ quorum, most }: Pick<TrackProcess, 'quorum' | 'most'>, count: number): boolean =>
  most === 0 ? count === 0 : count >= quorum && (most === undefined || count <= most);
