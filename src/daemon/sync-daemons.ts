import type { IpvsClient } from '../ipvs/client.js';
import type { SyncDaemon } from '../ipvs/rows.js';

export type SyncDaemonPort = Pick<IpvsClient, 'daemons' | 'startDaemon' | 'stopDaemon'>;

/**
 * Lets these sync daemons of the kernel run. One that runs as wanted is left running, also one of before our time; one that nobody wants is
 * stopped if it is ours.
 */
export async function runDaemons(
  port: SyncDaemonPort,
  wanted: readonly SyncDaemon[],
  isOurs: (daemon: SyncDaemon) => boolean,
): Promise<void> {
  const running = await port.daemons();
  for (const daemon of running) {
    const want = wanted.find(({ state }) => state === daemon.state);
    if (want === undefined ? isOurs(daemon) : !runsAs(want, daemon)) await port.stopDaemon(daemon.state);
  }
  for (const want of wanted) if (!running.some((daemon) => runsAs(want, daemon))) await port.startDaemon(want);
}

/** Only what is wanted is compared: the kernel fills in the rest. */
export const runsAs = (want: SyncDaemon, have: SyncDaemon): boolean =>
  (Object.keys(want) as (keyof SyncDaemon)[]).every((name) => want[name] === have[name]);
