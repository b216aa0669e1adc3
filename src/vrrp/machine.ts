/**
 * RFC 3768 §6.4 and RFC 9568 §6.4 as a function, with what keepalived 2.4 does beyond them: no clock, no socket, no logger.
 * What happens in which state: here initialize and fault, machine-backup.ts, machine-master.ts. docs/vrrp.md has it clause by clause.
 */
import { backup } from './machine-backup.js';
import { master } from './machine-master.js';
import { become, begin, type Rules, setPriority, stay, toFault, toInitialize, toMaster } from './machine-steps.js';
import type { Event, EventName, EventOf, Fault, Initialize, MachineSettings, State, Step } from './machine-types.js';

/** Before `start`. */
export const newState = (priority: number, held: boolean): State => ({ is: 'initialize', priority, held });

export function step(my: MachineSettings, state: State, event: Event): Step {
  switch (state.is) {
    case 'initialize':
      return happen(initialize, my, state, event);
    case 'backup':
      return happen(backup, my, state, event);
    case 'master':
      return happen(master, my, state, event);
    case 'fault':
      return happen(fault, my, state, event);
  }
}

const happen = <S extends State, Name extends EventName>(
  rules: Rules<S>,
  my: MachineSettings,
  state: S,
  event: EventOf<Name>,
): Step => rules[event.is](my, state, event);

const ignored = (_my: MachineSettings, state: State): Step => stay(state);

/** What is the same for who does not take part: nothing that others say or time brings means anything to it. */
const resting = {
  priority: setPriority,
  hold: (_my, state) => stay({ ...state, held: true }),
  released: (_my, state) => stay({ ...state, held: false }),
  advert: ignored,
  timer: ignored,
  'master-lost': ignored,
  'master-confirmed': ignored,
  'addresses-lost': ignored,
  'take-over': ignored,
  'step-down': ignored,
  group: ignored,
  paused: ignored,
  muted: ignored,
  settings: ignored,
} satisfies Partial<Rules<Initialize | Fault>>;

const initialize: Rules<Initialize> = {
  ...resting,
  start: (my, state, { atMs }) => begin(my, state, atMs, 'start'),

  /**
   * Nobody can have taken over before so many intervals have passed without an advert of ours: then we are still the master, eligible or not.
   * Later somebody may be, and the addresses that are here go like those of any start.
   */
  resume(my, state, { atMs, lastAdvertMs }) {
    const still = atMs < lastAdvertMs + my.downTimerAdverts * my.advertMs;
    return still ? toMaster(my, state, atMs, 'resume') : begin(my, state, atMs, 'start');
  },

  fault: (_my, state, event) => toFault(state, event),
  stop: ignored,
  repaired: ignored,
};

const fault: Rules<Fault> = {
  ...resting,
  repaired: (my, state, { atMs, byGroup }) => begin(my, state, atMs, byGroup === true ? 'group' : 'repaired'),
  fault: (_my, state, { why }) => stay({ ...state, why }),
  stop: (_my, state) => become(state, toInitialize(state), 'stop', []),
  start: ignored,
  resume: ignored,
};
