import { readdirSync, readlinkSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import type { EngineClient } from '../dataplane/client.js';
import type { EnginePort, PortOrder, WireMode } from '../dataplane/protocol.js';
import type { Link } from '../links/rows.js';
import type { PortMode } from '../model/engine.js';
import type { Log } from '../system/log.js';

/** What is tried in turn for each word of the file. */
const attempts: Readonly<Record<PortMode, readonly WireMode[]>> = {
  auto: ['auto'],
  xdp: ['xdp-zero-copy', 'xdp-native', 'xdp-generic', 'packet'],
  xdp_native: ['xdp-native'],
  xdp_generic: ['xdp-generic'],
  packet: ['packet'],
};

/** Drivers of devices that hand frames over with checksums left to be done. */
const virtualDrivers: ReadonlySet<string> = new Set(['virtio_net', 'vif', 'xen_netfront', 'vmxnet3', 'hv_netvsc']);

/** The driver below an interface; undefined: it has none, or it cannot be seen. */
export function driverOf(name: string): string | undefined {
  try {
    return basename(readlinkSync(`/sys/class/net/${name}/device/driver`));
  } catch {
    return undefined;
  }
}

/** Receive queues of an interface; 1 where they cannot be seen. */
export function queuesOf(name: string): number {
  try {
    const queues = readdirSync(`/sys/class/net/${name}/queues`).filter((queue) => queue.startsWith('rx-'));
    return Math.max(1, queues.length);
  } catch {
    return 1;
  }
}

/** `engine_workers auto`: one for each queue of the port that has most, but not more than processors. */
export const automaticWorkers = (
  ports: readonly string[],
  queues = queuesOf,
  processors = availableParallelism(),
): number => Math.max(1, Math.min(processors, Math.max(1, ...ports.filter((name) => name !== '').map(queues))));

/** What would have to be opened anew: a device that went and came back has another number. */
export const portsKey = (names: readonly string[], link: (name: string) => Link | undefined, mode: PortMode): string =>
  [mode, ...names.map((name) => `${name}#${link(name)?.index ?? 0}`)].join(' ');

/** Those opened, each as it is; those refused have no queues. What the log says of each is new. */
export async function openPorts(
  client: Pick<EngineClient, 'openPorts'>,
  names: readonly string[],
  {
    mode,
    link,
    log,
    driver = driverOf,
  }: {
    readonly mode: PortMode;
    readonly link: (name: string) => Link | undefined;
    readonly log: Log;
    readonly driver?: (name: string) => string | undefined;
  },
): Promise<readonly EnginePort[]> {
  const modes = attempts[mode];
  const chosen = new Map<string, number>();
  const present = names.flatMap((name, index) => (name === '' || link(name) === undefined ? [] : [{ name, index }]));
  for (;;) {
    const orders = present.map(({ name, index }): PortOrder => {
      const isVirtual = link(name)?.kind !== '' || virtualDrivers.has(driver(name) ?? '');
      return { name, index, mode: modes[chosen.get(name) ?? 0]!, completeChecksums: isVirtual };
    });
    const opened = await client.openPorts(orders);
    const next = opened.filter(({ name, queues }) => queues === 0 && (chosen.get(name) ?? 0) + 1 < modes.length);
    if (next.length === 0) {
      for (const port of opened) tell(log, port);
      return opened;
    }
    for (const { name } of next) chosen.set(name, (chosen.get(name) ?? 0) + 1);
  }
}

function tell(log: Log, { name, mode, queues, reason }: EnginePort): void {
  if (queues === 0) log.error({ event: 'engine.port-refused', port: name, reason: reason ?? '' });
  else log.info({ event: 'engine.port', port: name, mode, queues, ...(reason === undefined ? {} : { reason }) });
}
