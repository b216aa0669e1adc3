import { addressBytes, type Family, familyOf, formatIp4 } from '../model/address.js';
import { protocolName, protocolNumber, type ServiceKey, type ServiceSettings } from '../model/service.js';
import type { Statistics } from '../model/statistics.js';
import { type Field, laterNest, Malformed, text, u16, u16be, u32, type Values } from '../netlink/attributes.js';
import { littleEndian } from '../netlink/bytes.js';
import { addressText, familyOfNumber, inetAddress } from './address-attrs.js';
import type { ServiceRow } from './rows.js';
import { readStatistics, statistics64Attrs, statisticsAttrs } from './statistics-attrs.js';
import { addressFamily, serviceFlag } from './uapi.js';

/** struct ip_vs_flags { flags u32; mask u32 }: we always say all of them. */
const flagsAndMask: Field<number> = {
  size: () => 8,
  write(to, at, value) {
    to.view.setUint32(at, value, littleEndian);
    to.view.setUint32(at + 4, 0xffff_ffff, littleEndian);
  },
  read(from, at, length) {
    if (length < 8) throw new Malformed(`flags of ${length} bytes where 8 are needed`);
    return from.view.getUint32(at, littleEndian);
  },
};

/** Four bytes whose meaning depends on the family: an IPv4 mask in network order, or an IPv6 prefix length in host order. */
const netmask: Field<Uint8Array> = {
  size: () => 4,
  write: (to, at, value) => to.bytes.set(value, at),
  read(from, at, length) {
    if (length < 4) throw new Malformed(`netmask of ${length} bytes where 4 are needed`);
    return from.bytes.slice(at, at + 4);
  },
};

/** enum of IPVS_SVC_ATTR_*; rows stand in the order in which libipvs writes them. */
export const serviceAttrs = {
  family: [1, u16],
  protocol: [2, u16],
  address: [3, inetAddress],
  port: [4, u16be],
  mark: [5, u32],
  scheduler: [6, text],
  engine: [11, text],
  flags: [7, flagsAndMask],
  timeout: [8, u32],
  netmask: [9, netmask],
  statistics: [10, laterNest(statisticsAttrs)],
  statistics64: [12, laterNest(statistics64Attrs)],
} as const;

export type ServiceAttrs = Values<typeof serviceAttrs>;

/** What names a service; enough for every command that does not create or change one. */
export function serviceIdentity(key: ServiceKey): ServiceAttrs {
  if (key.by === 'fwmark') return { family: addressFamily[key.family], mark: key.mark };
  return {
    family: addressFamily[familyOf(key.address)],
    protocol: protocolNumber(key.protocol),
    address: addressBytes(key.address),
    port: key.port,
  };
}

export function serviceValues(key: ServiceKey, settings: ServiceSettings): ServiceAttrs {
  const family = key.by === 'fwmark' ? key.family : familyOf(key.address);
  return {
    ...serviceIdentity(key),
    scheduler: settings.scheduler,
    ...(settings.persistenceEngine === '' ? {} : { engine: settings.persistenceEngine }),
    flags:
      (settings.persistent ? serviceFlag.persistent : 0) |
      (settings.onePacket ? serviceFlag.onePacket : 0) |
      (settings.schedulerFlags << serviceFlag.schedulerShift),
    timeout: settings.persistenceSeconds,
    netmask: maskBytes(settings.persistenceMask, family),
  };
}

function maskBytes(mask: string, family: Family): Uint8Array {
  if (family === 'ip4') return addressBytes(mask);
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, Number(mask), littleEndian);
  return bytes;
}

function maskText(bytes: Uint8Array, family: Family): string {
  if (family === 'ip4') return formatIp4(bytes, 0);
  return String(new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, littleEndian));
}

/** A service as the kernel told it; its counters are decoded when somebody looks. */
class KernelService implements ServiceRow {
  readonly key: ServiceKey;
  readonly settings: ServiceSettings;
  readonly #told: ServiceAttrs;

  constructor(key: ServiceKey, settings: ServiceSettings, told: ServiceAttrs) {
    this.key = key;
    this.settings = settings;
    this.#told = told;
  }

  get statistics(): Statistics {
    return readStatistics(this.#told.statistics64, this.#told.statistics);
  }
}

/** Throws Malformed when the kernel left out what every service has. */
export function readService(told: ServiceAttrs): ServiceRow {
  const { family: number, scheduler, flags } = told;
  if (number === undefined || scheduler === undefined || flags === undefined)
    throw new Malformed('a service without family, scheduler or flags');
  const family = familyOfNumber(number);
  return new KernelService(readKey(told, family), readSettings(told, family, scheduler, flags), told);
}

function readKey({ protocol, address, port, mark }: ServiceAttrs, family: Family): ServiceKey {
  if (mark !== undefined) return { by: 'fwmark', family, mark };
  if (protocol === undefined || address === undefined || port === undefined)
    throw new Malformed('a service without address or mark');
  return { by: 'address', protocol: protocolName(protocol), address: addressText(address, family), port };
}

const readSettings = (told: ServiceAttrs, family: Family, scheduler: string, flags: number): ServiceSettings => ({
  scheduler,
  schedulerFlags: (flags & serviceFlag.schedulerMask) >>> serviceFlag.schedulerShift,
  persistent: (flags & serviceFlag.persistent) !== 0,
  persistenceSeconds: told.timeout ?? 0,
  persistenceMask: maskText(told.netmask ?? new Uint8Array(4), family),
  persistenceEngine: told.engine ?? '',
  onePacket: (flags & serviceFlag.onePacket) !== 0,
});
