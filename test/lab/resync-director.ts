/**
 * One side of a resync as a process, so that it can be in a host of the lab:
 *
 *     node resync-director.js running SOCKET            answers each that asks, until standard input ends; says `ready`, then a report per
 *                                                       newcomer
 *     node resync-director.js newcomer SOCKET [lossy]   asks, and says the report; a backup daemon runs in this host. lossy: every fourth
 *                                                       message is lost on its way to the kernel
 *     node resync-director.js broadcast INTERFACE ID [when-told]
 *                                                       sends the table to the group of this interface, and says the report. when-told: says
 *                                                       `ready` and waits for a line first
 *     node resync-director.js fill COUNT KIND           gives this host's backup daemon connections of resync-crowd.ts
 *
 * What it says are lines of JSON; the longest time that its event loop was held up is among them.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type MessageSink, openBackupDaemon, openSyncGroup } from '../../src/connsync/backup-daemon.js';
import type { ReplayReport } from '../../src/connsync/lines.js';
import { MessageWriter } from '../../src/connsync/message.js';
import { takeConnections } from '../../src/connsync/newcomer.js';
import type { RunningOptions } from '../../src/connsync/replay.js';
import { broadcastConnections, defaultPace, giveConnections } from '../../src/connsync/running.js';
import { connectionTableFile } from '../../src/connsync/table-file.js';
import type { SyncDaemon } from '../../src/ipvs/rows.js';
import { openIpvs } from '../../src/library/ipvs.js';
import { systemClock } from '../../src/system/clock.js';
import { idleProcessors } from '../../src/system/processors.js';
import { crowd, type CrowdKind } from './resync-crowd.js';

export interface DirectorSaid {
  readonly report?: ReplayReport;
  readonly error?: string;
  readonly seconds: number;
  /** Longest delay of a timer; CPU time that this process used, seconds; and its memory at most, MB. */
  readonly heldMs: number;
  readonly cpuSeconds: number;
  readonly memoryMb: number;
}

const [role = '', where = '', what = '', when = ''] = process.argv.slice(2);
const ipvs = await openIpvs();
const clock = systemClock;
const table = connectionTableFile();

const pace = { ...defaultPace, ...(JSON.parse(process.env['PACE'] ?? '{}') as object) };
const options: RunningOptions = {
  clock,
  table,
  services: () => ipvs.list({ statistics: false }),
  pace,
  idle: idleProcessors(),
};

/** So often it is looked whether the event loop turns: each look costs a guest some of its time. */
const LOOK_MS = 10;

async function measured(work: () => Promise<ReplayReport | undefined>): Promise<void> {
  const delays = monitorEventLoopDelay({ resolution: LOOK_MS });
  delays.enable();
  const began = clock.now();
  const used = process.cpuUsage();
  const told = await work().then(
    (report) => (report === undefined ? {} : { report }),
    (error: unknown) => ({ error: String(error) }),
  );
  const { user, system } = process.cpuUsage(used);
  const seconds = (clock.now() - began) / 1000;
  const said: DirectorSaid = {
    ...told,
    seconds,
    heldMs: Math.max(0, delays.max / 1e6 - LOOK_MS),
    cpuSeconds: (user + system) / 1e6,
    memoryMb: process.resourceUsage().maxRSS / 1000,
  };
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

async function backup(): Promise<SyncDaemon> {
  const daemon = (await ipvs.daemons()).find(({ state }) => state === 'backup');
  if (daemon === undefined) throw new Error('no backup daemon runs in this host');
  return daemon;
}

function losing(sink: MessageSink): MessageSink {
  let count = 0;
  return {
    send: (message) => (count++ % 4 === 0 ? Promise.resolve() : sink.send(message)),
    drained: () => sink.drained(),
    close: () => sink.close(),
  };
}

switch (role) {
  case 'running':
    createServer((socket) => void measured(() => giveConnections(socket, options))).listen(where, () =>
      process.stdout.write('ready\n'),
    );
    process.stdin.on('end', () => process.exit()).resume();
    break;
  case 'newcomer': {
    const daemon = await backup();
    const opened = await openBackupDaemon(daemon, clock);
    const sink = what === 'lossy' ? losing(opened) : opened;
    const seed = Math.floor(Math.random() * 2 ** 32);
    await measured(() => takeConnections({ stream: connect(where), clock, table, daemon, sink, seed }));
    process.exit();
    break;
  }
  case 'broadcast': {
    const sink = await openSyncGroup({ state: 'master', interface: where, syncId: Number(what) });
    if (when === 'when-told') {
      process.stdout.write('ready\n');
      await once(process.stdin, 'data');
    }
    await measured(() => broadcastConnections(sink, options, { syncId: Number(what), maxLength: 1472 }));
    process.exit();
    break;
  }
  case 'fill': {
    const daemon = await backup();
    const sink = await openBackupDaemon(daemon, clock);
    const writer = new MessageWriter(daemon.syncId, daemon.maxLength ?? 1472);
    await measured(async () => {
      for (const connection of crowd(Number(where), what as CrowdKind)) {
        const message = writer.add(connection);
        if (message === 'too-long') throw new Error('a connection is too long');
        if (message !== undefined) await sink.send(message);
      }
      const last = writer.flush();
      if (last !== undefined) await sink.send(last);
      await sink.drained();
      return undefined;
    });
    process.exit();
    break;
  }
  default:
    throw new Error(`resync-director: ${role}?`);
}
