import { changed, failed, type OvnCommand } from './command.js';
import { listing } from './list.js';
import { isError, needLoadBalancer, refuseTwice } from './rows.js';
import type { OvnState } from './state.js';

type Kind = 'switch' | 'router';
const short = { switch: 'ls', router: 'lr' } as const;
const listOf = { switch: 'switches', router: 'routers' } as const;

const attachedTo = (state: OvnState, kind: Kind, name: string): readonly string[] =>
  state[listOf[kind]].get(name) ?? [];

const withAttached = (state: OvnState, kind: Kind, name: string, uuids: readonly string[]): OvnState => ({
  ...state,
  [listOf[kind]]: new Map(state[listOf[kind]]).set(name, uuids),
});

const capital = { switch: 'SWITCH', router: 'ROUTER' } as const;
const unknown = (kind: Kind, name: string): string => `${name}: ${kind} name not found`;

/** `ls-lb-add SWITCH LB`: packets that come in by the switch's interfaces are balanced. */
const add = (kind: Kind): OvnCommand => ({
  name: `${short[kind]}-lb-add`,
  least: 2,
  most: 2,
  options: ['--may-exist'],
  usage: `[--may-exist] ${short[kind]}-lb-add ${capital[kind]} LB`,
  run(state, { options, words: [name = '', id = ''] }, { interfacesOf }) {
    if (interfacesOf(name) === undefined) return failed(state, unknown(kind, name));
    const found = needLoadBalancer(state, id);
    if (isError(found)) return failed(state, found.error);
    const uuids = attachedTo(state, kind, name);
    if (!uuids.includes(found.uuid)) return refuseTwice(state, withAttached(state, kind, name, [...uuids, found.uuid]));
    return options.has('--may-exist')
      ? changed(state)
      : failed(state, `${found.uuid} : a load balancer with this UUID already exists`);
  },
});

const del = (kind: Kind): OvnCommand => ({
  name: `${short[kind]}-lb-del`,
  least: 1,
  most: 2,
  options: ['--if-exists'],
  usage: `[--if-exists] ${short[kind]}-lb-del ${capital[kind]} [LB]`,
  run(state, { options, words: [name = '', id] }, { interfacesOf }) {
    const uuids = attachedTo(state, kind, name);
    if (interfacesOf(name) === undefined && uuids.length === 0) return failed(state, unknown(kind, name));
    if (id === undefined) return changed(withAttached(state, kind, name, []));
    const found = needLoadBalancer(state, id);
    if (isError(found)) return failed(state, found.error);
    if (!uuids.includes(found.uuid))
      return options.has('--if-exists')
        ? changed(state)
        : failed(state, `load balancer ${found.name} is not part of any logical ${kind}.`);
    return changed(
      withAttached(
        state,
        kind,
        name,
        uuids.filter((one) => one !== found.uuid),
      ),
    );
  },
});

const list = (kind: Kind): OvnCommand => ({
  name: `${short[kind]}-lb-list`,
  least: 1,
  most: 1,
  options: [],
  usage: `${short[kind]}-lb-list ${capital[kind]}`,
  run(state, { words: [name = ''] }, { interfacesOf }) {
    const uuids = attachedTo(state, kind, name);
    if (interfacesOf(name) === undefined && uuids.length === 0) return failed(state, unknown(kind, name));
    return { state, out: listing(state.loadBalancers.filter(({ uuid }) => uuids.includes(uuid))) };
  },
});

export const attachCommands: readonly OvnCommand[] = (['switch', 'router'] as const).flatMap((kind) => [
  add(kind),
  del(kind),
  list(kind),
]);
