import type { ApiAllow, ApiGrant } from '../config/api-access.js';
import type { Role } from '../model/role.js';

/** Who connected to a Unix socket, as the kernel says. */
export interface SocketPeer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary ones. */
  readonly groups: readonly number[];
}

/** `allow user`, `allow group`, by number. */
export interface AccountRule {
  readonly who: 'user' | 'group';
  readonly id: number;
  readonly role: Role;
  readonly services: ApiGrant;
}

/** The lines about users and groups; those whose accounts this machine does not have are in `unknown`. */
export function accountRules(
  rules: readonly ApiAllow[],
  find: (who: 'user' | 'group', name: string) => number | undefined,
): { readonly rules: readonly AccountRule[]; readonly unknown: readonly ApiAllow[] } {
  const known: AccountRule[] = [];
  const unknown: ApiAllow[] = [];
  for (const rule of rules) {
    const { who, name, role, services } = rule;
    if (who === 'certificate') continue;
    const id = find(who, name);
    if (id === undefined) unknown.push(rule);
    else known.push({ who, id, role, services });
  }
  return { rules: known, unknown };
}

/** What somebody may: the first line that fits. undefined: nothing. root and the user of lvsd, who could end it, may all. */
export function allowedByAccount(
  rules: readonly AccountRule[],
  { uid, gid, groups }: SocketPeer,
  own: number,
): Pick<AccountRule, 'role' | 'services'> | undefined {
  if (isOwner(uid, own)) return { role: 'admin', services: 'all' };
  return rules.find(({ who, id }) => (who === 'user' ? id === uid : id === gid || groups.includes(id)));
}

export const isOwner = (uid: number, own: number): boolean => uid === 0 || uid === own;
