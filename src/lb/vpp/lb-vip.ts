import { familyOf } from '../../model/address.js';
import { done, type Outcome, refuse, type VppCommand } from './command.js';
import {
  type Clause,
  isInside,
  isRefused,
  NUMBER,
  type Prefix,
  readClauses,
  type Refused,
  takePrefix,
} from './input.js';
import { type VppEncap, vppEncaps, vppErrors, type VppState, type VppVip } from './state.js';

/** What a line says, before it is asked whether that makes sense. */
interface Draft {
  readonly protocol: 'tcp' | 'udp' | 'any';
  readonly port: number | undefined;
  readonly encap: VppEncap | undefined;
  readonly dscp: number | undefined;
  readonly type: 'clusterip' | 'nodeport';
  readonly targetPort: number | undefined;
  readonly nodePort: number | undefined;
  readonly newLen: number;
  readonly sourceSticky: boolean;
  readonly del: boolean;
}

const nothing: Draft = {
  protocol: 'any',
  port: undefined,
  encap: undefined,
  dscp: undefined,
  type: 'clusterip',
  targetPort: undefined,
  nodePort: undefined,
  newLen: 1024,
  sourceSticky: false,
  del: false,
};

/** Which VIP of a prefix: what `lb vip`, `lb as` and `lb flush vip` have in common. */
export interface VipChoice {
  readonly protocol: 'tcp' | 'udp' | 'any';
  readonly port: number | undefined;
}

export const choiceClauses = <D extends VipChoice>(): readonly Clause<D>[] => [
  {
    pattern: /protocol\s+(tcp|udp)/,
    read: (draft, protocol) => ({ ...draft, protocol: protocol === 'tcp' ? 'tcp' : 'udp' }),
  },
  { pattern: new RegExp(`port\\s+(${NUMBER})`), read: (draft, text) => withPort(draft, 'port', text) },
];

/** VPP cuts it to 16 bits: 65536 makes a VIP of all ports. */
function withPort<D extends object>(draft: D, name: 'port' | 'targetPort' | 'nodePort', text: string): D | Refused {
  const port = Number(text);
  const word = { port: 'port', targetPort: 'target_port', nodePort: 'node_port' }[name];
  if (port < 1 || port > 65_535) return { refused: `${word} must be between 1 and 65535` };
  return { ...draft, [name]: port };
}

const clauses: readonly Clause<Draft>[] = [
  ...choiceClauses<Draft>(),
  {
    pattern: new RegExp(`encap\\s+(${vppEncaps.join('|')})`),
    read: (draft, word) => ({ ...draft, encap: vppEncaps.find((one) => one === word) }),
  },
  { pattern: new RegExp(`dscp\\s+(${NUMBER})`), read: (draft, text) => ({ ...draft, dscp: Number(text) }) },
  {
    pattern: /type\s+(clusterip|nodeport)/,
    read: (draft, word) => ({ ...draft, type: word === 'nodeport' ? 'nodeport' : 'clusterip' }),
  },
  { pattern: new RegExp(`target_port\\s+(${NUMBER})`), read: (draft, text) => withPort(draft, 'targetPort', text) },
  { pattern: new RegExp(`node_port\\s+(${NUMBER})`), read: (draft, text) => withPort(draft, 'nodePort', text) },
  { pattern: new RegExp(`new_len\\s+(${NUMBER})`), read: (draft, text) => ({ ...draft, newLen: Number(text) }) },
  { pattern: /(src_ip_sticky)/, read: (draft) => ({ ...draft, sourceSticky: true }) },
  { pattern: /(del)/, read: (draft) => ({ ...draft, del: true }) },
];

const path = 'lb vip';
/** 2^22 slots are 16 MiB of table. */
const MOST_SLOTS = 2 ** 22;

export const lbVip: VppCommand = {
  path,
  help: 'lb vip <prefix> [protocol (tcp|udp) port <n>] [encap (gre6|gre4|l3dsr|nat4|nat6)] [dscp <n>] [type (nodeport|clusterip) target_port <n>] [new_len <n>] [src_ip_sticky] [del]',
  run(state, input) {
    if (input.isEmpty) return done(state);
    const prefix = takePrefix(input);
    if (prefix === undefined) return refuse(state, path, `invalid vip prefix: '${input.rest}'`);
    const draft = readClauses(input, clauses, nothing);
    if (isRefused(draft)) return refuse(state, path, draft.refused);
    return draft.del ? remove(state, prefix, draft) : add(state, prefix, draft);
  },
};

/** Index of a VIP by what the user calls it. */
export const findVip = (state: VppState, prefix: Prefix, choice: VipChoice): VppVip | undefined =>
  state.vips.find(
    (vip) =>
      isOnPrefix(vip, prefix) &&
      vip.port === (choice.port ?? 0) &&
      (choice.port === undefined || vip.protocol === choice.protocol),
  );

const isOnPrefix = (vip: VppVip, { address, prefixLength }: Prefix): boolean =>
  vip.address === address && vip.prefixLength === prefixLength;

