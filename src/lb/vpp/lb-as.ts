import { canonicalAddress, familyOf } from '../../model/address.js';
import { done, type Effect, type Outcome, refuse, type VppCommand } from './command.js';
import {
  type Clause,
  type Input,
  isInside,
  isRefused,
  readClauses,
  type Refused,
  takePrefix,
  UNSIGNED,
} from './input.js';
import { choiceClauses, findVip, type VipChoice } from './lb-vip.js';
import { destinationOfServer, servicesOfVip } from './table.js';
import { vppErrors, type VppServer, type VppState, type VppVip, withVip } from './state.js';

interface Draft extends VipChoice {
  readonly addresses: readonly string[];
  readonly weight: number | undefined;
  readonly del: boolean;
  readonly flush: boolean;
}

const nothing: Draft = {
  protocol: 'any',
  port: undefined,
  addresses: [],
  weight: undefined,
  del: false,
  flush: false,
};

const clauses: readonly Clause<Draft>[] = [
  ...choiceClauses<Draft>(),
  {
    pattern: new RegExp(`weight\\s+(${UNSIGNED})`),
    read: (draft, text) =>
      Number(text) > 100 ? { refused: 'weight must be between 0 and 100' } : { ...draft, weight: Number(text) },
  },
  { pattern: /(del)/, read: (draft) => ({ ...draft, del: true }) },
  { pattern: /(flush)/, read: (draft) => ({ ...draft, flush: true }) },
  { pattern: /([\da-fA-F]*[.:][\da-fA-F.:]*)/, read: withAddress },
];

function withAddress(draft: Draft, text: string): Draft | Refused {
  const address = canonicalAddress(text);
  if (address === undefined) return { refused: `parse error: '${text}'` };
  return { ...draft, addresses: [...new Set([...draft.addresses, address])] };
}

const path = 'lb as';
/** VPP's default. */
const WEIGHT = 100;

export const lbAs: VppCommand = {
  path,
  help: 'lb as <vip-prefix> [protocol (tcp|udp) port <n>] [<address> [<address> [...]]] [weight <0-100>] [del] [flush]',
  run(state, input: Input) {
    if (input.isEmpty) return done(state);
    const prefix = takePrefix(input);
    if (prefix === undefined) return refuse(state, path, `invalid as address: '${input.rest}'`);
    const draft = readClauses(input, clauses, nothing);
    if (isRefused(draft)) return refuse(state, path, draft.refused);
    if (draft.weight !== undefined && draft.del) return refuse(state, path, 'weight and del are mutually exclusive');
    if (draft.addresses.length === 0) return refuse(state, path, 'No AS address provided');
    const vip = findVip(state, prefix, draft);
    if (vip === undefined) return refuse(state, path, `lb_vip_find_index error ${vppErrors.noSuchEntry}`);
    return draft.del ? remove(state, vip, draft) : put(state, vip, draft);
  },
};

function put(state: VppState, vip: VppVip, { addresses, weight, flush }: Draft): Outcome {
  for (const address of addresses) {
    const why = unfit(vip, address);
    if (why !== undefined) return refuse(state, path, why);
    if (weight === undefined && vip.servers.some((one) => one.address === address && !one.removed))
      return refuse(state, path, `lb_vip_add_ass error ${vppErrors.exists}`);
  }
  let servers = vip.servers;
  // VPP takes its list of new ones from the end
  for (const address of addresses.toReversed()) {
    const server: VppServer = { address, weight: weight ?? WEIGHT, removed: false };
    const known = servers.some((one) => one.address === address);
    servers = known ? servers.map((one) => (one.address === address ? server : one)) : [...servers, server];
  }
  return done(withVip(state, { ...vip, servers }), '', flush ? flushes(vip, addresses) : []);
}

const flushes = (vip: VppVip, addresses: readonly string[]): readonly Effect[] =>
  addresses.flatMap((address) =>
    servicesOfVip(vip).map((service) => ({ do: 'flush', service, destination: destinationOfServer(vip, address) })),
  );

/** The family of a server is that of the outer header; of l3dsr and NAT that of the VIP. */
const familyOfServers = ({ encap, address }: VppVip): 'ip4' | 'ip6' => {
  if (encap === 'gre4' || encap === 'nat4') return 'ip4';
  if (encap === 'gre6' || encap === 'nat6') return 'ip6';
  return familyOf(address);
};

function unfit(vip: VppVip, address: string): string | undefined {
  if (familyOf(address) !== familyOfServers(vip)) return `lb_vip_add_ass error ${vppErrors.addressFamily}`;
  if (isNobody(address)) return `${address} is no address of a server`;
  const isRewritten = vip.encap !== 'gre4' && vip.encap !== 'gre6';
  if (isRewritten && isInside(address, vip))
    return `${address} lies in its own VIP ${vip.address}/${vip.prefixLength}: what is sent there comes back`;
  return undefined;
}

/** Unspecified, loopback, multicast, broadcast. */
const isNobody = (address: string): boolean =>
  address === '0.0.0.0' ||
  address === '255.255.255.255' ||
  address === '::' ||
  address === '::1' ||
  isInside(address, { address: '127.0.0.0', prefixLength: 8 }) ||
  isInside(address, { address: '224.0.0.0', prefixLength: 4 }) ||
  isInside(address, { address: 'ff00::', prefixLength: 8 });

/** Without flush its flows stay: it is kept without weight until the last one has ended. With it, a removed one goes now. */
function remove(state: VppState, vip: VppVip, { addresses, flush }: Draft): Outcome {
  const isThere = (address: string): boolean =>
    vip.servers.some((one) => one.address === address && (flush || !one.removed));
  if (!addresses.every(isThere)) return refuse(state, path, `lb_vip_del_ass error ${vppErrors.noSuchEntry}`);
  const servers = flush
    ? vip.servers.filter(({ address }) => !addresses.includes(address))
    : vip.servers.map((one) => (addresses.includes(one.address) ? { ...one, removed: true } : one));
  return done(withVip(state, { ...vip, servers })); // who is not in the table any more has no sessions either
}
