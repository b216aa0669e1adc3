import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openNetlink } from '../addon/netlink.js';
import { type NoOrder, readCommand, text } from '../cli/arguments.js';
import { exchange } from '../cli/ask.js';
import { answer, type Output } from '../cli/face.js';
import { runtimeFile } from '../cli/lvsd-options.js';
import { openBackupDaemon, queueOf } from '../connsync/backup-daemon.js';
import { connectionTableFile } from '../connsync/table-file.js';
import { EngineClient } from '../dataplane/client.js';
import { LvsError } from '../errors.js';
import { IpvsClient } from '../ipvs/client.js';
import type { SyncDaemon } from '../ipvs/rows.js';
import { NETLINK_GENERIC } from '../netlink/generic.js';
import { LONGEST_QUESTION } from '../pair/questions.js';
import { systemSecureNetwork } from '../pair/secure.js';
import { journalledLog } from '../events/journalled-log.js';
import { systemClock, wallMs } from '../system/clock.js';
import { descriptorSink, jsonLog } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';
import { idleProcessors } from '../system/processors.js';
import { systemRandom } from '../system/random.js';
import { nextEnding } from '../system/signals.js';
import { stateFile } from '../system/state-file.js';
import type { Role } from '../vrrp/machine-types.js';
import type { BoardNews } from './board.js';
import { serveControl } from './control.js';
import { EventsBoard } from './process-events.js';
import { SyncHolder } from './sync-holder.js';
import { decodeSyncRequest, type SyncRequest } from './sync-order.js';
import type { VrrpRequest } from './vrrp-order.js';
import { vrrpFiles } from './vrrp-process.js';

const STDERR = 2;
const SECRET = 0o600;

const usage = `usage: lvsd sync [--folder DIR]

The process that keeps the connections of two directors alike (pair_peer in global_defs). lvsd run starts it, tells it its configuration, and starts
it again if it dies. It lives on when lvsd dies.

  --folder DIR   of its socket and of what it remembers (default $RUNTIME_DIRECTORY or /run/lvsd)

Exit status: 0 done, 1 refused or failed, 2 usage.
`;

interface ProcessOrder {
  readonly folder: string;
}

const parse = (args: readonly string[], environment: NodeJS.ProcessEnv): ProcessOrder | NoOrder =>
  readCommand(args, {
    usage,
    options: { folder: text },
    read: ({ folder }) => ({ folder: folder ?? runtimeFile(environment, '') }),
  });

/** `lvsd sync`, until it is told to end. Answers with the exit status. */
export async function syncProcess(
  args: readonly string[],
  output: Output,
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  return answer('lvsd sync', parse(args, environment), output, run);
}

/** Files of one process in its folder. */
export const syncFiles = (folder: string): { readonly socket: string; readonly memory: string } => ({
  socket: join(folder, 'sync.sock'),
  memory: join(folder, 'sync.json'),
});

async function run({ folder }: ProcessOrder): Promise<number> {
  const clock = systemClock;
  const events = new EventsBoard(clock, wallMs);
  const log = journalledLog(jsonLog(descriptorSink(STDERR), 'info'), events.journal);
  const files = syncFiles(folder);
  let ipvs: IpvsClient | undefined;
  const holder = new SyncHolder({
    network: systemSecureNetwork,
    clock,
    random: systemRandom,
    log,
    kernel: () => Promise.resolve((ipvs ??= new IpvsClient(openNetlink(NETLINK_GENERIC), clock))),
    table: connectionTableFile(),
    idle: idleProcessors(),
    openSink: (daemon) => openBackupDaemon(daemon, clock),
    lostMessages: lostOf,
    connectEngine: (events) => EngineClient.connect({ path: join(folder, 'engine.sock'), clock, ...events }),
    roles: async (known) => (await askVrrp(folder, { do: 'roles', known })) as BoardNews<Role>,
    tellSynced: async (why) => {
      await askVrrp(folder, { do: 'synced', why });
    },
    memory: stateFile(files.memory, SECRET),
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
  });
  const ending = nextEnding(process);
  const orders = new Mailbox();
  const answers = async (request: SyncRequest): Promise<unknown> => {
    switch (request.do) {
      case 'hello':
        return undefined;
      case 'status':
        return holder.report();
      case 'restore':
        return holder.restore();
      case 'ask':
        return holder.ask(request.question, request.withinMs);
      case 'events':
        return events.since(request.known);
      case 'next-question':
        return holder.nextQuestion();
      case 'answer':
        holder.answer(request.id, request.answer);
        return undefined;
      case 'stop':
        ending.end('request');
        return undefined;
      case 'configure':
        return orders.post(() => holder.follow(request.order));
    }
  };
  const close = await serveControl(
    files.socket,
    { decode: decodeSyncRequest, answer: answers, longest: LONGEST_REQUEST },
    { log, clock },
  );
  log.info({ event: 'sync.started', socket: files.socket });
  const why = await ending.why;
  log.info({ event: 'sync.stopping', why });
  await orders.close();
  await holder.stop();
  ipvs?.close();
  events.close();
  await close();
  log.info({ event: 'sync.stopped' });
  return 0;
}

/** Characters: a question, and what is around it. */
const LONGEST_REQUEST = LONGEST_QUESTION + 1024;

function lostOf(daemon: SyncDaemon): number | undefined {
  const queue = queueOf(daemon);
  try {
    return queue.lost();
  } finally {
    queue.close();
  }
}

/** @throws LvsError DIRECTOR_SAYS_NO, DIRECTOR_ABSENT */
async function askVrrp(folder: string, request: VrrpRequest): Promise<unknown> {
  const told = await exchange(vrrpFiles(folder).socket, request);
  if (!told.ok) throw new LvsError('DIRECTOR_SAYS_NO', [told.error]);
  return told.result;
}
