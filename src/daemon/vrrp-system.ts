import { join } from 'node:path';
import { openDatagram } from '../addon/datagrams.js';
import { openNetlink } from '../addon/netlink.js';
import { IpvsClient } from '../ipvs/client.js';
import { NETLINK_GENERIC } from '../netlink/generic.js';
import { VrrpNotify } from '../notify/vrrp-notify.js';
import { sendBySmtp } from '../notify/smtp.js';
import { systemClock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import { systemRandom } from '../system/random.js';
import { stateFile } from '../system/state-file.js';
import type { AdvertPort } from '../vrrp/ports.js';
import { lackedCapabilities } from './capabilities.js';
import { Commands } from './commands.js';
import { processTable } from './process-table.js';
import { VrrpHolder } from './vrrp-holder.js';
import { openVrrpNetwork } from './vrrp-network.js';
import { VrrpNews } from './vrrp-news.js';
import { VrrpStatics } from './vrrp-statics.js';
import { VrrpSyncDaemon } from './vrrp-sync-daemon.js';
import { HolderTrackers } from './vrrp-trackers.js';

export interface SystemHolderOptions {
  readonly adverts: AdvertPort;
  readonly log: Log;
  /** Of what is remembered. */
  readonly folder: string;
  readonly memoryPath: string;
  readonly bootId: string;
}

/** The holder of the network namespace that we are in, with everything real around it. @throws LvsError NETLINK_SOCKET, LINK_REFUSED */
export async function systemHolder({ adverts, log, folder, ...rest }: SystemHolderOptions): Promise<VrrpHolder> {
  const network = await openVrrpNetwork({
    log,
    clock: adverts.clock,
    memory: stateFile(join(folder, 'vrrp-sysctls.json')),
  });
  const commands = new Commands(systemClock, log);
  const notify = new VrrpNotify({
    clock: systemClock,
    log,
    run: (script, options) => commands.run(script, options),
    send: sendBySmtp,
    pipeOwner: (fifo) => commands.ownerOf(fifo),
  });
  const syncDaemon = new VrrpSyncDaemon({
    open: () => new IpvsClient(openNetlink(NETLINK_GENERIC), systemClock),
    log,
  });
  const trackers = new HolderTrackers({
    clock: systemClock,
    random: systemRandom,
    log,
    commands,
    openDatagram,
    processes: processTable(),
    link: (name) => network.link(name),
  });
  return new VrrpHolder({
    adverts,
    network,
    trackers,
    news: new VrrpNews({ notify, syncDaemon, commands }),
    statics: (lost) => new VrrpStatics({ network, log, lost }),
    log,
    lacks: lackedCapabilities(),
    ...rest,
  });
}
