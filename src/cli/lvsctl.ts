import { planText } from '../director/print-plan.js';
import type { FailoverResult } from '../pair/pair.js';
import type { PairSeen } from '../pair/sync-report.js';
import type { PushResult, PushStatus } from '../pair/push-order.js';
import type { Change } from '../model/change.js';
import { type Command, flag, type NoOrder, type Options, readSister, text, type Wrong } from './arguments.js';
import { ask, type Manner } from './ask.js';
import { capture, type CaptureArguments, captureCommand } from './capture.js';
import { isWeight, type Request, type Status } from './control.js';
import { explainCommand, type Explanation, explainText } from './explain.js';
import { answer, orSay, type Output } from './face.js';
import { type LbReply, lbRequestOf, lbUsage } from './lb.js';
import { runtimeFile } from './lvsd-options.js';
import { failoverCommand, failoverText, pairCommand, printPair } from './pair.js';
import { printPush, pushCommand, pushStatusText } from './push.js';
import { sessions, sessionsCommand, type SessionsOrder } from './sessions.js';
import { statusText } from './status-text.js';
import {
  type PlainOutlook,
  plainOutlooksText,
  whatIfCommand,
  whatIfOfFile,
  type WhatIfOrder,
  whatIfRequestOf,
} from './what-if.js';

const usage = `usage: lvsctl [--control SOCKET] [--json] status              services, servers, checks, the engine, what was refused, drift
       lvsctl [--control SOCKET] [--json] plan                what a reload would change
       lvsctl [--control SOCKET] reload                       read the file again, as SIGHUP does
       lvsctl [--control SOCKET] weight SERVER NUMBER|file    hold a server's weight until it is 'file' again;
                                                              SERVER as status names it: 'tcp 192.0.2.1:80 -> 10.0.0.1:80'
       lvsctl [--control SOCKET] [--json] pair                both directors beside each other, and what differs
       lvsctl [--control SOCKET] [--json] failover [--to WHERE] [INSTANCE...]
                                                              hands virtual routers over to the other director, or takes them
       lvsctl [--control SOCKET] [--json] push [-f FILE] [--at TIME|--in SECONDS] [--check]
                                                              one configuration into force on both directors, or on none
       lvsctl [--control SOCKET] [--json] explain PACKET      what becomes of a packet, step by step: 'tcp 198.51.100.7:40000 > 10.0.0.1:80'
       lvsctl [--control SOCKET] [--json] what-if --remove SERVER | --weight SERVER=N
                                                              slots and live sessions that would move
       lvsctl [--control SOCKET] [--json] sessions            those of the userspace engine
       lvsctl [--control SOCKET] capture [FILTER] -w FILE|-   the engine's packets before and after, as pcapng
                                                              'lvsctl COMMAND --help' says more of these seven
${lbUsage}
Exit status: 0 done, 1 refused or nobody answers, 2 usage.
`;

/** Something the director is asked, or something that lvsctl does itself. */
type Task =
  | { readonly request: Request }
  | { readonly own: 'capture'; readonly order: CaptureArguments }
  | { readonly own: 'sessions'; readonly order: SessionsOrder }
  | { readonly own: 'what-if'; readonly order: WhatIfOrder; readonly file: string };

type Order = Manner & Task;

/** What others' tools understand is handed on as it is, their options too; `--control` may stand before it. */
function readForeign(args: readonly string[], usual: string): Order | NoOrder | undefined {
  const isApart = args[0] === '--control';
  const path = isApart ? args[1] : /^--control=(.*)$/.exec(args[0] ?? '')?.[1];
  const request = lbRequestOf(args.slice(isApart ? 2 : path === undefined ? 0 : 1));
  if (request === undefined || 'help' in request) return request;
  return { path: path ?? usual, json: false, request };
}

/** The place of the first word that is neither an option that every command has nor its value. */
function commandAt(args: readonly string[]): number {
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--control') i++;
    else if (args[i]?.startsWith('-') !== true) return i;
  }
  return -1;
}

export function parseLvsctl(args: readonly string[], environment: NodeJS.ProcessEnv): Order | NoOrder {
  const usual = runtimeFile(environment, 'control.sock');
  const foreign = readForeign(args, usual);
  if (foreign !== undefined) return foreign;
  const at = commandAt(args);
  const read = commands.get(args[at] ?? '');
  return read === undefined ? readPlain(args, usual) : read(args.toSpliced(at, 1), usual);
}

