/** vrrp_sync_group: its members are masters together or not at all. Pure: what the step of one member means for the others. */
import type { Action, EventOf, Role, State, Step, Told } from './machine-types.js';

/** What another member is told, at the moment of the step. */
export interface Order {
  readonly member: string;
  readonly to: EventOf<'group'>['to'];
  readonly soon?: true;
}

/**
 * @param members all of the group, as they are after the step
 * @param name whose step it was
 */
export function ordersAfter(
  members: ReadonlyMap<string, State>,
  name: string,
  before: State,
  { state: after, actions }: Step,
): readonly Order[] {
  if (actions.some(({ do: what }) => what === 'ask-group')) return allTogether(members);
  const others = [...members].filter(([member]) => member !== name);
  const masters = others.filter(([, { is }]) => is === 'master').map(([member]) => member);
  if (before.is === 'master' && after.is === 'backup') {
    const soon = after.because === 'addresses-lost' ? ({ soon: true } as const) : {};
    return masters.map((member) => ({ member, to: 'backup', ...soon }));
  }
  if (actions.some(isRepair)) return masters.map((member) => ({ member, to: 'repair' }));
  return [];
}

/** Everybody who is not master yet is asked to be, if nobody has a reason against it. */
function allTogether(members: ReadonlyMap<string, State>): readonly Order[] {
  if (![...members.values()].every((state) => state.is === 'master' || isWaiting(state))) return [];
  return [...members].filter(([, state]) => isWaiting(state)).map(([member]) => ({ member, to: 'master' }));
}

const isWaiting = (state: State): boolean => state.is === 'backup' && state.waits && !state.held;

/** A repair that a member began itself, not one that it was ordered. */
const isRepair = (action: Action): boolean => action.do === 'tell' && action.what.is === 'lower-master';

export interface SharedFault {
  readonly why: string;
  /** Only because of another member. */
  readonly byGroup: boolean;
}

/** Which members have a fault, given the faults of each: one of one is one of all. Empty: none has. */
export function sharedFaults(
  group: string,
  faults: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, SharedFault> {
  const [first] = [...faults].filter(([, own]) => own.length > 0).map(([member]) => member);
  if (first === undefined) return new Map();
  return new Map(
    [...faults].map(([member, [own]]) => [
      member,
      own === undefined ? { why: `sync group ${group}: ${first}`, byGroup: true } : { why: own, byGroup: false },
    ]),
  );
}

/** What the group is, for its own notifications. */
export function groupRole(states: readonly Pick<State, 'is'>[]): Role {
  for (const role of ['fault', 'initialize', 'backup'] as const) if (states.some(({ is }) => is === role)) return role;
  return 'master';
}

/** News of a member that are those of the group: its own notification is left out. */
export const isFollower = (told: Told): boolean => told.is === 'role' && told.why === 'group';
