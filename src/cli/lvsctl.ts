import { parseArgs } from 'node:util';
import { planText } from '../director/print-plan.js';
import { LvsError } from '../errors.js';
import type { Change } from '../model/change.js';
import { readArguments, type Wrong } from './arguments.js';
import { ask } from './ask.js';
import { capture, type CaptureArguments, captureUsage, parseCapture } from './capture.js';
import { isWeight, type Request, type Status } from './control.js';
import { type Explanation, explainText, explainUsage, parseExplain } from './explain.js';
import { type LbReply, lbRequestOf, lbUsage } from './lb.js';
import { runtimeFile } from './lvsd-options.js';
import type { Output } from './realserver.js';
import { parseSessions, sessions, type SessionsOrder, sessionsUsage } from './sessions.js';
import { statusText } from './status-text.js';
import {
  parseWhatIf,
  type PlainOutlook,
  plainOutlooksText,
  whatIfOfFile,
  type WhatIfOrder,
  whatIfRequestOf,
  whatIfUsage,
} from './what-if.js';

export const lvsctlUsage = `usage: lvsctl [--control SOCKET] [--json] status              services, servers, checks, the engine, what was refused, drift
       lvsctl [--control SOCKET] [--json] plan                what a reload would change
       lvsctl [--control SOCKET] reload                       read the file again, as SIGHUP does
       lvsctl [--control SOCKET] weight SERVER NUMBER|file    hold a server's weight until it is 'file' again;
                                                              SERVER as status names it: 'tcp 192.0.2.1:80 -> 10.0.0.1:80'
       lvsctl [--control SOCKET] [--json] explain PACKET      what becomes of a packet, step by step: 'tcp 198.51.100.7:40000 > 10.0.0.1:80'
       lvsctl [--control SOCKET] [--json] what-if --remove SERVER | --weight SERVER=N
                                                              slots and live sessions that would move
       lvsctl [--control SOCKET] [--json] sessions            those of the userspace engine
       lvsctl [--control SOCKET] capture [FILTER] -w FILE|-   the engine's packets before and after, as pcapng
                                                              'lvsctl COMMAND --help' says more of these four
${lbUsage}
Exit status: 0 done, 1 refused or nobody answers, 2 usage.
`;

/** Something the director is asked. */
interface Order {
  readonly path: string;
  readonly json: boolean;
  readonly request: Request;
}

/** Something that lvsctl does itself. `path`: the control socket. */
type OwnOrder =
  | { readonly path: string; readonly own: 'capture'; readonly order: CaptureArguments }
  | { readonly path: string; readonly own: 'sessions'; readonly order: SessionsOrder }
  | { readonly path: string; readonly own: 'what-if'; readonly order: WhatIfOrder; readonly file: string };

/** A command line that is none; its command's usage, if it has one. */
interface Refusal extends Wrong {
  readonly usage?: string;
}

/** What others' tools understand is handed on as it is, their options too; ours stand before it. */
function readForeign(
  args: readonly string[],
): { readonly own: readonly string[]; readonly request: Request } | undefined {
  const own = args[0] === '--control' ? args.slice(0, 2) : [];
  const request = lbRequestOf(args.slice(own.length));
  return request === undefined ? undefined : { own, request };
}

/** The place of the first word that is neither an option that every command has nor its value. */
function commandAt(args: readonly string[]): number {
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--control') i++;
    else if (args[i]?.startsWith('-') !== true) return i;
  }
  return -1;
}

type Parsed = Order | OwnOrder | 'help' | { readonly help: string } | Refusal;

export function parseLvsctl(args: readonly string[], environment: NodeJS.ProcessEnv): Parsed {
  const usual = runtimeFile(environment, 'control.sock');
  const foreign = readForeign(args);
  if (foreign !== undefined) return { path: foreign.own[1] ?? usual, json: false, request: foreign.request };
  const at = commandAt(args);
  const commandOfItsOwn = commands.get(args[at] ?? '');
  if (commandOfItsOwn !== undefined) {
    const { usage, parse } = commandOfItsOwn;
    const parsed = parse(args.toSpliced(at, 1), usual);
    if (parsed === 'help') return { help: usage };
    return 'wrong' in parsed ? { ...parsed, usage } : parsed;
  }
  const read = readArguments(() => readWords(args));
  if ('wrong' in read) return read;
  const { values, positionals } = read;
  if (values.help === true) return 'help';
  const request = requestOf(positionals);
  if (typeof request === 'string') return { wrong: request };
  return { path: values.control ?? usual, json: values.json ?? false, request };
}

