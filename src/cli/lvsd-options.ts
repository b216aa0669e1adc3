import type { ParseOptions } from '../config/parse.js';
import { flag, type NoOrder, readCommand, text, type Values, type Wrong } from './arguments.js';
import { type DescribedOptions, type Manual, usageOf } from './manual.js';

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
  file: { ...text, short: 'f', value: 'FILE', fills: 'file', help: "configuration, in keepalived's language" },
  'config-id': {
    ...text,
    short: 'i',
    value: 'ID',
    help: "what its lines '@ID ...' are compared with (default: the host's name up to the first dot)",
  },
  state: {
    ...text,
    value: 'FILE',
    fills: 'file',
    help: "where run remembers what is ours (default: the file's, or $RUNTIME_DIRECTORY or /run/lvsd, director.json)",
  },
  control: {
    ...text,
    value: 'SOCKET',
    fills: 'file',
    help: "where lvsctl asks (default $RUNTIME_DIRECTORY or /run/lvsd, control.sock); 'none' for nowhere",
  },
  observe: {
    ...text,
    value: 'SECONDS',
    help: 'how often run looks whether somebody else changed the table (default 10)',
  },
  foreign: {
    ...text,
    value: 'adopt|refuse',
    fills: ['adopt', 'refuse'],
    help: 'a service of the file that somebody else made: take it over (default) or leave it alone',
  },
  log: {
    ...text,
    value: 'LEVEL',
    fills: ['debug', 'info', 'warn', 'error'],
    help: 'debug, info, warn or error (default info); JSON lines on stderr',
  },
  host: {
    ...flag,
    help: 'check: also what does not fit this machine: interfaces, addresses, scripts, users, who may read passwords',
  },
  strict: { ...flag, help: 'check: refuse what keepalived only logs' },
  json: { ...flag, help: 'check, plan: one JSON document instead of text' },
  'keepalived-exit-codes': {
    ...flag,
    help: "check: 4 the file itself, 5 any complaint of keepalived's, 6 an unsafe script or a fatal include",
  },
} as const;

export const lvsdManual: Manual = {
  program: 'lvsd',
  summary: 'a Linux Virtual Server director',
  synopsis: [
    'run -f FILE [OPTION...]',
    'check -f FILE [OPTION...]',
    'plan -f FILE [--json]',
    'convert|replay|realserver|token ...',
  ],
  about: [
    {
      title: 'Commands',
      terms: [
        ['run', 'run the director'],
        ['check', 'say everything that is wrong with a file'],
        ['plan', 'say what running it would change in the kernel, and change nothing'],
        ['convert', 'turn ipvsadm lines or ldirectord.cf into a configuration, and back (lvsd convert --help)'],
        ['replay', 'run captures through a configuration, without a device (lvsd replay --help)'],
        ['realserver', 'make this machine a real server (lvsd realserver --help)'],
        ['token', 'make a token for the REST API (lvsd token --help)'],
      ],
    },
    "The director that runs is asked with 'lvsctl' (lvsctl --help).",
    `SIGHUP reads the file again: what did not change is not touched, and a broken file changes nothing. SIGTERM and SIGINT end it: the table stays
    or is removed as the file's lvs_stop says. SIGUSR2 ends it for another one that follows at once: all stays.`,
  ],
  exit: '0 done, 1 refused or failed, 2 usage.',
};

/** As they are told. */
export const lvsdOptions: DescribedOptions = options;
const usage = usageOf(lvsdManual, options);

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
