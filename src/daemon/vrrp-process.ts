import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAdvertPort } from '../addon/advert-port.js';
import { flag, type NoOrder, readCommand, text } from '../cli/arguments.js';
import { answer, type Output } from '../cli/face.js';
import { runtimeFile } from '../cli/lvsd-options.js';
import { journalledLog } from '../events/journalled-log.js';
import { systemClock, wallMs } from '../system/clock.js';
import { descriptorSink, jsonLog, type Log, reasonOf } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';
import { nextEnding } from '../system/signals.js';
import { type StateFile, stateFile } from '../system/state-file.js';
import { serveControl } from './control.js';
import { EventsBoard } from './process-events.js';
import { lockFolder, lockOfVrrp } from './run-lock.js';
import type { VrrpHolder } from './vrrp-holder.js';
import { decodeVrrpRequest, type VrrpOrder, type VrrpRequest } from './vrrp-order.js';
import { systemHolder } from './vrrp-system.js';

const STDERR = 2;
const SECRET = 0o600;

const usage = `usage: lvsd vrrp [--folder DIR] [--no-realtime]

The process that holds the virtual addresses. lvsd run starts it, tells it its configuration, and starts it again if it dies. It lives on when lvsd
dies, and lets go only when it is told to.

  --folder DIR   of its socket and of what it remembers (default $RUNTIME_DIRECTORY or /run/lvsd)
  --no-realtime  the sending thread is an ordinary one

Exit status: 0 done, 1 refused or failed, 2 usage.
`;

interface ProcessOrder {
  readonly folder: string;
  readonly realtime: boolean;
}

const parse = (args: readonly string[], environment: NodeJS.ProcessEnv): ProcessOrder | NoOrder =>
  readCommand(args, {
    usage,
    options: { folder: text, 'no-realtime': flag },
    read: ({ folder, 'no-realtime': ordinary }) => ({
      folder: folder ?? runtimeFile(environment, ''),
      realtime: !ordinary,
    }),
  });

/** `lvsd vrrp`, until it is told to let go. Answers with the exit status. */
export async function vrrpProcess(
  args: readonly string[],
  output: Output,
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  return answer('lvsd vrrp', parse(args, environment), output, run);
}

/** Files of one process in its folder. */
export const vrrpFiles = (
  folder: string,
): { readonly socket: string; readonly order: string; readonly memory: string } => ({
  socket: join(folder, 'vrrp.sock'),
  order: join(folder, 'vrrp.json'),
  memory: join(folder, 'vrrp.masters'),
});

async function run({ folder, realtime }: ProcessOrder): Promise<number> {
  const events = new EventsBoard(systemClock, wallMs);
  const log = journalledLog(jsonLog(descriptorSink(STDERR), 'info'), events.journal);
  const files = vrrpFiles(folder);
  const unlock = await lockFolder(folder, log, lockOfVrrp);
  const kept = stateFile(files.order, SECRET);
  const adverts = openAdvertPort({ realtimePriority: realtime ? 50 : 0, lockMemory: realtime });
  const { thread } = adverts;
  if (realtime && !thread.isRealtime) log.warn({ event: 'vrrp.not-realtime', errno: thread.realtimeErrno });
  const holder = await systemHolder({ adverts, log, folder, memoryPath: files.memory, bootId: bootId() });
  const ending = nextEnding(process);
  /** One at a time, and none after the end: the file says what is in force. */
  const orders = new Mailbox();
  const take = async (order: VrrpOrder): Promise<void> => {
    await holder.follow(order);
    await kept
      .write(JSON.stringify({ bootId: bootId(), order }))
      .catch((error: unknown) =>
        log.warn({ event: 'vrrp.not-remembered', path: files.order, reason: reasonOf(error) }),
      );
  };
  // before anything newer that we are told, and not if another one runs
  let begin = (): void => undefined;
  const alone = new Promise<void>((resolve) => (begin = resolve));
  const resumed = orders.post(() => alone.then(() => resume(kept, holder, log)));
  const answers = async (request: VrrpRequest): Promise<unknown> => {
    switch (request.do) {
      case 'hello':
        return undefined;
      case 'status':
        return holder.report();
      case 'sessions':
        return holder.sessions(request.known);
      case 'roles':
        return holder.roles(request.known);
      case 'events':
        return events.since(request.known);
      case 'synced':
        holder.synced(request.why);
        return undefined;
      case 'pair':
        return holder.pair.report();
      case 'tell-pair':
        holder.pair.tell(request.news);
        return undefined;
      case 'failover':
        return holder.pair.failover(request.order);
      case 'stop':
        ending.end('request');
        return undefined;
      case 'configure':
        return orders.post(() => take(request.order));
    }
  };
  const close = await serveControl(
    files.socket,
    { decode: decodeVrrpRequest, answer: answers },
    { log, clock: adverts.clock },
  );
  begin();
  log.info({ event: 'vrrp.started', socket: files.socket, resumed: await resumed });
  const why = await ending.why;
  log.info({ event: 'vrrp.stopping', why });
  await orders.close();
  await holder.stop();
  await kept.remove();
  adverts.close();
  await close(); // who holds a line to us sees the end, and that is it
  await unlock();
  events.close();
  log.info({ event: 'vrrp.stopped' });
  return 0;
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();

/** What a process before us was told in this boot: we need not wait for the director, who may be gone. @returns whether there was something */
async function resume(kept: StateFile, holder: VrrpHolder, log: Log): Promise<boolean> {
  try {
    const before = JSON.parse((await kept.read()) ?? 'null') as {
      readonly bootId: string;
      readonly order: VrrpOrder;
    } | null;
    if (before?.bootId !== bootId()) return false;
    await holder.follow(before.order, true);
    return true;
  } catch (error) {
    log.warn({ event: 'vrrp.not-resumed', path: kept.path, reason: reasonOf(error) });
    return false;
  }
}
