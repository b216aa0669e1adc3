import { hashFields } from '../model/engine.js';
import type { Table } from '../model/table.js';
import { canonicalAddress } from '../model/address.js';
import type { InterfacesOf } from './ovn/command.js';
import { parseOvnEndpoint } from './ovn/endpoint.js';
import { emptyOvnState, type OvnLoadBalancer, type OvnState } from './ovn/state.js';
import { tableOfOvn } from './ovn/table.js';
import { emptyVppState, vppEncaps, type VppServer, type VppState, type VppVip } from './vpp/state.js';
import { tableOfVpp } from './vpp/table.js';

/** What was made at run time in others' words. */
export interface LbStore {
  readonly vpp: VppState;
  readonly ovn: OvnState;
}

export const emptyLbStore: LbStore = { vpp: emptyVppState, ovn: emptyOvnState };

/** All of it as what the engine forwards. Where both have a service, VPP's words win. */
export const tableOf = (store: LbStore, interfacesOf: InterfacesOf): Table =>
  new Map([...tableOfOvn(store.ovn, interfacesOf), ...tableOfVpp(store.vpp)]);

/** Sessions that `lb conf buckets` asks for. */
export const sessionsOf = ({ vpp }: LbStore): number => 4 * vpp.buckets;

const VERSION = 1;

/** Text for the state file: its order is that of the state, so that equal states are equal text. */
export const encodeLbStore = ({ vpp, ovn }: LbStore): string =>
  `${JSON.stringify({
    version: VERSION,
    vpp,
    ovn: {
      loadBalancers: ovn.loadBalancers.map((row) => ({ ...row, vips: [...row.vips] })),
      switches: [...ovn.switches],
      routers: [...ovn.routers],
    },
  })}\n`;

/** undefined: that is no text of ours, or of a newer lvsd. Nothing of it is believed then. */
export function decodeLbStore(text: string): LbStore | undefined {
  try {
    const all = object(JSON.parse(text));
    if (all['version'] !== VERSION) return undefined;
    return { vpp: vppOf(object(all['vpp'])), ovn: ovnOf(object(all['ovn'])) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Unfit) return undefined;
    throw error;
  }
}

/** Something is not what it should be. */
class Unfit extends Error {}

type Fields = Readonly<Record<string, unknown>>;

function need(holds: boolean): asserts holds {
  if (!holds) throw new Unfit();
}
function object(value: unknown): Fields {
  need(typeof value === 'object' && value !== null && !Array.isArray(value));
  return value as Fields;
}
function list(value: unknown): readonly unknown[] {
  need(Array.isArray(value));
  return value as readonly unknown[];
}
function text(value: unknown): string {
  need(typeof value === 'string');
  return value;
}
function flag(value: unknown): boolean {
  need(typeof value === 'boolean');
  return value;
}
function integer(value: unknown, most: number): number {
  need(typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most);
  return value;
}
function address(value: unknown): string {
  const found = canonicalAddress(text(value));
  need(found !== undefined);
  return found;
}
function oneOf<T extends string>(value: unknown, words: readonly T[]): T {
  const found = words.find((word) => word === value);
  need(found !== undefined);
  return found;
}
const optional = <T>(value: unknown, read: (value: unknown) => T): T | undefined =>
  value === undefined || value === null ? undefined : read(value);

const MOST_PORT = 65_535;
const MOST_SECONDS = 1_000_000;
const MOST_SIZE = 2 ** 22;

const vppOf = (fields: Fields): VppState => ({
  ip4Source: optional(fields['ip4Source'], address),
  ip6Source: optional(fields['ip6Source'], address),
  buckets: integer(fields['buckets'], MOST_SIZE),
  timeout: integer(fields['timeout'], MOST_SECONDS),
  vips: list(fields['vips']).map((vip) => vipOf(object(vip))),
  nat4In: list(fields['nat4In']).map(text),
  nat6In: list(fields['nat6In']).map(text),
});

const vipOf = (fields: Fields): VppVip => ({
  index: integer(fields['index'], Number.MAX_SAFE_INTEGER),
  address: address(fields['address']),
  prefixLength: integer(fields['prefixLength'], text(fields['address']).includes(':') ? 128 : 32),
  protocol: oneOf(fields['protocol'], ['tcp', 'udp', 'any']),
  port: integer(fields['port'], MOST_PORT),
  encap: oneOf(fields['encap'], vppEncaps),
  dscp: integer(fields['dscp'], 63),
  type: oneOf(fields['type'], ['clusterip', 'nodeport']),
  targetPort: integer(fields['targetPort'], MOST_PORT),
  nodePort: integer(fields['nodePort'], MOST_PORT),
  newLen: integer(fields['newLen'], MOST_SIZE),
  sourceSticky: flag(fields['sourceSticky']),
  servers: list(fields['servers']).map((server) => serverOf(object(server))),
});

const serverOf = (fields: Fields): VppServer => ({
  address: address(fields['address']),
  weight: integer(fields['weight'], 100),
  removed: flag(fields['removed']),
});

const ovnOf = (fields: Fields): OvnState => ({
  loadBalancers: list(fields['loadBalancers']).map((row) => rowOf(object(row))),
  switches: attachedOf(fields['switches']),
  routers: attachedOf(fields['routers']),
});

const pairOf = (value: unknown): readonly [unknown, unknown] => {
  const [first, second] = list(value);
  return [first, second];
};

const attachedOf = (value: unknown): ReadonlyMap<string, readonly string[]> =>
  new Map(list(value).map((pair) => [text(pairOf(pair)[0]), list(pairOf(pair)[1]).map(text)]));

const rowOf = (fields: Fields): OvnLoadBalancer => ({
  uuid: text(fields['uuid']),
  name: text(fields['name']),
  protocol: oneOf(fields['protocol'], ['tcp', 'udp', 'sctp']),
  vips: new Map(list(fields['vips']).map((pair) => [endpoint(pairOf(pair)[0]), serversText(pairOf(pair)[1])])),
  selectionFields: optional(fields['selectionFields'], (value) => list(value).map((one) => oneOf(one, hashFields))),
  affinityTimeout: integer(fields['affinityTimeout'], MOST_PORT),
});

function endpoint(value: unknown): string {
  need(parseOvnEndpoint(text(value)) !== undefined);
  return text(value);
}

function serversText(value: unknown): string {
  need(
    text(value) === '' ||
      text(value)
        .split(',')
        .every((one) => parseOvnEndpoint(one) !== undefined),
  );
  return text(value);
}