interface Command {
  readonly usage: string;
  /** Without the command's own word; `usual`: the control socket, if nobody says another. */
  readonly parse: (args: readonly string[], usual: string) => Order | OwnOrder | 'help' | Wrong;
}

/** Commands with options of their own. */
const commands: ReadonlyMap<string, Command> = new Map([
  [
    'explain',
    {
      usage: explainUsage,
      parse: (args, usual) =>
        map(parseExplain(args), ({ request, json, control }) => ({ path: control ?? usual, json, request })),
    },
  ],
  [
    'what-if',
    {
      usage: whatIfUsage,
      parse: (args, usual) =>
        map(parseWhatIf(args), (order): Order | OwnOrder => {
          const path = order.control ?? usual;
          const { file, json } = order;
          return file === undefined
            ? { path, json, request: whatIfRequestOf(order) }
            : { path, own: 'what-if', order, file };
        }),
    },
  ],
  [
    'sessions',
    {
      usage: sessionsUsage,
      parse: (args, usual) =>
        map(parseSessions(args), (order) => ({ path: order.control ?? usual, own: 'sessions', order })),
    },
  ],
  [
    'capture',
    {
      usage: captureUsage,
      parse: (args, usual) =>
        map(parseCapture(args), (order) => ({ path: order.control ?? usual, own: 'capture', order })),
    },
  ],
] satisfies readonly (readonly [string, Command])[]);

const map = <T extends object>(
  parsed: T | 'help' | Wrong,
  then: (order: T) => Order | OwnOrder,
): Order | OwnOrder | 'help' | Wrong => (parsed === 'help' || 'wrong' in parsed ? parsed : then(parsed));

const readWords = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: true,
    options: { control: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });

function requestOf([command, server, weight, ...more]: readonly string[]): Request | string {
  if (command === undefined) return 'which command?';
  if (command === 'status' || command === 'plan' || command === 'reload')
    return server === undefined ? { do: command } : `'${server}' is one word too many`;
  if (command !== 'weight') return `no command '${command}'`;
  if (server === undefined || weight === undefined || more.length > 0) return 'weight SERVER NUMBER|file';
  if (weight === 'file') return { do: 'weight', server, weight: null };
  const number = /^\d{1,10}$/.test(weight) ? Number(weight) : undefined;
  return isWeight(number) ? { do: 'weight', server, weight: number } : `'${weight}' is not a weight`;
}

/** The face. Answers with the exit status. */
export async function lvsctl(args: readonly string[], output: Output, environment: NodeJS.ProcessEnv): Promise<number> {
  const order = parseLvsctl(args, environment);
  if (order === 'help' || 'help' in order) {
    output.out(order === 'help' ? lvsctlUsage : order.help);
    return 0;
  }
  if ('wrong' in order) {
    output.err(`lvsctl: ${order.wrong}\n${order.usage ?? lvsctlUsage}`);
    return 2;
  }
  try {
    return await ('own' in order ? carryOut(order, output, environment) : put(order, output));
  } catch (error) {
    if (!(error instanceof LvsError)) throw error;
    output.err(`lvsctl: ${error.message}\n`);
    return 1;
  }
}

async function carryOut(own: OwnOrder, output: Output, environment: NodeJS.ProcessEnv): Promise<number> {
  switch (own.own) {
    case 'capture':
      return capture(own.order, own.path, output);
    case 'sessions':
      return sessions(own.order, own.path, output);
    case 'what-if':
      return whatIfOfFile(own.order, own.file, output, environment);
  }
}

async function put({ path, json, request }: Order, output: Output): Promise<number> {
  const result = await ask(path, request);
  if (request.do === 'lb') return print(result as LbReply, output);
  output.out(json ? `${JSON.stringify(result)}\n` : text(request, result));
  return 0;
}

function print({ out, err }: LbReply, output: Output): number {
  output.out(out);
  output.err(err);
  return err === '' ? 0 : 1;
}

/** What came is what our own daemon made: a version that is not ours answers `not a request`. */
function text(request: Request, result: unknown): string {
  switch (request.do) {
    case 'status':
      return statusText(result as Status);
    case 'plan':
      return planText(result as Change[]);
    case 'explain':
      return explainText(result as Explanation);
    case 'what-if':
      return plainOutlooksText(request.supposed, result as PlainOutlook[]);
    default:
      return 'done\n';
  }
}
