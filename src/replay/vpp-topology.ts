import type { Neighbour, Port, Route } from '../dataplane/network.js';
import { type Input, takePrefix } from '../lb/vpp/input.js';
import { canonicalAddress } from '../model/address.js';
import { type NetworkDraft, portTowards } from './network-draft.js';
import { canonicalMac } from './topology.js';

/** What a line of a VPP script that describes the network makes of it; a sentence: why not. */
type Maker = (draft: NetworkDraft, input: Input) => NetworkDraft | string;

/** The MTU of VPP's packet-generator interfaces. */
const VPP_MTU = 9000;

/** By the words that a line begins with, longest first. */
const makers: readonly (readonly [words: RegExp, make: Maker])[] = [
  [/create\s+packet-generator\s+interface/, createInterface],
  [/set\s+interface\s+mac\s+address/, setMac],
  [/set\s+interface\s+ip\s+address/, setAddress],
  [/set\s+interface\s+state/, setState],
  [/set\s+interface\s+mtu/, setMtu],
  [/set\s+ip\s+(?:neighbor|arp)/, setNeighbour],
  [/set\s+ip6\s+neighbor/, setNeighbour],
  [/ip\s+route\s+add/, addRoute],
  [/ip\s+route\s+del/, deleteRoute],
  // router advertisements are none of a balancer's business
  [/ip6\s+nd/, (draft, input) => (skip(input), draft)],
  [/ip6\s+interface/, (draft, input) => (skip(input), draft)],
  [/enable\s+ip6\s+interface/, (draft, input) => (skip(input), draft)],
];

const skip = (input: Input): void => {
  while (!input.isEmpty) input.word();
};

/** The network after a line; undefined: the line is not about the network. */
export function applyTopologyLine(draft: NetworkDraft, input: Input): NetworkDraft | string | undefined {
  for (const [words, make] of makers) {
    if (input.take(words) === undefined) continue;
    const next = make(draft, input);
    if (typeof next === 'string') return next;
    return input.isEmpty ? next : `'${input.rest}' is too much`;
  }
  return undefined;
}

function createInterface(draft: NetworkDraft, input: Input): NetworkDraft | string {
  const name = input.word();
  if (!/^[^\s/]{1,15}$/.test(name)) return 'an interface needs a name of 1 to 15 characters';
  if (draft.ports.some((port) => port.name === name)) return `there is an interface ${name} already`;
  return withPort(draft, freshPort(draft, name));
}

function freshPort({ ports }: NetworkDraft, name: string): Port {
  const number = (ports.length + 1).toString(16).padStart(2, '0');
  return { name, ifindex: 0, mac: `02:fe:00:00:ff:${number}`, mtu: VPP_MTU, up: false };
}

/** `GigabitEthernet3/0/0`: a device that VPP found by itself, and nobody creates. */
const DEVICE = /^[A-Za-z][\w-]*\d+(?:\/[\w.]+)+$/;

/** A device's name as our ports have names, 15 characters and no slash: GE3_0_0. Other names stay. */
export const portName = (name: string): string =>
  DEVICE.test(name) ? name.replace(/[a-z]/g, '').replaceAll('/', '_').slice(0, 15) : name;

/** Reads the name of an interface that was created. */
function takePort(draft: NetworkDraft, input: Input): Port | string {
  const word = input.word();
  const name = portName(word);
  const port = draft.ports.find((port) => port.name === name);
  if (port !== undefined) return port;
  return DEVICE.test(word) ? freshPort(draft, name) : `there is no interface '${word}'`;
}

function withPort(draft: NetworkDraft, port: Port): NetworkDraft {
  const isKnown = draft.ports.some(({ name }) => name === port.name);
  const ports = isKnown ? draft.ports.map((one) => (one.name === port.name ? port : one)) : [...draft.ports, port];
  return { ...draft, ports };
}

function setMac(draft: NetworkDraft, input: Input): NetworkDraft | string {
  const port = takePort(draft, input);
  if (typeof port === 'string') return port;
  const text = input.word();
  const mac = canonicalMac(text);
  return mac === undefined ? `'${text}' is no MAC address` : withPort(draft, { ...port, mac });
}

