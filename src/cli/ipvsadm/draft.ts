import { type Family, familyOf } from '../../model/address.js';
import type { ForwardingMethod } from '../../model/destination.js';
import type { Protocol } from '../../model/service.js';
import { ip4OrName, multicastGroup, parseEndpoint } from './addresses.js';
import type { Names } from './names.js';
import { leadingNumber, numberWithin } from './numbers.js';
import type { OptionClass, Setting } from './options.js';
import { wrong } from './refusal.js';

export const MAX_TIMEOUT = 31 * 24 * 60 * 60;
const MAX_INT = 2147483647;
const DEFAULT_PERSISTENCE_SECONDS = 360;
/** Names of schedulers, engines and interfaces are cut where the kernel's fields end. */
const NAME_LENGTH = 15;
const tunnelTypes = ['ipip', 'gue', 'gre'] as const;

/** A command line half read. Values are checked as they come, and some mean what those before them make them mean. */
export class Draft {
  readonly given = new Set<OptionClass>();
  protocol: Protocol | undefined;
  family: Family = 'ip4';
  address = '0.0.0.0';
  port = 0;
  /** 0: by address. */
  mark = 0;
  scheduler = '';
  engine = '';
  flagNames: string | undefined;
  persistenceSeconds = 0;
  mask = '255.255.255.255';
  serverAddress = '';
  serverPort = 0;
  method: ForwardingMethod = 'direct-route';
  weight = 1;
  upperThreshold = 0;
  lowerThreshold = 0;
  tunnelType: (typeof tunnelTypes)[number] = 'ipip';
  tunnelPort = 0;
  interface = '';
  syncId = 0;
  maxLength: number | undefined;
  group: string | undefined;
  groupPort: number | undefined;
  groupTtl: number | undefined;

  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  set(setting: Setting, value: string | undefined): void {
    if (setting === 'sort') return;
    if (setting === 'ipv6') return this.#useIp6();
    this.#mark(classOf(setting));
    if (value !== undefined || setting === 'persistent') this.#setValue(setting, value ?? '', value !== undefined);
    else this.#setFlag(setting);
  }

  #mark(name: OptionClass): void {
    if (this.given.has(name)) throw wrong(`multiple '${name}' options specified`);
    this.given.add(name);
  }

  #useIp6(): void {
    if (this.mark === 0) throw wrong('-6 used before -f\n');
    this.family = 'ip6';
    this.mask = '128';
  }

  #setFlag(setting: Setting): void {
    if (setting === 'gatewaying') this.method = 'direct-route';
    else if (setting === 'ipip') this.method = 'tunnel';
    else if (setting === 'masquerading') this.method = 'masquerade';
  }

  #setValue(setting: Setting, value: string, hasValue: boolean): void {
    switch (setting) {
      case 'tcp-service':
        return this.#setService('tcp', value);
      case 'udp-service':
        return this.#setService('udp', value);
      case 'sctp-service':
        return this.#setService('sctp', value);
      case 'fwmark-service':
        this.protocol = 'tcp';
        this.mark = number(value, 1, 0xffffffff, `invalid fwmark value \`${value}' specified`);
        return;
      case 'persistent':
        this.persistenceSeconds = hasValue ? timeout(value, 1) : DEFAULT_PERSISTENCE_SECONDS;
        return;
      case 'netmask':
        return this.#setMask(value);
      case 'real-server':
        return this.#setServer(value);
      default:
        return this.#setPlainValue(setting, value);
    }
  }

  #setPlainValue(setting: Setting, value: string): void {
    switch (setting) {
      case 'scheduler':
        this.scheduler = value.slice(0, NAME_LENGTH);
        return;
      case 'pe':
        this.engine = value.slice(0, NAME_LENGTH);
        return;
      case 'sched-flags':
        this.flagNames = value;
        return;
      case 'weight':
        this.weight = number(value, 0, MAX_INT, 'illegal weight specified');
        return;
      case 'u-threshold':
        this.upperThreshold = number(value, 0, MAX_INT, 'illegal u_threshold specified');
        return;
      case 'l-threshold':
        this.lowerThreshold = number(value, 0, MAX_INT, 'illegal l_threshold specified');
        return;
      case 'tun-type':
        this.tunnelType = orRefuse(
          tunnelTypes.find((type) => type === value),
          'illegal tunnel type specified',
        );
        return;
      case 'tun-port':
        this.tunnelPort = number(value, 1, 65535, 'illegal tunnel port specified');
        return;
      default:
        return this.#setDaemonValue(setting, value);
    }
  }

  #setDaemonValue(setting: Setting, value: string): void {
    if (setting === 'mcast-interface') this.interface = value.slice(0, NAME_LENGTH);
    else if (setting === 'syncid') this.syncId = number(value, 0, 255, 'illegal syncid specified');
    else if (setting === 'sync-maxlen') this.maxLength = number(value, 1, 65507, 'illegal sync-maxlen specified');
    else if (setting === 'mcast-port') this.groupPort = number(value, 1, 65535, 'illegal mcast-port specified');
    else if (setting === 'mcast-ttl') this.groupTtl = number(value, 1, 255, 'illegal mcast-ttl specified');
    else if (setting === 'mcast-group')
      this.group = orRefuse(
        multicastGroup(value),
        `invalid ${value.includes(':') ? 'IPv6' : 'IPv4'} mcast-group \`${value}'`,
      );
  }

  #setService(protocol: Protocol, value: string): void {
    this.protocol = protocol;
    const endpoint = orRefuse(
      parseEndpoint(value, protocol, this.#names),
      'illegal virtual server address[:port] specified',
    );
    this.address = endpoint.address;
    this.port = endpoint.port ?? 0;
    this.family = familyOf(endpoint.address);
    if (this.family === 'ip6') this.mask = '128'; // a mask given before is lost
  }

  #setMask(value: string): void {
    if (this.family === 'ip4') {
      this.mask = orRefuse(ip4OrName(value, this.#names), 'illegal virtual server persistent mask specified');
      return;
    }
    const prefix = leadingNumber(value);
    if (prefix < 1 || prefix > 128) throw wrong('illegal ipv6 netmask specified');
    this.mask = String(prefix);
  }

  /** A missing port is that of the service, as far as the service is known by now. */
  #setServer(value: string): void {
    const endpoint = orRefuse(
      parseEndpoint(value, this.protocol, this.#names),
      'illegal real server address[:port] specified',
    );
    this.serverAddress = endpoint.address;
    this.serverPort = endpoint.port ?? this.port;
  }
}

function classOf(setting: Exclude<Setting, 'sort' | 'ipv6'>): OptionClass {
  switch (setting) {
    case 'tcp-service':
    case 'udp-service':
    case 'sctp-service':
    case 'fwmark-service':
      return 'service-address';
    case 'gatewaying':
    case 'ipip':
    case 'masquerading':
      return 'forwarding-method';
    default:
      return setting;
  }
}

function orRefuse<V>(value: V | undefined, text: string): V {
  if (value === undefined) throw wrong(text);
  return value;
}

const number = (text: string, least: number, most: number, refusal: string): number =>
  orRefuse(numberWithin(text, least, most), refusal);

/** Seconds up to 31 days. */
export const timeout = (text: string, least: 0 | 1): number =>
  number(text, least, MAX_TIMEOUT, `invalid timeout value \`${text}' specified`);
