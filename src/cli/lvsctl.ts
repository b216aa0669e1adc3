import { nearest } from '../config/nearest.js';
import type { AnnouncerStatus } from '../announce/announcer.js';
import { planText } from '../director/print-plan.js';
import type { FailoverResult } from '../pair/pair.js';
import type { PairSeen } from '../pair/sync-report.js';
import type { PushResult, PushStatus } from '../pair/push-order.js';
import type { Change } from '../model/change.js';
import type { NoOrder } from './arguments.js';
import { announceText } from './announce.js';
import { ask, type Manner } from './ask.js';
import { candidates, candidatesText } from './complete.js';
import type { Request, Status } from './control.js';
import { type Explanation, explainText } from './explain.js';
import { answer, orSay, type Output } from './face.js';
import { printFleet } from './fleet.js';
import { type LbReply, lbRequestOf } from './lb.js';
import { commands } from './lvsctl-commands.js';
import type { Order, Usual } from './lvsctl-entry.js';
import { runtimeFile } from './lvsd-options.js';
import { overview } from './overview.js';
import { failoverText, printPair } from './pair.js';
import { printPush, pushStatusText } from './push.js';
import { statusText } from './status-text.js';
import { type PlainOutlook, plainOutlooksText } from './what-if.js';

/** What others' tools understand is handed on as it is, their options too; `--control` may stand before it. */
function readForeign(args: readonly string[], usual: Usual): Order | NoOrder | undefined {
  const isApart = args[0] === '--control';
  const path = isApart ? args[1] : /^--control=(.*)$/.exec(args[0] ?? '')?.[1];
  const request = lbRequestOf(args.slice(isApart ? 2 : path === undefined ? 0 : 1));
  if (request === undefined || 'help' in request) return request;
  return { path: path ?? usual.control, api: usual.api, json: false, request };
}

/** The place of the first word that is neither an option that every command has nor its value. */
function commandAt(args: readonly string[]): number {
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--control' || args[i] === '--api') i++;
    else if (args[i]?.startsWith('-') !== true) return i;
  }
  return -1;
}

const usualOf = (environment: NodeJS.ProcessEnv): Usual => ({
  control: runtimeFile(environment, 'control.sock'),
  api: runtimeFile(environment, 'api.sock'),
});

export function parseLvsctl(args: readonly string[], environment: NodeJS.ProcessEnv): Order | NoOrder {
  const usual = usualOf(environment);
  const foreign = readForeign(args, usual);
  if (foreign !== undefined) return foreign;
  const at = commandAt(args);
  const word = args[at];
  const command = commands.find(({ name }) => name === word);
  if (command !== undefined) return command.read(args.toSpliced(at, 1), usual);
  if (args.includes('-h') || args.includes('--help')) return { help: overview(commands) };
  const usage = "usage: lvsctl [OPTION...] COMMAND ...; 'lvsctl --help' lists the commands\n";
  return { wrong: word === undefined ? 'which command?' : `no command '${word}'${meantBy(word)}`, usage };
}

function meantBy(word: string): string {
  const meant = nearest(
    word,
    commands.map(({ name }) => name),
  );
  return meant === undefined ? '' : `; did you mean '${meant}'?`;
}

/** The face. Answers with the exit status. */
export const lvsctl = (args: readonly string[], output: Output, environment: NodeJS.ProcessEnv): Promise<number> =>
  orSay(output, 'lvsctl', () =>
    args[0] === COMPLETE
      ? complete(args.slice(1), output, environment)
      : answer('lvsctl', parseLvsctl(args, environment), output, (order) =>
          'own' in order
            ? order.run({ asked: order, output, environment, commands })
            : put(order, order.request, output),
        ),
  );

/** What shells ask; no command for people. */
const COMPLETE = '__complete';

async function complete(typed: readonly string[], output: Output, environment: NodeJS.ProcessEnv): Promise<number> {
  output.out(candidatesText(await candidates(typed, commands, usualOf(environment))));
  return 0;
}

/** Reading, reloading and confirming, each in the time that it may take. */
const PUSH_MS = 300_000;

async function put({ path, json }: Manner, request: Request, output: Output): Promise<number> {
  const result = await ask(path, request, request.do === 'push' ? PUSH_MS : undefined);
  if (request.do === 'pair') return printPair(result as PairSeen, json, output);
  if (request.do === 'push') return printPush(result as PushResult, json, output);
  if (request.do === 'fleet') return printFleet(request.order, result, json, output);
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
    case 'announce':
      return announceText(result as AnnouncerStatus);
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