function setAddress(draft: NetworkDraft, input: Input): NetworkDraft | string {
  const isDel = input.take(/del/) !== undefined;
  const port = takePort(draft, input);
  if (typeof port === 'string') return port;
  const text = input.next;
  const prefix = takePrefix(input);
  const address = canonicalAddress(text.split('/', 1)[0]!);
  if (prefix === undefined || address === undefined) return `'${text}' is no address with a prefix length`;
  const others = draft.addresses.filter((one) => !(one.address === address && one.interface === port.name));
  const own = { address, prefixLength: prefix.prefixLength, interface: port.name };
  return { ...withPort(draft, port), addresses: isDel ? others : [...others, own] };
}

function setState(draft: NetworkDraft, input: Input): NetworkDraft | string {
  const port = takePort(draft, input);
  if (typeof port === 'string') return port;
  const word = input.word();
  return word === 'up' || word === 'down'
    ? withPort(draft, { ...port, up: word === 'up' })
    : `up or down, not '${word}'`;
}

/** `set interface mtu [packet|ip4|ip6] 1500 pg0`: what an IP packet may have. */
function setMtu(draft: NetworkDraft, input: Input): NetworkDraft | string {
  input.take(/packet|ip4|ip6/);
  const text = input.word();
  const mtu = /^\d{2,5}$/.test(text) ? Number(text) : 0;
  if (mtu < 68 || mtu > 65_535) return `'${text}' is no MTU (68 to 65535)`;
  const port = takePort(draft, input);
  return typeof port === 'string' ? port : withPort(draft, { ...port, mtu });
}

function setNeighbour(draft: NetworkDraft, input: Input): NetworkDraft | string {
  input.take(/static/);
  const port = takePort(draft, input);
  if (typeof port === 'string') return port;
  const text = input.word();
  const address = canonicalAddress(text);
  if (address === undefined) return `'${text}' is no IP address`;
  const macText = input.word();
  const mac = canonicalMac(macText);
  if (mac === undefined) return `'${macText}' is no MAC address`;
  input.take(/static/);
  const others = draft.neighbours.filter((one) => !(one.address === address && one.port === port.name));
  const neighbour: Neighbour = { address, port: port.name, mac, vlans: [] };
  return { ...withPort(draft, port), neighbours: [...others, neighbour] };
}

/** `ip route add 10.0.0.0/24 via 172.16.2.2 [pg1]`, `via pg1`; several lines are several paths. */
function addRoute(draft: NetworkDraft, input: Input): NetworkDraft | string {
  const text = input.next;
  const prefix = takePrefix(input);
  if (prefix === undefined) return `'${text}' is no network`;
  if (input.take(/via/) === undefined) return `'${input.rest}': expected via`;
  const gateway = canonicalAddress(input.next);
  if (gateway !== undefined) input.word();
  const port = routePort(draft, input, gateway);
  if (typeof port === 'string') return port;
  const hop = { port: port.name, weight: 1, vlans: [], ...(gateway === undefined ? {} : { gateway }) };
  const is = (route: Route): boolean => route.prefix === prefix.address && route.prefixLength === prefix.prefixLength;
  const before = draft.routes.find(is)?.nextHops ?? [];
  const route: Route = { prefix: prefix.address, prefixLength: prefix.prefixLength, nextHops: [...before, hop] };
  return { ...withPort(draft, port), routes: [...draft.routes.filter((one) => !is(one)), route] };
}

/** The interface that the line names, else the one whose network the gateway is in. */
function routePort(draft: NetworkDraft, input: Input, gateway: string | undefined): Port | string {
  if (!input.isEmpty || gateway === undefined) return takePort(draft, input);
  const name = portTowards(draft, gateway);
  return draft.ports.find((port) => port.name === name) ?? `${gateway} is in none of the interfaces' networks`;
}

function deleteRoute(draft: NetworkDraft, input: Input): NetworkDraft | string {
  const text = input.next;
  const prefix = takePrefix(input);
  if (prefix === undefined) return `'${text}' is no network`;
  skip(input);
  const routes = draft.routes.filter(
    (one) => one.prefix !== prefix.address || one.prefixLength !== prefix.prefixLength,
  );
  return routes.length === draft.routes.length ? `there is no route to ${text}` : { ...draft, routes };
}
