import { dirname, join, resolve } from 'node:path';
import { addon } from '../addon/addon.js';
import { openNetlink } from '../addon/netlink.js';
import { complaintsText } from '../cli/complaints.js';
import { type Order, readOptionsOf, runtimeFile } from '../cli/lvsd-options.js';
import type { Output } from '../cli/face.js';
import { formatDiagnostic } from '../config/diagnostics.js';
import type { Configuration } from '../config/configuration.js';
import { bundleOfFile, readConfigurationFile } from '../config/include.js';
import type { Reading } from '../config/read.js';
import { Reuse } from '../config/reuse.js';
import { ForwarderOfBoth } from '../dataplane/both.js';
import { LvsError } from '../errors.js';
import { Journal } from '../events/journal.js';
import { journalledLog } from '../events/journalled-log.js';
import { IpvsClient } from '../ipvs/client.js';
import { IpvsForwarder } from '../ipvs/forwarder.js';
import { Links } from '../links/links.js';
import { NETLINK_ROUTE } from '../links/uapi.js';
import { FwmarkTable } from '../netfilter/fwmark-table.js';
import { systemNft } from '../netfilter/nft.js';
import { Exchange } from '../netlink/exchange.js';
import { NETLINK_GENERIC } from '../netlink/generic.js';
import { appendedFile } from '../system/appended-file.js';
import { monotonicUs, systemClock, wallMs } from '../system/clock.js';
import { lineFile } from '../system/line-file.js';
import { descriptorSink, jsonLog, type Log, reasonOf } from '../system/log.js';
import { ServiceManager, takeManagerSettings } from '../system/notify-socket.js';
import { release } from '../system/release.js';
import { nextEnding, onSignals } from '../system/signals.js';
import { stateFile } from '../system/state-file.js';
import { systemSysctl } from '../system/sysctl.js';
import { kernelRoutes } from './announce-routes.js';
import { Daemon } from './daemon.js';
import { systemEngine, systemEngineSync } from './engine-system.js';
import { kernelAddresses } from './kernel-addresses.js';
import { systemKernelView } from './kernel-view.js';
import { fileSource } from './file-source.js';
import { mustBeIn } from './namespace.js';
import { EventsFollower } from './process-events.js';
import { PushFiles } from './push-files.js';
import { lockFolder } from './run-lock.js';
import { systemPorts } from './probe-ports.js';
import { startProcess } from './process-keeper.js';
import { SyncKeeper } from './sync-keeper.js';
import { VrrpKeeper } from './vrrp-keeper.js';

const STDERR = 2;
/** Another lvsd follows at once: all stays, whatever the file's lvs_stop says. */
const RESTART = 'SIGUSR2';

