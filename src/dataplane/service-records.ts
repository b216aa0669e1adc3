/** The words of model/ for the numbers of native/engine/image.h, and what the engine cannot carry, as sentences. */
import { familyOf } from '../model/address.js';
import type { DestinationSettings, ForwardingMethod, TunnelType } from '../model/destination.js';
import { type EngineSettings, type HashField, hashFields } from '../model/engine.js';
import { protocolNumber, type ServiceKey, type ServiceSettings } from '../model/service.js';
import type { TableDestination, TableService } from '../model/table.js';
import { isMappedText } from './image-layout.js';
import { tableSizeComplaint } from './tables.js';

/** enum Scheduler of image.h. */
export const schedulerNames = [
  'maglev',
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'dh',
  'sh',
  'sed',
  'nq',
  'fo',
  'ovf',
  'mh',
] as const;
/** Those that look at the flow alone. */
const hashing: ReadonlySet<string> = new Set(['maglev', 'dh', 'sh', 'mh']);

/** enum Method of image.h. */
export const methodNames = [
  'masquerade',
  'direct-route',
  'tunnel',
  'l3dsr',
  'full-nat',
  'local',
] as const satisfies readonly ForwardingMethod[];
/** enum Tunnel. */
export const tunnelNames = ['ipip', 'gue', 'gre'] as const satisfies readonly TunnelType[];
/** enum Echo. */
export const echoNames = ['default', 'answer', 'kernel'] as const satisfies readonly EngineSettings['icmpEcho'][];

export const serviceFlag = { onePacket: 1, answerArp: 2, stateless: 4 } as const;
export const TUNNEL_CHECKSUM = 1;
export const MOST_SECONDS = 1_000_000;
const MOST_WEIGHT = 0x7fff_ffff;
const MOST_PORT = 0xffff;

/** Bits of image.h's enum HashField stand in the order of the words. */
export const fieldBits = (fields: readonly HashField[]): number =>
  fields.reduce((bits, field) => bits | (1 << hashFields.indexOf(field)), 0);
export const fieldsOf = (bits: number): readonly HashField[] => hashFields.filter((_, i) => (bits & (1 << i)) !== 0);

/** Place of a word in a list of them, -1: it is not there. */
export const placeOf = (words: readonly string[], word: string): number => words.indexOf(word);

/** Bits of a netmask (`255.255.255.0`) or a prefix length as text; undefined: a mask with holes. */
export function maskBits(mask: string): number | undefined {
  if (!mask.includes('.')) return Number(mask);
  const number = mask.split('.').reduce((all, part) => all * 256 + Number(part), 0) >>> 0;
  const bits = Math.clz32(~number >>> 0);
  return number === (bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0) ? bits : undefined;
}
export const bitsMask = (bits: number, family: 'ip4' | 'ip6'): string => {
  if (family === 'ip6') return String(bits);
  const number = bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
};

export type AddressKey = Extract<ServiceKey, { by: 'address' }>;

const hasPorts = (key: AddressKey): boolean => [6, 17, 132].includes(protocolNumber(key.protocol));
const translates = (method: ForwardingMethod): boolean => method === 'masquerade' || method === 'full-nat';

function keyComplaint(key: AddressKey): string | undefined {
  if (isMappedText(key.address)) return `${key.address} is IPv4 written as IPv6: write it as IPv4`;
  if (key.port !== 0 && !hasPorts(key)) return 'a port needs protocol tcp, udp or sctp';
  return undefined;
}

function schedulerComplaint(settings: ServiceSettings, engine: EngineSettings, servers: number): string | undefined {
  const { scheduler } = settings;
  if (placeOf(schedulerNames, scheduler) < 0)
    return scheduler === 'none' ? 'has no scheduler' : `the engine does not know scheduler '${scheduler}'`;
  if (scheduler === 'maglev' && engine.hashFields.length === 0) return 'maglev needs at least one hash field';
  if (engine.stateless && !hashing.has(scheduler))
    return `without sessions only a hash can choose, and '${scheduler}' is none`;
  if (engine.stateless && settings.persistent) return 'persistence needs sessions';
  return scheduler === 'maglev' ? tableSizeComplaint(engine.tableSize, servers) : undefined;
}