/** What each command may be told. */
const shared = { control: text, json: flag } as const;

/** `usual`: the control socket, if nobody says another. */
type Read = (args: readonly string[], usual: string) => Order | NoOrder;

const reading =
  <O extends Options, Told extends object>(command: Command<O, Told>, taskOf: (told: Told) => Task): Read =>
  (args, usual) => {
    const read = readSister(args, command, shared);
    if (!('order' in read)) return read;
    const { control: path = usual, json } = read.shared;
    return { path, json, ...taskOf(read.order) };
  };

/** Those without options of their own. */
const readPlain = reading(
  { usage, options: {}, takesWords: true, read: (_, words) => requestOf(words) },
  (request) => ({ request }),
);

/** Those with options and a usage of their own, whose word is left out. */
const commands: ReadonlyMap<string, Read> = new Map([
  ['pair', reading(pairCommand, (request) => ({ request }))],
  ['failover', reading(failoverCommand, (request) => ({ request }))],
  ['push', reading(pushCommand, (request) => ({ request }))],
  ['explain', reading(explainCommand, (request) => ({ request }))],
  ['sessions', reading(sessionsCommand, (order) => ({ own: 'sessions', order }))],
  ['capture', reading(captureCommand, (order) => ({ own: 'capture', order }))],
  [
    'what-if',
    reading(whatIfCommand, (order) =>
      order.file === undefined ? { request: whatIfRequestOf(order) } : { own: 'what-if', order, file: order.file },
    ),
  ],
]);

function requestOf([command, server, weight, ...more]: readonly string[]): Request | Wrong {
  if (command === undefined) return { wrong: 'which command?' };
  if (command === 'status' || command === 'plan' || command === 'reload')
    return server === undefined ? { do: command } : { wrong: `'${server}' is one word too many` };
  if (command !== 'weight') return { wrong: `no command '${command}'` };
  if (server === undefined || weight === undefined || more.length > 0) return { wrong: 'weight SERVER NUMBER|file' };
  if (weight === 'file') return { do: 'weight', server, weight: null };
  const number = /^\d{1,10}$/.test(weight) ? Number(weight) : undefined;
  return isWeight(number) ? { do: 'weight', server, weight: number } : { wrong: `'${weight}' is not a weight` };
}

/** The face. Answers with the exit status. */
export const lvsctl = (args: readonly string[], output: Output, environment: NodeJS.ProcessEnv): Promise<number> =>
  orSay(output, 'lvsctl', () =>
    answer('lvsctl', parseLvsctl(args, environment), output, (order) =>
      'own' in order ? carryOut(order, output, environment) : put(order, order.request, output),
    ),
  );

async function carryOut(
  own: Exclude<Order, { readonly request: Request }>,
  output: Output,
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  switch (own.own) {
    case 'capture':
      return capture(own.order, own.path, output);
    case 'sessions':
      return sessions(own.order, own, output);
    case 'what-if':
      return whatIfOfFile(own.order, own.file, own, output, environment);
  }
}

/** Reading, reloading and confirming, each in the time that it may take. */
const PUSH_MS = 300_000;

async function put({ path, json }: Manner, request: Request, output: Output): Promise<number> {
  const result = await ask(path, request, request.do === 'push' ? PUSH_MS : undefined);
  if (request.do === 'pair') return printPair(result as PairSeen, json, output);
  if (request.do === 'push') return printPush(result as PushResult, json, output);
  if (request.do === 'lb') return print(result as LbReply, output);
  output.out(json ? `${JSON.stringify(result)}\n` : textOf(request, result));
  return 0;
}

function print({ out, err }: LbReply, output: Output): number {
  output.out(out);
  output.err(err);
  return err === '' ? 0 : 1;
}

/** What came is what our own daemon made: a version that is not ours answers `not a request`. */
function textOf(request: Request, result: unknown): string {
  switch (request.do) {
    case 'status':
      return statusText(result as Status);
    case 'push-status':
      return pushStatusText(result as PushStatus);
    case 'failover':
      return failoverText(result as FailoverResult);
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
