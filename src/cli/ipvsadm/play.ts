import { isDeepStrictEqual } from 'node:util';
import type { ListedService, SyncDaemon, Timeouts } from '../../ipvs/rows.js';
import { destinationName, type DestinationKey, type DestinationSettings } from '../../model/destination.js';
import { type ServiceKey, serviceName, type ServiceSettings } from '../../model/service.js';
import type { Command } from './command.js';
import { errnoText } from './kernel-text.js';

export interface PlayedService {
  readonly key: ServiceKey;
  settings: ServiceSettings;
  readonly servers: Map<string, { readonly key: DestinationKey; settings: DestinationSettings }>;
}

/** What the kernel holds, in memory: commands are played on it and it answers as the kernel would. */
export interface Stage {
  readonly services: Map<string, PlayedService>;
  timeouts: Timeouts;
  readonly daemons: Map<SyncDaemon['state'], SyncDaemon>;
}

export const stageOf = (
  services: readonly ListedService[],
  timeouts: Timeouts,
  daemons: readonly SyncDaemon[],
): Stage => ({
  services: new Map(
    services.map(({ key, settings, destinations }) => [
      serviceName(key),
      {
        key,
        settings,
        servers: new Map(
          destinations.map((row) => [destinationName(row.key), { key: row.key, settings: row.settings }]),
        ),
      },
    ]),
  ),
  timeouts,
  daemons: new Map(daemons.map((daemon) => [daemon.state, daemon])),
});

/**
 * Plays one command. The text of the kernel's refusal comes back where it would refuse something that is not so already;
 * adding what is there with the same settings is nothing worth saying.
 */
export function play(stage: Stage, command: Command): string | undefined {
  const refused = (errno: string): string | undefined => errnoText(errno, command.do);
  switch (command.do) {
    case 'add-service':
    case 'edit-service':
      return playService(stage, command, refused);
    case 'delete-service':
      return stage.services.delete(serviceName(command.service)) ? undefined : refused('ESRCH');
    case 'add-server':
    case 'edit-server':
    case 'delete-server':
      return playServer(stage, command, refused);
    case 'flush':
      stage.services.clear();
      return undefined;
    case 'set':
      stage.timeouts = {
        tcp: command.timeouts.tcp || stage.timeouts.tcp,
        tcpFin: command.timeouts.tcpFin || stage.timeouts.tcpFin,
        udp: command.timeouts.udp || stage.timeouts.udp,
      };
      return undefined;
    case 'start-daemon':
      if (stage.daemons.has(command.daemon.state)) return refused('EEXIST');
      stage.daemons.set(command.daemon.state, command.daemon);
      return undefined;
    case 'stop-daemon':
      return stage.daemons.delete(command.state) ? undefined : refused('ESRCH');
    default:
      return undefined; // what lists or zeroes changes no table
  }
}

type Refused = (errno: string) => string | undefined;

function playService(
  stage: Stage,
  { do: what, service, settings }: Extract<Command, { do: 'add-service' | 'edit-service' }>,
  refused: Refused,
): string | undefined {
  const there = stage.services.get(serviceName(service));
  if (what === 'edit-service') {
    if (there === undefined) return refused('ESRCH');
    there.settings = settings;
  } else if (there !== undefined) return isDeepStrictEqual(there.settings, settings) ? undefined : refused('EEXIST');
  else stage.services.set(serviceName(service), { key: service, settings, servers: new Map() });
  return undefined;
}

function playServer(
  stage: Stage,
  command: Extract<Command, { do: 'add-server' | 'edit-server' | 'delete-server' }>,
  refused: Refused,
): string | undefined {
  const servers = stage.services.get(serviceName(command.service))?.servers;
  if (servers === undefined) return refused('ESRCH');
  const name = destinationName(command.server);
  const there = servers.get(name);
  if (command.do === 'delete-server') return servers.delete(name) ? undefined : refused('ENOENT');
  const settings = settle(command.settings, there?.settings);
  if (command.do === 'add-server') {
    if (there !== undefined) return isDeepStrictEqual(there.settings, settings) ? undefined : refused('EEXIST');
    servers.set(name, { key: command.server, settings });
  } else if (there === undefined) return refused('ENOENT');
  else there.settings = settings;
  return undefined;
}

/** The kernel makes servers on addresses of its own local, whatever was asked; where it has done so it would again. */
const settle = (asked: DestinationSettings, there: DestinationSettings | undefined): DestinationSettings =>
  there?.method === 'local' ? { ...asked, method: 'local' } : asked;