/** `lvsd run`, until a signal ends it. Answers with the exit status. */
export async function run(order: Order, output: Output, environment: NodeJS.ProcessEnv): Promise<number> {
  const plain = jsonLog(descriptorSink(STDERR), order.log);
  const journal = new Journal({
    wallMs,
    onTrouble: (operation, error) => plain.warn({ event: 'events.not-kept', operation, reason: reasonOf(error) }),
  });
  const log = journalledLog(plain, journal);
  const managed = takeManagerSettings(environment, process.pid);
  const options = { ...readOptionsOf(order, environment), reuse: new Reuse() };
  const statePathOf = ({ configuration }: Reading): string =>
    order.state ?? configuration?.globals.stateFile ?? runtimeFile(environment, 'director.json');
  let reading = readConfigurationFile(order.file, options);
  const isTakenBack = await takeBack(order.file, dirname(statePathOf(reading)), log);
  if (isTakenBack) reading = readConfigurationFile(order.file, options);
  if (reading.configuration === undefined) {
    output.err(complaintsText(reading.diagnostics));
    return 1;
  }
  await mustBeIn(reading.configuration);
  endOnMistakes(log);
  for (const warning of reading.diagnostics)
    log.warn({ event: 'config.complaint', complaint: formatDiagnostic(warning) });

  const path = statePathOf(reading);
  const folder = dirname(path);
  // what outlives the machine's next start
  const kept = environment['STATE_DIRECTORY']?.split(':')[0] ?? folder;
  const unlock = await lockFolder(folder, log);
  journal.open(lineFile(join(kept, 'events.jsonl')));
  const client = ipvsClient();
  const reader = ipvsClient(); // of its own: changes never wait behind a dump of everything
  const route = new Exchange(openNetlink(NETLINK_ROUTE), { now: () => systemClock.now() });
  const links = new Links(route);
  try {
    const kernel = await kernelOf(client, reading.configuration, log);
    const sync = new SyncKeeper({ folder, start: startProcess('sync', folder), clock: systemClock, log });
    const engine = systemEngine({
      path: join(folder, 'engine.sock'),
      version: release(),
      logFile: undefined,
      beforePorts: () => sync.restoreSessions(),
      clock: systemClock,
      log,
    });
    const vrrp = new VrrpKeeper({ folder, start: startProcess('vrrp', folder), clock: systemClock, log });
    // a SIGHUP that comes while we start means a file that we may have read before it changed
    const early = { asked: false };
    const started = onSignals(process, { SIGHUP: () => void (early.asked = true) });
    const ending = nextEnding(process, [RESTART]);
    const served: { daemon?: Daemon } = {};
    const manager = new ServiceManager({
      ...managed,
      send: (socket, text) => addon().sendUnixDatagram(socket, Buffer.from(text)),
      clock: systemClock,
      monotonicUs,
      status: () => served.daemon?.summary ?? 'starting',
      log,
    });
    const daemon = await Daemon.start(
      reading.configuration,
      {
        forwarder: new ForwarderOfBoth(kernel && new IpvsForwarder(kernel, reader), engine.forwarder),
        engine,
        ...(kernel === undefined ? {} : { settings: kernel, kernel: systemKernelView(reader) }),
        links,
        routes: kernelRoutes(links),
        addresses: kernelAddresses(systemClock),
        sysctl: systemSysctl(),
        marks: new FwmarkTable(systemNft()),
        vrrp,
        sync,
        engineSync: systemEngineSync({ engine, vrrp, clock: systemClock, log }),
        ...systemPorts(),
        journal,
        netlinkErrors: () => ({ ipvs: client.refused, 'ipvs-reader': reader.refused, route: route.refused }),
        manager,
        log,
      },
      {
        source: fileSource(order.file, options),
        files: bundleOfFile(reading.sources, options),
        state: stateFile(path),
        health: stateFile(join(folder, 'health.json')),
        made: stateFile(join(folder, 'made.json'), 0o600),
        webhooks: stateFile(join(kept, 'webhooks.json')),
        declared: appendedFile(join(kept, 'declared.jsonl')),
        fleet: {
          documents: stateFile(join(kept, 'fleet.json'), 0o600),
          announcements: stateFile(join(kept, 'announce.json')),
        },
        controlPath: order.control,
        observeMs: 1000 * order.observeSeconds,
        foreign: order.foreign,
      },
    );
    const quiet = onSignals(process, { SIGHUP: () => reloadInBackground(daemon) });
    const followers = [
      new EventsFollower({ process: 'vrrp', ask: (known) => vrrp.events(known), journal, clock: systemClock }),
      new EventsFollower({ process: 'sync', ask: (known) => sync.events(known), journal, clock: systemClock }),
    ];
    for (const follower of followers) follower.open();
    started();
    served.daemon = daemon;
    manager.started();
    if (early.asked) reloadInBackground(daemon);
    log.info({ event: 'daemon.started', file: order.file, control: order.control });
    const signal = await ending.why;
    log.info({ event: 'daemon.stopping', signal });
    manager.stopping();
    await daemon.stop(signal === RESTART ? 'keep' : undefined);
    for (const follower of followers) follower.close();
    quiet(); // until here a SIGHUP would have ended us before we are done
    log.info({ event: 'daemon.stopped' });
    manager.close();
    return 0;
  } finally {
    client.close();
    reader.close();
    links.close();
    await unlock();
  }
}

/** A push that was on trial when lvsd ended is over: what was before is in force. @returns whether there was one */
async function takeBack(file: string, folder: string, log: Log): Promise<boolean> {
  const files = new PushFiles(resolve(file));
  if (!(await files.isOnTrial())) return false;
  const unlock = await lockFolder(folder, log); // of an lvsd that runs it is not over
  try {
    log.warn({ event: 'pair.push-taken-back', push: await files.recover() });
    return true;
  } catch (error) {
    log.error({ event: 'pair.push-stuck', why: reasonOf(error) }); // a director with that file is better than none
    return false;
  } finally {
    await unlock();
  }
}

const ipvsClient = (): IpvsClient => new IpvsClient(openNetlink(NETLINK_GENERIC), systemClock);

/** undefined: this kernel has no IPVS, and nothing of the file needs it. @throws LvsError IPVS_UNAVAILABLE, IPVS_NOT_ALLOWED */
async function kernelOf(client: IpvsClient, file: Configuration, log: Log): Promise<IpvsClient | undefined> {
  try {
    await client.probe();
    return client;
  } catch (error) {
    const needsIt = file.virtualServers.some(({ services }) =>
      services.some(({ settings }) => settings.engine === undefined),
    );
    if (needsIt || !(error instanceof LvsError)) throw error;
    log.info({ event: 'daemon.without-ipvs', reason: error.message });
    return undefined;
  }
}

/** The log has its failure already. */
const reloadInBackground = (daemon: Daemon): void => {
  daemon.reload().catch(() => undefined);
};

/** A failure nobody waited for is a mistake of ours: better to end, with the table as it is, than to go on without knowing how. */
function endOnMistakes(log: Log): void {
  const end = (error: unknown): void => {
    log.error({ event: 'daemon.mistake', reason: reasonOf(error), stack: error instanceof Error ? error.stack : '' });
    process.exit(70);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}
