/**
 * interop/ — two virtual routers on one link, each of them ours, keepalived or FRR, and a neighbour that looks who answers.
 * settings.ts: what a router is told, the same for all three · {lvsd,keepalived,frr}.ts: each as a process · site.ts: the network and the
 * neighbour · matrix.ts: which pairs · trial.ts: what each pair must do.
 */
import type { Family } from '../../../src/model/address.js';

export type Authentication = 'none' | 'pass' | 'ah' | 'hmac';

/** How both routers of a pair speak. */
export interface Speech {
  readonly version: 2 | 3;
  readonly family: Family;
  readonly unicast: boolean;
  readonly authentication: Authentication;
  /** The addresses are on a MAC of their own. FRR has no other way. */
  readonly vmac: boolean;
  readonly preempt: boolean;
  readonly advertSeconds: number;
}

/** What one router is told. */
export interface RouterSettings extends Speech {
  readonly priority: number;
  readonly source: string;
  readonly peer: string;
  /** Of PASS and AH: at most 8 bytes count. Of HMAC: the digits of the key. */
  readonly password: string;
  /** Further lines of a vrrp_instance; FRR has none. */
  readonly lines: readonly string[];
}

export const VRID = 51;
/** The interface of each router. */
export const LINK = 'lan';

/** Advertised addresses. What the neighbour asks for is the last. */
export const virtualAddresses = (family: Family): readonly string[] =>
  family === 'ip4' ? ['10.77.0.50/24'] : ['fe80::77:50/64', 'fd77::50/64'];
export const askedAddress = (family: Family): string => virtualAddresses(family).at(-1)!.replace(/\/.*/, '');

/** 00:00:5e:00:01 or :02 and the VRID (RFC 9568 §7.3). */
export const virtualMac = (family: Family): string =>
  `00:00:5e:00:0${family === 'ip4' ? 1 : 2}:${VRID.toString(16).padStart(2, '0')}`;

/** A file that keepalived and lvsd both read. */
export const keepalivedText = (router: RouterSettings): string => `
global_defs {
    router_id R${router.priority}
}
vrrp_instance V1 {
    state BACKUP
    interface ${LINK}
    version ${router.version}
    virtual_router_id ${VRID}
    priority ${router.priority}
    advert_int ${router.advertSeconds}
    ${[...speechLines(router), ...router.lines].join('\n    ')}
    virtual_ipaddress {
        ${virtualAddresses(router.family).join('\n        ')}
    }
}
`;

function speechLines({ preempt, vmac, unicast, source, peer, authentication, password }: RouterSettings): string[] {
  const lines: string[] = [];
  if (!preempt) lines.push('nopreempt');
  if (vmac) lines.push('use_vmac');
  if (vmac && unicast) lines.push('vmac_xmit_base');
  if (unicast) lines.push(`unicast_src_ip ${source}`, `unicast_peer {\n        ${peer}\n    }`);
  if (authentication === 'hmac') lines.push(`auth_hmac {\n        key 1 hex:${password}\n    }`);
  else if (authentication !== 'none')
    lines.push(
      `authentication {\n        auth_type ${authentication.toUpperCase()}\n        auth_pass ${password}\n    }`,
    );
  return lines;
}

/** vrrpd's. */
export const frrText = ({ version, priority, advertSeconds, preempt, family }: RouterSettings): string => `
hostname r${priority}
interface ${LINK}
 vrrp ${VRID} version ${version}
 vrrp ${VRID} priority ${priority}
 vrrp ${VRID} advertisement-interval ${advertSeconds * 1000}
${preempt ? '' : ` no vrrp ${VRID} preempt\n`}${virtualAddresses(family)
  .map((address) => ` vrrp ${VRID} ${family === 'ip4' ? 'ip' : 'ipv6'} ${address.replace(/\/.*/, '')}\n`)
  .join('')}exit
`;
