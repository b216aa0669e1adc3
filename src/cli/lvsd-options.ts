import type { ParseOptions } from '../config/parse.js';
import { flag, type NoOrder, readCommand, text, type Values, type Wrong } from './arguments.js';

const usage = `usage: lvsd run -f FILE [options]      run the director
       lvsd check -f FILE [options]    say everything that is wrong with a file
       lvsd plan -f FILE [--json]      say what running it would change in the kernel, and change nothing
       lvsd convert ...                turn ipvsadm lines or ldirectord.cf into a configuration, and back (lvsd convert --help)
       lvsd replay ...                 run captures through a configuration, without a device (lvsd replay --help)
       lvsd realserver ...             make this machine a real server (lvsd realserver --help)
       lvsctl status|plan|reload       ask the director that runs (lvsctl --help)

  -f, --file FILE        configuration, in keepalived's language
  -i, --config-id ID     what its lines '@ID ...' are compared with (default: the host's name up to the first dot)
      --state FILE       where run remembers what is ours (default: the file's, or $RUNTIME_DIRECTORY or /run/lvsd, director.json)
      --control SOCKET   where lvsctl asks (default $RUNTIME_DIRECTORY or /run/lvsd, control.sock); 'none' for nowhere
      --observe SECONDS  how often run looks whether somebody else changed the table (default 10)
      --foreign adopt|refuse
                         a service of the file that somebody else made: take it over (default) or leave it alone
      --log LEVEL        debug, info, warn or error (default info); JSON lines on stderr

check:
      --host             also what does not fit this machine: interfaces, addresses, scripts, users, who may read passwords
      --strict           refuse what keepalived only logs
      --json             one JSON document instead of text
      --keepalived-exit-codes
                         4 the file itself, 5 any complaint of keepalived's, 6 an unsafe script or a fatal include

SIGHUP reads the file again: what did not change is not touched, and a broken file changes nothing. SIGTERM and SIGINT end it:
the table stays or is removed as the file's lvs_stop says.

Exit status: 0 done, 1 refused or failed, 2 usage.
`;

export interface Order {
  readonly command: 'run' | 'check' | 'plan';
  readonly file: string;
  /** undefined: the host's name. */
  readonly configId: string | undefined;
  readonly json: boolean;
  /** check: look at this machine too. */
  readonly host: boolean;
  /** check: what keepalived only logs is an error. */
  readonly strict: boolean;
  readonly keepalivedExitCodes: boolean;
  readonly state: string | undefined;
  /** undefined: no socket. */
  readonly control: string | undefined;
  readonly observeSeconds: number;
  readonly foreign: 'adopt' | 'refuse';
  readonly log: 'debug' | 'info' | 'warn' | 'error';
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const isCommand = (word: string | undefined): word is Order['command'] =>
  word === 'run' || word === 'check' || word === 'plan';

/** Where a director keeps what only lives as long as the machine. */
export const runtimeFile = (environment: NodeJS.ProcessEnv, name: string): string =>
  `${environment['RUNTIME_DIRECTORY']?.split(':')[0] ?? '/run/lvsd'}/${name}`;

/** How the order's file is read. */
export const readOptionsOf = ({ configId }: Pick<Order, 'configId'>, environment: NodeJS.ProcessEnv): ParseOptions => ({
  environment,
  ...(configId === undefined ? {} : { configId }),
});

const options = {
  file: { ...text, short: 'f' },
  'config-id': { ...text, short: 'i' },
  json: flag,
  host: flag,
  strict: flag,
  'keepalived-exit-codes': flag,
  state: text,
  control: text,
  observe: text,
  foreign: text,
  log: text,
} as const;

export function parseLvsd(args: readonly string[], environment: NodeJS.ProcessEnv): Order | NoOrder {
  if (args[0] === 'help') return { help: usage };
  return readCommand(args, {
    usage,
    options,
    takesWords: true,
    read: (values, words) => readOrder(values, words, runtimeFile(environment, 'control.sock')),
  });
}

/** `usual`: the control socket, if nobody says another. */
function readOrder(values: Values<typeof options>, words: readonly string[], usual: string): Order | Wrong {
  const [command, ...more] = words;
  if (!isCommand(command)) return { wrong: command === undefined ? 'which command?' : `no command '${command}'` };
  if (more.length > 0) return { wrong: `'${more.join(' ')}' is one word too many` };
  const stranger = ONLY_CHECK.find((option) => values[option] && command !== 'check');
  if (stranger !== undefined) return { wrong: `--${stranger} goes with check` };
  const { file, json, host, strict, state, control = usual, observe = '10', foreign = 'adopt', log = 'info' } = values;
  if (file === undefined) return { wrong: 'which file? -f FILE' };
  const observeSeconds = /^\d{1,6}(\.\d{1,3})?$/.test(observe) ? Number(observe) : 0;
  if (observeSeconds <= 0) return { wrong: `--observe is a number of seconds, not '${observe}'` };
  if (foreign !== 'adopt' && foreign !== 'refuse') return { wrong: `--foreign is adopt or refuse, not '${foreign}'` };
  const level = LEVELS.find((one) => one === log);
  if (level === undefined) return { wrong: `--log is ${LEVELS.join(', ')}, not '${log}'` };
  return {
    command,
    file,
    configId: values['config-id'],
    json,
    host,
    strict,
    keepalivedExitCodes: values['keepalived-exit-codes'],
    state,
    control: control === 'none' ? undefined : control,
    observeSeconds,
    foreign,
    log: level,
  };
}

const ONLY_CHECK = ['host', 'strict', 'keepalived-exit-codes'] as const;