const isBetween = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

function poolComplaint(engine: EngineSettings, key: AddressKey): string | undefined {
  for (const { first, last, lowestPort, highestPort } of engine.snatPool) {
    const range = `${first}-${last}`;
    if (familyOf(first) !== familyOf(key.address) || familyOf(last) !== familyOf(first))
      return `pool ${range} is of another address family than the service`;
    if (!isBetween(lowestPort, 1, MOST_PORT) || !isBetween(highestPort, lowestPort, MOST_PORT))
      return `ports ${lowestPort} to ${highestPort} of pool ${range} are not 1 to 65535, lowest first`;
  }
  return undefined;
}

/** Why the engine cannot carry a service at all; undefined: it can. */
export function serviceComplaint(
  { key, settings }: TableService,
  engine: EngineSettings,
  ports: readonly string[],
  servers: number,
): string | undefined {
  if (key.by === 'fwmark')
    return 'the engine does not know firewall marks: write a service of the address, or leave it to the kernel';
  if (settings.persistenceEngine !== '')
    return `the engine does not know persistence engine '${settings.persistenceEngine}'`;
  if (settings.persistent && maskBits(settings.persistenceMask) === undefined)
    return `persistence mask ${settings.persistenceMask} has holes`;
  if (!isBetween(engine.dscp, 0, 63)) return `dscp ${engine.dscp} is not 0 to 63`;
  if (engine.nodePort !== 0 && key.port === 0) return 'a node port needs a port';
  const unknown = engine.interfaces.find((name) => !ports.includes(name));
  if (unknown !== undefined) return `there is no interface ${unknown} among those the engine has`;
  return keyComplaint(key) ?? schedulerComplaint(settings, engine, servers) ?? poolComplaint(engine, key);
}

function tunnelComplaint({ tunnel }: DestinationSettings): string | undefined {
  if (placeOf(tunnelNames, tunnel.type) < 0) return `the engine does not know tunnel '${tunnel.type}'`;
  if (tunnel.type === 'gue' && tunnel.port === 0) return 'tunnel gue needs a port';
  if (tunnel.type === 'gue' && tunnel.remoteChecksum) return 'the engine has no remote checksum offload';
  return undefined;
}

/** Why the engine cannot carry a destination of a service that it can; undefined: it can. */
export function destinationComplaint(
  { key: { address, port }, settings }: TableDestination,
  key: AddressKey,
  engine: EngineSettings,
): string | undefined {
  const { method, weight, upperThreshold, lowerThreshold } = settings;
  if (placeOf(methodNames, method) < 0) return `the engine does not know method '${method}'`;
  if (isMappedText(address)) return `${address} is IPv4 written as IPv6: write it as IPv4`;
  if (method === 'tunnel') return tunnelComplaint(settings);
  if (familyOf(address) !== familyOf(key.address))
    return `method ${method} cannot cross address families: use a tunnel`;
  if (translates(method) && engine.stateless) return `method ${method} needs sessions, and the service has none`;
  if (translates(method) && port !== 0 && !hasPorts(key)) return 'a port needs protocol tcp, udp or sctp';
  if (method === 'full-nat' && engine.snatPool.length === 0) return 'method full-nat needs a pool of source addresses';
  if (!isBetween(weight, 0, MOST_WEIGHT)) return `weight ${weight} is not 0 to ${MOST_WEIGHT}`;
  if (upperThreshold !== 0 && lowerThreshold > upperThreshold)
    return `lower threshold ${lowerThreshold} is above the upper one, ${upperThreshold}`;
  return undefined;
}
