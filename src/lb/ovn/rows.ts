import { failed, type OvnOutcome } from './command.js';
import type { OvnLoadBalancer, OvnState } from './state.js';

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** By name or UUID, as OVN's commands name their rows: none is an answer of its own, several a mistake. */
export function findLoadBalancer(
  state: OvnState,
  id: string,
): OvnLoadBalancer | undefined | { readonly error: string } {
  const byId = UUID.test(id) ? state.loadBalancers.find(({ uuid }) => uuid === id.toLowerCase()) : undefined;
  if (byId !== undefined) return byId;
  const [one, ...more] = state.loadBalancers.filter(({ name }) => name === id);
  if (more.length > 0) return { error: `Multiple load balancers named '${id}'.  Use a UUID.` };
  return one;
}

/** The same where it must be there. */
export function needLoadBalancer(state: OvnState, id: string): OvnLoadBalancer | { readonly error: string } {
  return findLoadBalancer(state, id) ?? { error: `${id}: load balancer ${UUID.test(id) ? 'UUID' : 'name'} not found` };
}

export const isError = (found: object | undefined): found is { readonly error: string } =>
  found !== undefined && 'error' in found;

export const putRow = (state: OvnState, row: OvnLoadBalancer): OvnState => ({
  ...state,
  loadBalancers: state.loadBalancers.some(({ uuid }) => uuid === row.uuid)
    ? state.loadBalancers.map((one) => (one.uuid === row.uuid ? row : one))
    : [...state.loadBalancers, row],
});

/** Its switches and routers lose it too: OVSDB drops weak references. */
export function deleteRow(state: OvnState, { uuid }: OvnLoadBalancer): OvnState {
  const without = (attached: OvnState['switches']): OvnState['switches'] =>
    new Map([...attached].map(([name, uuids]) => [name, uuids.filter((one) => one !== uuid)]));
  return {
    loadBalancers: state.loadBalancers.filter((one) => one.uuid !== uuid),
    switches: without(state.switches),
    routers: without(state.routers),
  };
}

/**
 * OVN keeps what each datapath balances apart; one engine has one table. A VIP that two attached load balancers have would be
 * two answers to one packet.
 */
export function refuseTwice(before: OvnState, after: OvnState): OvnOutcome {
  const attached = new Set([...after.switches.values(), ...after.routers.values()].flat());
  const owners = new Map<string, string>();
  for (const { uuid, name, vips, protocol } of after.loadBalancers) {
    if (!attached.has(uuid)) continue;
    for (const vip of vips.keys()) {
      const key = /:\d+$/.test(vip) ? `${protocol} ${vip}` : vip;
      const owner = owners.get(key);
      if (owner !== undefined)
        return failed(before, `vip ${vip}: load balancers ${owner} and ${name} both have it, and both are attached`);
      owners.set(key, name);
    }
  }
  return { state: after, out: '' };
}
