import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { planText } from '../director/print-plan.js';
import { LvsError } from '../errors.js';
import type { Change } from '../model/change.js';
import { systemClock } from '../system/clock.js';
import { reasonOf } from '../system/log.js';
import { type Answer, isWeight, type Request, type Status } from './control.js';
import { type LbReply, lbRequestOf, lbUsage } from './lb.js';
import { runtimeFile } from './lvsd-options.js';
import type { Output } from './realserver.js';
import { statusText } from './status-text.js';
import { readArguments, type Wrong } from './arguments.js';

export const lvsctlUsage = `usage: lvsctl [--control SOCKET] [--json] status              services, servers, checks, what was refused, drift
       lvsctl [--control SOCKET] [--json] plan                what a reload would change
       lvsctl [--control SOCKET] reload                       read the file again, as SIGHUP does
       lvsctl [--control SOCKET] weight SERVER NUMBER|file    hold a server's weight until it is 'file' again;
                                                              SERVER as status names it: 'tcp 192.0.2.1:80 -> 10.0.0.1:80'
${lbUsage}
Exit status: 0 done, 1 refused or nobody answers, 2 usage.
`;

interface Order {
  readonly path: string;
  readonly json: boolean;
  readonly request: Request;
}

/** What others' tools understand is handed on as it is, their options too; ours stand before it. */
function readForeign(
  args: readonly string[],
): { readonly own: readonly string[]; readonly request: Request } | undefined {
  const own = args[0] === '--control' ? args.slice(0, 2) : [];
  const request = lbRequestOf(args.slice(own.length));
  return request === undefined ? undefined : { own, request };
}

export function parseLvsctl(args: readonly string[], environment: NodeJS.ProcessEnv): Order | 'help' | Wrong {
  const foreign = readForeign(args);
  if (foreign !== undefined) {
    const path = foreign.own[1] ?? runtimeFile(environment, 'control.sock');
    return { path, json: false, request: foreign.request };
  }
  const read = readArguments(() => readWords(args));
  if ('wrong' in read) return read;
  const { values, positionals } = read;
  if (values.help === true) return 'help';
  const request = requestOf(positionals);
  if (typeof request === 'string') return { wrong: request };
  return { path: values.control ?? runtimeFile(environment, 'control.sock'), json: values.json ?? false, request };
}

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
  if (order === 'help') {
    output.out(lvsctlUsage);
    return 0;
  }
  if ('wrong' in order) {
    output.err(`lvsctl: ${order.wrong}\n${lvsctlUsage}`);
    return 2;
  }
  try {
    const answer = await ask(order.path, order.request);
    if (!answer.ok) {
      output.err(`lvsctl: ${answer.error}\n`);
      return 1;
    }
    if (order.request.do === 'lb') return print(answer.result as LbReply, output);
    output.out(order.json ? `${JSON.stringify(answer.result)}\n` : text(order.request, answer.result));
    return 0;
  } catch (error) {
    if (!(error instanceof LvsError)) throw error;
    output.err(`lvsctl: ${error.message}\n`);
    return 1;
  }
}

function print({ out, err }: LbReply, output: Output): number {
  output.out(out);
  output.err(err);
  return err === '' ? 0 : 1;
}

/** What came is what our own daemon made: a version that is not ours answers `not a request`. */
function text({ do: command }: Request, result: unknown): string {
  if (command === 'status') return statusText(result as Status);
  if (command === 'plan') return planText(result as Change[]);
  return 'done\n';
}

const TIMEOUT_MS = 60_000;

/** One request, one answer. @throws LvsError DIRECTOR_ABSENT */
function ask(path: string, request: Request): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let told = '';
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new LvsError('DIRECTOR_ABSENT', [path, reason]));
    };
    socket.setEncoding('utf8');
    const cancel = systemClock.after(TIMEOUT_MS, () => fail('no answer in time'));
    socket.once('close', cancel);
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('error', (error) => fail(reasonOf(error)));
    socket.once('end', () => fail('it closed the connection'));
    socket.on('data', (text: string) => {
      told += text;
      if (!told.endsWith('\n')) return;
      socket.destroy();
      resolve(JSON.parse(told) as Answer);
    });
  });
}
