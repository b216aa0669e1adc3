import type { InstanceReport } from '../vrrp/report.js';
import type { CheckStatus, EngineState, EngineSyncState, Status } from './control.js';

/** What `lvsctl status` prints: services with their destinations, then what is wrong, if anything is. */
export function statusText(status: Status): string {
  return [
    ...status.services.flatMap(({ service, engine, scheduler, destinations }) => [
      `${service} ${scheduler}${engine === 'userspace' ? ', by the userspace engine' : ''}`,
      ...destinations.map(({ destination, method, weight }) => `  -> ${destination} ${method} weight ${weight}`),
    ]),
    ...section('checks', status.checks.map(checkText)),
    ...section('without quorum', status.quorumLost),
    ...section('last plan', status.lastPlan),
    ...section(
      'refused, tried again',
      status.refused.map(({ change, reason }) => `${change}: ${reason}`),
    ),
    ...section('changed by somebody else, to undo', status.drift),
    ...section('made by somebody else, left alone', status.foreign),
    ...section('userspace engine', engineLines(status.engine ?? undefined)),
    ...section("userspace engine's sync daemon", syncLines(status.engineSync ?? undefined)),
    ...section('virtual routers', (status.vrrp?.instances ?? []).flatMap(routerLines)),
    `kernel writes: ${status.writes}`,
    '',
  ].join('\n');
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];

/** Nothing of an engine that nobody needed; what it is, its ports, and what is not as it should be. */
function engineLines(engine: EngineState | undefined): readonly string[] {
  if (engine === undefined || (!engine.running && engine.restarts === 0)) return [];
  const { running, pid, workers, restarts, ports, sessions, dropped, silentNeighbours } = engine;
  const again = restarts === 0 ? '' : `, started again ${counted(restarts, 'time')}`;
  if (!running) return [`does not run${again}`];
  const { live, capacity, bytes } = sessions;
  return [
    `pid ${pid ?? '?'}, ${counted(workers, 'worker')}${again}`,
    ...ports.map(portLine),
    `sessions: ${live} of ${capacity}, ${(bytes / 2 ** 20).toFixed(1)} MiB`,
    ...Object.entries(dropped).flatMap(([reason, count]) => (count === 0 ? [] : [`dropped ${reason}: ${count}`])),
    ...silentNeighbours.map((neighbour) => `silent neighbour: ${neighbour}`),
  ];
}

/** `master on eth0, 224.0.0.81:8848, sync id 51`, and what it told and took. */
function syncLines(sync: EngineSyncState | undefined): readonly string[] {
  if (sync === undefined) return [];
  const { master, backup, running, trouble, interface: device, group, port, syncId, sent, received } = sync;
  const roles = [...(master ? ['master'] : []), ...(backup ? ['backup'] : [])].join(' and ');
  const where = `${device}, ${group.includes(':') ? `[${group}]` : group}:${port}, sync id ${syncId}`;
  const counts = (title: string, by: Readonly<Record<string, number>>): readonly string[] =>
    Object.entries(by).map(([why, times]) => `${title} ${why}: ${times}`);
  return [
    `${roles} on ${where}${running ? '' : `, does not run: ${trouble === '' ? 'there is no engine' : trouble}`}`,
    `sent: ${counted(sent.connections, 'connection')} in ${counted(sent.messages, 'message')}`,
    ...counts('not told,', sent.untold),
    ...counts('not sent,', sent.failed),
    `received: ${counted(received.messages, 'message')}, taken: ${counted(received.taken, 'connection')}`,
    ...counts('refused,', received.refused),
  ];
}

/** `VI_1 master for 12.3 s, priority 150, vrid 51 on eth0, 192.0.2.1/24`, and what should be looked at. */
function routerLines(router: InstanceReport): readonly string[] {
  const { name, role, priority, vrid, addresses, master, refused, remarks, addressesInUse, fault, waitsFor, held } =
    router;
  const since = router.masterForMs === null ? '' : ` for ${seconds(router.masterForMs)}`;
  const heard = master === null ? '' : `, hears ${master.address} (${master.priority})`;
  const age = router.lastAdvertMsAgo === null || master === null ? '' : ` ${seconds(router.lastAdvertMsAgo)} ago`;
  const where = `vrid ${vrid}${router.interface === null ? '' : ` on ${router.interface}`}`;
  return [
    `${name} ${role}${since}, priority ${priority}, ${where}, ${addresses.join(' ')}${heard}${age}`,
    ...(fault === null ? [] : [`  fault: ${fault}`]),
    ...(held ? ['  may not become master yet'] : []),
    ...waitsFor.map((what) => `  waits for ${what}`),
    ...remarks.map((remark) => `  the partner's ${remark} differ from ours`),
    ...addressesInUse.map(({ address, mac }) => `  ${address} is in use by ${mac}, too`),
    ...Object.entries(refused).map(
      ([reason, { adverts, source, detail }]) =>
        `  refused ${counted(adverts, 'advert')}, last from ${source}: ${reason}${detail === null ? '' : ` (${detail})`}`,
    ),
  ];
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** A reason with queues: why nothing faster was to be had. */
function portLine({ name, mode, queues, reason }: EngineState['ports'][number]): string {
  if (queues === 0) return `port ${name}: not open${reason === '' ? '' : `: ${reason}`}`;
  return `port ${name}: ${mode}, ${counted(queues, 'queue')}${reason === '' ? '' : `, because ${reason}`}`;
}

/** `… tcp down since 2026-01-02T03:04:05.678Z (damped), 3 of 120 attempts failed, last: failed, connect ECONNREFUSED` */
function checkText(status: CheckStatus): string {
  const { server, check, verdict, since, attempts, failures, last, detail } = status;
  const when = since === null ? '' : ` since ${since}`;
  const notes = notesOn(status);
  const beside = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
  const tries = attempts === 0 ? '' : `, ${failures} of ${attempts} attempts failed`;
  return `${server} ${check} ${verdict}${when}${beside}${tries}${last === 'none' ? '' : `, last: ${last}, ${detail}`}`;
}

const notesOn = ({ proven, damped, suspended, servers, weight }: CheckStatus): readonly string[] => [
  ...(proven ? [] : ['assumed']),
  ...(damped ? ['damped'] : []),
  ...(suspended ? ['suspended'] : []),
  ...(servers > 1 ? [`shared by ${servers} servers`] : []),
  ...(weight === null ? [] : ['set' in weight ? `weight ${weight.set}` : `weight ${signed(weight.add)}`]),
];

const signed = (number: number): string => (number < 0 ? String(number) : `+${number}`);
