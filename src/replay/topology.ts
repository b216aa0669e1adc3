import type { LocalAddress, Neighbour, Port, Route } from '../dataplane/network.js';
import { parsePrefix } from '../lb/vpp/input.js';
import { canonicalAddress, familyOf } from '../model/address.js';
import { type NetworkDraft, portTowards } from './network-draft.js';

/** What is wrong with a topology, and where: `routes[0].via: expected an IP address, found "x"`. */
export interface TopologyError {
  readonly wrong: string;
}

/** T.json → network draft. Strict: a word that is not known is a mistake, not a comment. */
export function readTopology(text: string): NetworkDraft | TopologyError {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { wrong: `it is no JSON: ${(error as Error).message}` };
  }
  try {
    return draftOf(json);
  } catch (error) {
    if (error instanceof Wrong) return { wrong: error.message };
    throw error;
  }
}

class Wrong extends Error {}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60));

function wrong(at: string, expected: string, found: unknown): never {
  throw new Wrong(`${at}: expected ${expected}, found ${shown(found)}`);
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown, at: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(at, 'an object', value);
  for (const word of Object.keys(value))
    if (!known.includes(word))
      throw new Wrong(`${at === 'topology' ? '' : `${at}.`}${word}: not known here; known are ${known.join(', ')}`);
  return value as Fields;
}

function list(value: unknown, at: string): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : wrong(at, 'a list', value);
}

function draftOf(json: unknown): NetworkDraft {
  const all = fields(json, 'topology', ['interfaces', 'routes', 'neighbours']);
  const interfaces = list(all['interfaces'], 'interfaces');
  if (interfaces.length === 0) wrong('interfaces', 'at least one interface', all['interfaces']);
  if (interfaces.length > 64) wrong('interfaces', 'at most 64', `${interfaces.length} of them`);
  const ports: Port[] = [];
  const addresses: LocalAddress[] = [];
  for (const [i, one] of interfaces.entries()) {
    const at = `interfaces[${i}]`;
    const port = portOf(one, at);
    if (ports.some(({ name }) => name === port.name)) wrong(`${at}.name`, 'a name of its own', port.name);
    ports.push(port);
    addresses.push(...addressesOf((one as Fields)['addresses'], `${at}.addresses`, port.name));
  }
  const names = ports.map(({ name }) => name);
  const known = { ports, addresses, routes: [], neighbours: [] };
  return {
    ports,
    addresses,
    routes: list(all['routes'], 'routes').map((one, i) =>
      routeOf(one, `routes[${i}]`, names, (gateway) => portTowards(known, gateway)),
    ),
    neighbours: list(all['neighbours'], 'neighbours').map((one, i) => neighbourOf(one, `neighbours[${i}]`, names)),
  };
}

function portOf(value: unknown, at: string): Port {
  const one = fields(value, at, ['name', 'mac', 'mtu', 'addresses', 'up']);
  const { name, mac, mtu = 1500, up = true } = one;
  if (typeof name !== 'string' || !/^[^\s/]{1,15}$/.test(name) || name === '.' || name === '..')
    return wrong(`${at}.name`, 'a name of 1 to 15 characters without blanks and slashes', name);
  if (typeof mtu !== 'number' || !Number.isInteger(mtu) || mtu < 68 || mtu > 65_535)
    return wrong(`${at}.mtu`, 'a number from 68 to 65535', mtu);
  if (typeof up !== 'boolean') return wrong(`${at}.up`, 'true or false', up);
  return { name, ifindex: 0, mac: macOf(mac, `${at}.mac`), mtu, up };
}

/** Lower case, with colons. */
function macOf(value: unknown, at: string): string {
  const text = typeof value === 'string' ? canonicalMac(value) : undefined;
  return text ?? wrong(at, 'a MAC address such as 02:fe:00:00:00:01', value);
}

export function canonicalMac(text: string): string | undefined {
  return /^[\da-f]{2}(:[\da-f]{2}){5}$/i.test(text) ? text.toLowerCase() : undefined;
}

function addressesOf(value: unknown, at: string, port: string): LocalAddress[] {
  return list(value, at).map((one, i) => {
    const [, text = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(typeof one === 'string' ? one : '') ?? [];
    const address = canonicalAddress(text);
    if (address === undefined || parsePrefix(`${text}/${length}`) === undefined)
      return wrong(`${at}[${i}]`, 'an address with its prefix length such as 172.16.1.1/24', one);
    return { address, prefixLength: Number(length), interface: port };
  });
}

function nameOf(value: unknown, at: string, names: readonly string[]): string {
  if (typeof value === 'string' && names.includes(value)) return value;
  return wrong(at, `the name of an interface (${names.join(', ')})`, value);
}

function addressOf(value: unknown, at: string): string {
  const address = typeof value === 'string' ? canonicalAddress(value) : undefined;
  return address ?? wrong(at, 'an IP address', value);
}

function routeOf(
  value: unknown,
  at: string,
  names: readonly string[],
  towards: (gateway: string) => string | undefined,
): Route {
  const one = fields(value, at, ['to', 'via', 'dev', 'mtu']);
  const via = one['via'] === undefined ? undefined : addressOf(one['via'], `${at}.via`);
  const prefix = prefixOf(one['to'], `${at}.to`, via);
  if (via !== undefined && familyOf(via) !== familyOf(prefix.address))
    wrong(`${at}.via`, `an address of the family of ${prefix.address}`, via);
  const port = one['dev'] === undefined && via !== undefined ? towards(via) : nameOf(one['dev'], `${at}.dev`, names);
  if (port === undefined) return wrong(`${at}.dev`, `the interface that ${String(via)} is reached by`, undefined);
  const mtu = one['mtu'];
  if (mtu !== undefined && (typeof mtu !== 'number' || !Number.isInteger(mtu) || mtu < 68 || mtu > 65_535))
    return wrong(`${at}.mtu`, 'a number from 68 to 65535', mtu);
  const nextHop = { port, weight: 1, vlans: [], ...(via === undefined ? {} : { gateway: via }) };
  return {
    prefix: prefix.address,
    prefixLength: prefix.prefixLength,
    nextHops: [mtu === undefined ? nextHop : { ...nextHop, mtu }],
  };
}

/** `10.0.0.0/24`, `10.0.0.1`, `default` (of the gateway's family). */
function prefixOf(value: unknown, at: string, via: string | undefined): { address: string; prefixLength: number } {
  if (value === 'default') return { address: via?.includes(':') === true ? '::' : '0.0.0.0', prefixLength: 0 };
  const text = typeof value === 'string' ? value : '';
  const whole = canonicalAddress(text);
  if (whole !== undefined) return { address: whole, prefixLength: familyOf(whole) === 'ip4' ? 32 : 128 };
  return parsePrefix(text) ?? wrong(at, "a network such as 10.0.0.0/24, an address, or 'default'", value);
}

function neighbourOf(value: unknown, at: string, names: readonly string[]): Neighbour {
  const one = fields(value, at, ['ip', 'mac', 'dev']);
  const port = nameOf(one['dev'], `${at}.dev`, names);
  return { address: addressOf(one['ip'], `${at}.ip`), port, mac: macOf(one['mac'], `${at}.mac`), vlans: [] };
}