function remove(state: VppState, prefix: Prefix, draft: Draft): Outcome {
  const vip = findVip(state, prefix, draft);
  if (vip === undefined) return refuse(state, path, `lb_vip_find_index error ${vppErrors.noSuchEntry}`);
  return done({ ...state, vips: state.vips.filter((one) => one !== vip) });
}

function add(state: VppState, prefix: Prefix, draft: Draft): Outcome {
  const vip = vipOf(state, prefix, draft);
  if (isRefused(vip)) return refuse(state, path, vip.refused);
  const conflict = conflictOf(state, vip);
  if (conflict !== undefined) return refuse(state, path, conflict);
  const vips = [...state.vips, vip].sort((a, b) => a.index - b.index);
  return done({ ...state, vips }, `lb_vip_add ok ${vip.index}`);
}

function vipOf(state: VppState, prefix: Prefix, draft: Draft): VppVip | Refused {
  const family = familyOf(prefix.address);
  const encap = draft.encap ?? (family === 'ip4' ? 'gre4' : 'gre6');
  const why = wrongEncap(encap, prefix.address, draft) ?? wrongSize(draft.newLen);
  if (why !== undefined) return { refused: why };
  const isNat = encap === 'nat4' || encap === 'nat6';
  const port = draft.port ?? 0;
  const nodePort = draft.nodePort ?? (draft.type === 'nodeport' ? port : 0);
  return {
    index: freeIndex(state),
    ...prefix,
    protocol: draft.port === undefined ? 'any' : draft.protocol,
    port,
    encap,
    dscp: draft.dscp ?? 0,
    type: nodePort > 0 ? 'nodeport' : 'clusterip',
    targetPort: isNat ? (draft.targetPort ?? port) : 0,
    nodePort,
    newLen: draft.newLen,
    sourceSticky: draft.sourceSticky,
    servers: [],
  };
}

/** In the order in which VPP asks. */
function wrongEncap(encap: VppEncap, address: string, draft: Draft): string | undefined {
  const family = familyOf(address);
  if (
    isInside(address, { address: '224.0.0.0', prefixLength: 4 }) ||
    isInside(address, { address: 'ff00::', prefixLength: 8 })
  )
    return `${address} is multicast`;
  if (draft.port === undefined && draft.protocol !== 'any') return `protocol ${draft.protocol} needs a port`;
  if (encap === 'nat6' && family === 'ip4') return 'currently does not support NAT46';
  if (encap === 'nat4' && family === 'ip6') return 'currently does not support NAT64';
  if (encap === 'l3dsr' && !(draft.dscp !== undefined && draft.dscp >= 0 && draft.dscp < 64))
    return 'lb_vip_add error: dscp for L3DSR should be less than 64.';
  if (encap !== 'l3dsr' && draft.dscp !== undefined)
    return 'lb_vip_add error: should not configure dscp for none L3DSR.';
  if (encap === 'l3dsr' && family === 'ip6') return `lb_vip_add error ${vppErrors.addressFamily}`;
  return encap === 'nat4' || encap === 'nat6' ? wrongNat(draft) : wrongPorts(encap, draft);
}

const wrongNat = ({ port }: Draft): string | undefined =>
  port === undefined ? 'encap nat4 and nat6 need a port: there is nothing else to translate by' : undefined;

const wrongPorts = (encap: VppEncap, { targetPort, nodePort, type }: Draft): string | undefined =>
  targetPort !== undefined || nodePort !== undefined || type === 'nodeport'
    ? `target_port, node_port and type nodeport go with encap nat4 and nat6, not with ${encap}`
    : undefined;

function wrongSize(newLen: number): string | undefined {
  if (newLen === 0 || newLen > MOST_SLOTS) return `new_len must be a power of two from 1 to ${MOST_SLOTS}`;
  if (newLen < 0 || !Number.isInteger(Math.log2(newLen))) return `lb_vip_add error ${vppErrors.badSize}`;
  return undefined;
}

/** The hidden VIP that takes packets of unconfigured ports is VPP's number 0; ours begin with 1 as VPP's do. */
function freeIndex({ vips }: VppState): number {
  const taken = new Set(vips.map(({ index }) => index));
  let index = 1;
  while (taken.has(index)) index++;
  return index;
}

/** A prefix has either one VIP of all ports, or VIPs of one encapsulation by port. A node port leads to one VIP. */
function conflictOf({ vips }: VppState, vip: VppVip): string | undefined {
  const beside = vips.filter((one) => isOnPrefix(one, vip));
  const same = (one: VppVip): boolean =>
    one.port === vip.port && (one.protocol === vip.protocol || one.protocol === 'any' || vip.protocol === 'any');
  if (beside.some((one) => one.port === 0 || vip.port === 0 || same(one)))
    return `lb_vip_add error ${vppErrors.exists}`;
  if (beside.some(({ encap }) => encap !== vip.encap)) return `lb_vip_add error ${vppErrors.invalidArgument}`;
  const overlaps = (one: VppVip): boolean =>
    one.protocol === vip.protocol || one.protocol === 'any' || vip.protocol === 'any';
  if (vip.nodePort > 0 && vips.some((one) => one.nodePort === vip.nodePort && one.encap === vip.encap && overlaps(one)))
    return `lb_vip_add error ${vppErrors.exists}`;
  return undefined;
}
