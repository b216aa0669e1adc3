import { familyOf } from '../../model/address.js';
import type { DestinationSettings } from '../../model/destination.js';
import type { ServiceKey, ServiceSettings } from '../../model/service.js';
import type { Command, ListFormat, View } from './command.js';
import { Draft, timeout } from './draft.js';
import { parseFlags } from './flags.js';
import type { Names } from './names.js';
import { type CommandName, commandRules, tunnelRules } from './options.js';
import { Refusal, tryHelp, wrong } from './refusal.js';
import { commandBreach, tunnelBreach } from './rules.js';
import { type Given, Words } from './words.js';

const DEFAULT_SCHEDULER = 'wlc';
const DEFAULT_INTERFACE = 'eth0';
const views = ['stats', 'rate', 'thresholds', 'persistent-conn', 'tun-info'] as const satisfies readonly View[];

/** A command line, its program's name before it, as a command or as the reason why it is none. */
export function parse(program: string, words: readonly string[], names: Names): Command | Refusal {
  try {
    return words.length === 0 ? list(new Draft(names)) : parseWords(program, new Words(words), names);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function parseWords(program: string, words: Words, names: Names): Command {
  const first = firstOption(words);
  if (first === undefined || !('command' in first.option.action || 'print' in first.option.action))
    throw tryHelp(program);
  if ('print' in first.option.action) return { do: first.option.action.print };
  const name = first.option.action.command;
  const state = name === 'start-daemon' || name === 'stop-daemon' ? daemonState(name, first.value) : 'master';

  const draft = new Draft(names);
  for (let given = words.next(); given !== undefined; given = words.next()) {
    if (!('set' in given.option.action)) throw wrong(`invalid option \`${words.lastWord}'`);
    draft.set(given.option.action.set, given.value);
  }
  const timeouts = name === 'set' ? threeTimeouts(words) : undefined;
  const stray = words.stray();
  if (stray !== undefined) throw wrong(`unexpected argument ${stray}`);
  const flags = draft.flagNames === undefined ? 0 : parseFlags(draft.flagNames, draft.scheduler || DEFAULT_SCHEDULER);
  const breach = commandBreach(commandRules[name], draft.given, name);
  if (breach !== undefined) throw breach;
  if (name === 'set') return { do: name, timeouts: timeouts! };
  if (name === 'start-daemon') return startDaemon(state, draft);
  if (name === 'stop-daemon') return { do: name, state };
  if (name === 'diff') return { do: name, file: first.value ?? '' };
  return build(name, draft, flags);
}

/** The first option must be the command: whatever else is there first, known or not, gets the same hint. */
function firstOption(words: Words): Given | undefined {
  try {
    return words.next();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function daemonState(name: 'start-daemon' | 'stop-daemon', value: string | undefined): 'master' | 'backup' {
  if (value === 'master' || value === 'backup') return value;
  throw wrong(name === 'start-daemon' ? 'illegal start-daemon parameter specified' : 'illegal start_daemon specified');
}

function threeTimeouts(words: Words): { tcp: number; tcpFin: number; udp: number } {
  const [tcp, tcpFin, udp] = [words.stray(), words.stray(), words.stray()];
  if (tcp === undefined || tcpFin === undefined || udp === undefined)
    throw wrong('--set option requires 3 timeout values');
  return { tcp: timeout(tcp, 0), tcpFin: timeout(tcpFin, 0), udp: timeout(udp, 0) };
}

type PlainCommand = Exclude<CommandName, 'set' | 'start-daemon' | 'stop-daemon' | 'diff'>;

function build(name: PlainCommand, draft: Draft, flags: number): Command {
  const service = serviceKey(draft);
  const asked = draft.given.has('service-address') ? service : undefined;
  switch (name) {
    case 'add-service':
    case 'edit-service':
      return { do: name, service, settings: serviceSettings(draft, flags) };
    case 'delete-service':
      return { do: name, service };
    case 'add-server':
    case 'edit-server':
      return { do: name, service, server: serverKey(draft, true), settings: serverSettings(draft) };
    case 'delete-server':
      return { do: name, service, server: serverKey(draft, false) };
    case 'flush':
    case 'restore':
      return { do: name };
    case 'save':
      return { do: name, numeric: draft.given.has('numeric'), all: draft.given.has('all') };
    case 'zero':
      return { do: name, service: asked };
    case 'list':
      return list(draft);
  }
}

const serviceKey = (draft: Draft): ServiceKey =>
  draft.mark === 0
    ? { by: 'address', protocol: draft.protocol ?? 'tcp', address: draft.address, port: draft.port }
    : { by: 'fwmark', family: draft.family, mark: draft.mark };

function serviceSettings(draft: Draft, schedulerFlags: number): ServiceSettings {
  const persistent = draft.given.has('persistent');
  const onePacket = draft.given.has('ops');
  if (draft.mark === 0 && draft.port === 0 && !persistent)
    throw wrong('Zero port specified for non-persistent service');
  if (onePacket && draft.mark === 0 && draft.protocol !== 'udp')
    throw wrong('One-Packet Scheduling is only for UDP virtual services');
  return {
    scheduler: draft.scheduler || DEFAULT_SCHEDULER,
    schedulerFlags,
    persistent,
    persistenceSeconds: draft.persistenceSeconds,
    persistenceMask: draft.mask,
    persistenceEngine: draft.engine,
    onePacket,
  };
}

/** Direct routing and tunnels leave the port alone, so a server of a service by address has the service's. */
function serverKey(draft: Draft, methodCounts: boolean): { address: string; port: number } {
  const port = methodCounts && draft.mark === 0 && draft.method !== 'masquerade' ? draft.port : draft.serverPort;
  return { address: draft.serverAddress, port };
}

function serverSettings(draft: Draft): DestinationSettings {
  const { given, method, weight, upperThreshold, lowerThreshold } = draft;
  if (familyOf(draft.serverAddress) !== draft.family && method !== 'tunnel')
    throw wrong('Different address family is allowed only for tunneling servers');
  const tunnelOptions = ['tun-type', 'tun-port', 'tun-nocsum', 'tun-csum', 'tun-remcsum'] as const;
  if (method !== 'tunnel' && tunnelOptions.some((option) => given.has(option)))
    throw wrong('Tunnel options conflict with forward method');
  const breach = tunnelBreach(tunnelRules[draft.tunnelType], given, draft.tunnelType);
  if (breach !== undefined) throw breach;
  const tunnel = {
    type: draft.tunnelType,
    port: draft.tunnelPort,
    checksum: given.has('tun-csum'),
    remoteChecksum: given.has('tun-remcsum'),
  };
  return { method, weight, upperThreshold, lowerThreshold, tunnel };
}

function startDaemon(state: 'master' | 'backup', draft: Draft): Command {
  const { maxLength, group, groupPort: port, groupTtl: ttl } = draft;
  const daemon = {
    state,
    // An interface given as an empty word counts as none given.
    interface: draft.interface === '' ? DEFAULT_INTERFACE : draft.interface,
    syncId: draft.syncId,
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(group === undefined ? {} : { group }),
    ...(port === undefined ? {} : { port }),
    ...(ttl === undefined ? {} : { ttl }),
  };
  return { do: 'start-daemon', daemon };
}

function list(draft: Draft): Command {
  const { given } = draft;
  const special = given.has('timeout') || given.has('daemon');
  const viewOfNumbers = given.has('stats') || given.has('rate') || given.has('thresholds');
  if (((special || given.has('connection')) && viewOfNumbers) || (special && given.has('persistent-conn')))
    throw wrong('options conflicts in the list command');
  const format: ListFormat = {
    view: views.find((view) => given.has(view)) ?? 'plain',
    numeric: given.has('numeric'),
    exact: given.has('exact'),
    sorted: !given.has('nosort'),
    json: given.has('json'),
  };
  if (given.has('connection')) return { do: 'list-connections', format, engineData: given.has('persistent-conn') };
  if (given.has('timeout')) return { do: 'list-timeouts', format };
  if (given.has('daemon')) return { do: 'list-daemons', format };
  return { do: 'list', service: given.has('service-address') ? serviceKey(draft) : undefined, format };
}
