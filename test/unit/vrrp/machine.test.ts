/** What happens in which state: a row for each clause. Moments are ms; the machine has VRRP 3, priority 100 and adverts each second. */
import t from 'tap';
import { newState, step } from '../../../src/vrrp/machine.js';
import type { Action, Event, EventName, MachineSettings, State, Step } from '../../../src/vrrp/machine-types.js';
import { settings } from '../../helpers/vrrp-world.js';

const my = settings({ version: 3 });
const with_ = (more: Partial<MachineSettings>): MachineSettings => settings({ version: 3, ...more });

const START: Event = { is: 'start', atMs: 0 };
const DOWN: Event = { is: 'timer', name: 'master-down', atMs: 3609.375 };
const advert = (atMs: number, priority: number, more: Partial<Event & { is: 'advert' }> = {}): Event => ({
  is: 'advert',
  atMs,
  priority,
  intervalMs: 1000,
  source: '10.77.0.9',
  sender: 'higher',
  ...more,
});

const confirmed = (lastAdvertMs: number, patienceMs = 30_000): Event => ({
  is: 'master-confirmed',
  atMs: lastAdvertMs,
  lastAdvertMs,
  patienceMs,
});

function after(settings: MachineSettings, priority: number, ...events: readonly Event[]): Step {
  let last: Step = { state: newState(priority, false), actions: [] };
  for (const event of events) last = step(settings, last.state, event);
  return last;
}

/** Actions as words. */
function word(action: Action): string {
  switch (action.do) {
    case 'advertise':
      return `advertise ${action.priority} each ${action.everyMs} from ${action.firstAtMs}`;
    case 'send-once':
      return `send ${action.priority}`;
    case 'arm':
      return `${action.timer} at ${action.atMs}`;
    case 'announce':
      return `announce ${action.why}`;
    case 'tell':
      return action.what.is === 'role' ? `${action.what.to}: ${action.what.why}` : action.what.is;
    default:
      return action.do;
  }
}
const words = ({ actions }: Step): readonly string[] =>
  actions.filter(({ do: what }) => what !== 'disarm-all').map(word);

interface Row {
  readonly says: string;
  readonly my?: MachineSettings;
  readonly priority?: number;
  readonly events: readonly Event[];
  /** Of the last event. */
  readonly does: readonly string[];
  readonly is?: Partial<State>;
}

const MASTER = [START, DOWN];
const BACKUP = [START, advert(500, 150)];

const rows: readonly Row[] = [
  // initialize
  {
    says: 'RFC 9568 §6.4.1 start: a router that is not the owner listens for Active_Down_Interval',
    events: [START],
    does: ['release-addresses', 'master-down at 3609.375', 'backup: start'],
  },
  {
    says: 'RFC 3768 §6.4.1 start: VRRP 2 has a skew in parts of a second whatever the interval is',
    my: settings({ advertMs: 5000 }),
    events: [START],
    does: ['release-addresses', 'master-down at 15609.375', 'backup: start'],
  },
  {
    says: 'RFC 9568 §6.4.1 start: the owner is master at once',
    my: with_({ owner: true }),
    priority: 255,
    events: [START],
    does: ['advertise 255 each 1000 from 0', 'hold-addresses', 'announce master', 'master: owner'],
  },
  {
    says: 'an owner that is held is a backup until it is released',
    my: with_({ owner: true }),
    priority: 255,
    events: [{ is: 'hold', atMs: 0 }, START, { is: 'released', atMs: 700 }],
    does: ['advertise 255 each 1000 from 700', 'hold-addresses', 'announce master', 'master: owner'],
  },
  {
    says: 'an owner in a sync group asks at once',
    my: with_({ owner: true, grouped: true }),
    priority: 255,
    events: [START, { is: 'timer', name: 'master-down', atMs: 0 }],
    does: ['ask-group'],
    is: { is: 'backup', waits: true },
  },
  {
    says: 'state MASTER in a sync group: one interval and the least skew',
    my: settings({ grouped: true, startsEagerly: true }),
    events: [START],
    does: ['release-addresses', 'master-down at 1003.90625', 'backup: start'],
  },
  {
    says: 'weakness 5: killed and back before anybody can have taken over: master again, and nothing is removed',
    events: [{ is: 'resume', atMs: 5000, lastAdvertMs: 2001 }],
    does: ['advertise 100 each 1000 from 5000', 'hold-addresses', 'announce master', 'master: resume'],
  },
  {
    says: 'weakness 5: back too late: a start like any other, which removes what is left',
    events: [{ is: 'resume', atMs: 5000, lastAdvertMs: 2000 }],
    does: ['release-addresses', 'master-down at 8609.375', 'backup: start'],
  },
  {
    says: 'a fault before the start is a fault',
    events: [{ is: 'fault', why: 'eth0 is down', atMs: 0 }, START],
    does: [],
    is: { is: 'fault', why: 'eth0 is down' },
  },
  {
    says: 'RFC 9568 §6.4.1 adverts before the start do nothing',
    events: [advert(0, 255)],
    does: [],
    is: { is: 'initialize' },
  },

  // backup
  {
    says: 'RFC 9568 §6.4.2 shutdown: the timer is cancelled, nothing is sent',
    events: [...BACKUP, { is: 'stop', atMs: 600 }],
    does: ['initialize: stop'],
  },
  {
    says: 'RFC 9568 §6.4.2 the timer fires: advert first, then addresses, then announcements',
    events: [START, DOWN],
    does: ['advertise 100 each 1000 from 3609.375', 'hold-addresses', 'announce master', 'master: master-down'],
    is: { is: 'master', sinceMs: 3609.375 },
  },
  {
    says: 'RFC 9568 §6.4.2 the timer of another moment is none: it is armed again',
    events: [START, { is: 'timer', name: 'master-down', atMs: 3609 }],
    does: ['master-down at 3609.375'],
    is: { is: 'backup' },
  },
  {
    says: 'weakness 11: an advert that arrived before the deadline counts though it is read after it',
    events: [START, advert(3600, 150), DOWN],
    does: ['master-down at 7209.375'],
    is: { is: 'backup' },
  },
  {
    says: 'RFC 9568 §6.4.2 priority 0: wait only the skew',
    events: [...BACKUP, advert(800, 0)],
    does: ['master-down at 1409.375'],
  },
  {
    says: 'priority 0 again and again does not put the end off',
    events: [...BACKUP, advert(800, 0), advert(1400, 0)],
    does: [],
    is: { is: 'backup', deadlineMs: 1409.375 },
  },
  {
    says: 'RFC 3768 §6.4.2 priority 0: the skew of VRRP 2 is in parts of a second',
    my: settings({ advertMs: 5000 }),
    events: [START, advert(800, 0)],
    does: ['master-down at 1409.375'],
  },
  {
    says: 'after priority 0 the new master says why',
    events: [START, advert(800, 0), { is: 'timer', name: 'master-down', atMs: 1409.375 }],
    does: ['advertise 100 each 1000 from 1409.375', 'hold-addresses', 'announce master', 'master: released-by-master'],
  },
  {
    says: 'RFC 9568 §6.4.2 a higher priority: its interval is learned and the timer starts again',
    events: [START, advert(500, 150, { intervalMs: 2000 })],
    does: ['master-down at 7718.75', 'new-master'],
    is: { is: 'backup', masterAdvertMs: 2000 },
  },
  {
    says: 'RFC 9568 §6.4.2 an equal priority is as good',
    events: [START, advert(500, 100, { sender: 'lower' })],
    does: ['master-down at 4109.375', 'new-master', 'same-priority'],
  },
  {
    says: 'RFC 9568 §6.4.2 a lower priority is discarded when we preempt',
    events: [...BACKUP, advert(1500, 99)],
    does: [],
    is: { is: 'backup', deadlineMs: 4109.375 },
  },
  {
    says: 'RFC 9568 §6.4.2 a lower priority counts when we do not',
    my: with_({ preempt: false }),
    events: [...BACKUP, advert(1500, 99)],
    does: ['master-down at 5109.375'],
  },
  {
    says: 'RFC 3768 §6.4.2 the timer starts again with our own interval, whatever is said',
    my: settings(),
    events: [START, advert(500, 150, { intervalMs: 9000 })],
    does: ['master-down at 4109.375', 'new-master'],
  },
  {
    says: 'weakness 3: an interval of 40.95 s counts four times ours, and is told',
    events: [START, advert(500, 150, { intervalMs: 40_950 })],
    does: ['master-down at 14937.5', 'new-master', 'interval-bounded'],
    is: { is: 'backup', masterAdvertMs: 4000 },
  },
  {
    says: 'weakness 3: told once, not with each advert',
    events: [START, advert(500, 150, { intervalMs: 40_950 }), advert(900, 150, { intervalMs: 40_950 })],
    does: ['master-down at 15337.5'],
  },
  {
    says: 'weakness 3: an interval of 10 ms counts a quarter of ours',
    events: [START, advert(500, 150, { intervalMs: 10 })],
    does: ['master-down at 1402.34375', 'new-master', 'interval-bounded'],
  },
  {
    says: 'preempt_delay: lower adverts count until it is over',
    my: with_({ preemptDelayMs: 4000 }),
    events: [START, advert(500, 50), advert(4499, 50)],
    does: ['master-down at 8108.375'],
    is: { is: 'backup', preemptAtMs: 4500 },
  },
  {
    says: 'preempt_delay: and not after it',
    my: with_({ preemptDelayMs: 4000 }),
    events: [START, advert(500, 50), advert(4499, 50), advert(4500, 50)],
    does: [],
    is: { is: 'backup', deadlineMs: 8108.375 },
  },
  {
    says: 'preempt_delay: begins again after an advert of an equal or better router',
    my: with_({ preemptDelayMs: 4000 }),
    events: [START, advert(500, 50), advert(1500, 100), advert(4600, 50)],
    does: ['master-down at 8209.375'],
    is: { is: 'backup', preemptAtMs: 8600 },
  },
  {
    says: 'a lower priority of ours means a later deadline',
    events: [...BACKUP, { is: 'priority', atMs: 600, value: 36 }],
    does: ['master-down at 4359.375', 'priority'],
    is: { is: 'backup', priority: 36 },
  },
  {
    says: 'weakness 1: a master that is known to be dead: not after its adverts, and faster than a skew',
    events: [...BACKUP, { is: 'master-lost', atMs: 600 }],
    does: ['master-down at 630.46875'],
  },
  {
    says: 'second path: adverts that are told of and not heard count at the deadline, and it is said',
    events: [...BACKUP, confirmed(3500), { is: 'timer', name: 'master-down', atMs: 4109.375 }],
    does: ['master-down at 7109.375', 'deaf'],
    is: { is: 'backup', deafSinceMs: 4109.375 },
  },
  {
    says: 'second path: it is said once, and again only after an advert was heard',
    events: [
      ...BACKUP,
      confirmed(3500),
      { is: 'timer', name: 'master-down', atMs: 4109.375 },
      confirmed(7000),
      { is: 'timer', name: 'master-down', atMs: 7109.375 },
    ],
    does: ['master-down at 10609.375'],
  },
  {
    says: 'second path: silent for as long as adverts would be missed, and the deadline is what it was',
    events: [...BACKUP, confirmed(500), { is: 'timer', name: 'master-down', atMs: 4109.375 }],
    does: ['advertise 100 each 1000 from 4109.375', 'hold-addresses', 'announce master', 'master: master-down'],
  },
  {
    says: 'second path: its patience ends, for nobody else may hear the master either',
    events: [
      ...BACKUP,
      confirmed(3500, 5000),
      { is: 'timer', name: 'master-down', atMs: 4109.375 },
      confirmed(9000, 5000),
      { is: 'timer', name: 'master-down', atMs: 9109.375 },
    ],
    does: ['advertise 100 each 1000 from 9109.375', 'hold-addresses', 'announce master', 'master: master-down'],
  },
  {
    says: 'second path: a master that let go is followed, whatever was said before',
    events: [
      ...BACKUP,
      confirmed(600),
      { is: 'master-lost', atMs: 600 },
      { is: 'timer', name: 'master-down', atMs: 630.46875 },
    ],
    does: ['advertise 100 each 1000 from 630.46875', 'hold-addresses', 'announce master', 'master: master-lost'],
  },
  {
    says: 'second path: who is better does not wait for a lower master that it hears',
    events: [START, advert(500, 50), confirmed(3500), DOWN],
    does: ['hold-addresses', 'announce master', 'advertise 100 each 1000 from 3609.375', 'master: preempts'],
  },
  {
    says: 'second path: an advert that is heard makes it needless',
    events: [...BACKUP, confirmed(600), advert(1500, 150)],
    does: ['master-down at 5109.375'],
    is: { is: 'backup', confirmed: undefined, deafSinceMs: undefined },
  },
  {
    says: 'planned switch: who was taken along by the group yields too',
    events: [...BACKUP, { is: 'step-down', atMs: 600 }],
    does: [],
    is: { is: 'backup', yields: true },
  },
  {
    says: 'planned switch: the predecessor says by another way that it has let go',
    events: [...BACKUP, { is: 'take-over', atMs: 600 }, { is: 'master-lost', atMs: 604 }],
    does: ['advertise 100 each 1000 from 604'],
  },
  {
    says: 'held: the deadline passes and nothing comes of it',
    events: [{ is: 'hold', atMs: 0 }, START, DOWN],
    does: [],
    is: { is: 'backup', held: true },
  },
  {
    says: 'released: listens from the beginning',
    events: [{ is: 'hold', atMs: 0 }, START, DOWN, { is: 'released', atMs: 4000 }],
    does: ['master-down at 7609.375'],
  },
  {
    says: 'in a sync group the deadline is a question',
    my: with_({ grouped: true }),
    events: [START, DOWN],
    does: ['ask-group'],
    is: { is: 'backup', waits: true },
  },
  {
    says: 'in a sync group: the answer',
    my: with_({ grouped: true }),
    events: [START, DOWN, { is: 'group', to: 'master', atMs: 3700 }],
    does: ['advertise 100 each 1000 from 3700', 'hold-addresses', 'announce master', 'master: group'],
  },
  {
    says: 'in a sync group: who waits hears a master again and waits no more',
    my: with_({ grouped: true }),
    events: [START, DOWN, advert(3700, 150)],
    does: ['master-down at 7309.375', 'new-master'],
    is: { is: 'backup', waits: false },
  },
  {
    says: 'in a sync group: another member yielded, we listen from the beginning',
    my: with_({ grouped: true }),
    events: [START, DOWN, { is: 'group', to: 'backup', atMs: 3700 }],
    does: ['master-down at 7309.375'],
  },
  {
    says: 'planned switch: the successor takes the addresses, and does not advertise yet',
    events: [...BACKUP, { is: 'take-over', atMs: 600 }],
    does: ['hold-addresses', 'announce master', 'handover at 1600', 'master: take-over'],
  },
  {
    says: 'planned switch: not while held',
    events: [...BACKUP, { is: 'hold', atMs: 550 }, { is: 'take-over', atMs: 600 }],
    does: [],
    is: { is: 'backup' },
  },
  {
    says: 'weakness 11: after a pause of ours the master has an interval to show itself',
    events: [...BACKUP, { is: 'paused', atMs: 6000, sinceMs: 700 }],
    does: ['master-down at 7609.375'],
  },
  {
    says: 'a pause that is over before the deadline changes nothing',
    events: [...BACKUP, { is: 'paused', atMs: 1500, sinceMs: 700 }],
    does: [],
  },
  {
    says: 'reload: the deadline follows the settings',
    events: [START, { is: 'settings', atMs: 100, before: with_({ downTimerAdverts: 1 }) }],
    does: ['master-down at 5609.375'],
  },
  {
    says: 'a fault removes the addresses, should there be any',
    events: [...BACKUP, { is: 'fault', why: 'script chk', atMs: 600 }],
    does: ['release-addresses', 'fault: fault'],
  },

  // master
  {
    says: 'RFC 9568 §6.4.3 shutdown: the adverts end, priority 0, no addresses',
    events: [...MASTER, { is: 'stop', atMs: 4000 }],
    does: ['silence', 'send 0', 'release-addresses', 'initialize: stop'],
  },
  {
    says: 'RFC 9568 §6.4.3 priority 0 is answered at once',
    events: [...MASTER, advert(4000, 0)],
    does: ['send 100'],
    is: { is: 'master', rhythmMs: 3609.375 },
  },
  {
    says: 'RFC 9568 §6.4.3 a higher priority: backup, with the interval that it says',
    events: [...MASTER, advert(4000, 101, { intervalMs: 2000 })],
    does: ['silence', 'release-addresses', 'master-down at 11218.75', 'backup: higher-priority'],
    is: { is: 'backup', masterAdvertMs: 2000 },
  },
  {
    says: 'RFC 9568 §6.4.3 an equal priority from a higher address: backup',
    events: [...MASTER, advert(4000, 100)],
    does: ['silence', 'release-addresses', 'same-priority', 'master-down at 7609.375', 'backup: higher-address'],
  },
  {
    says: 'RFC 9568 §6.4.3 an equal priority from a lower address: stays, and says so',
    events: [...MASTER, advert(4000, 100, { sender: 'lower' })],
    does: ['send 100', 'announce lower-priority', 'lower-master', 'same-priority'],
    is: { is: 'master' },
  },
  {
    says: 'one-way link: a lower master that has not yielded for three intervals does not hear us',
    events: [...MASTER, ...[4000, 5000, 6000, 7000].map((atMs) => advert(atMs, 90))],
    does: ['send 100', 'announce lower-priority', 'lower-master', 'unheard'],
  },
  {
    says: 'one-way link: the other side says by another way that it is master, and is not heard here',
    events: [...MASTER, confirmed(9000)],
    does: ['deaf'],
  },
  {
    says: 'one-way link: that is said once',
    events: [...MASTER, confirmed(9000), confirmed(9200)],
    does: [],
  },
  {
    says: 'one-way link: who is heard does not hear us, and we hear well',
    events: [...MASTER, advert(8000, 90), confirmed(9000)],
    does: [],
  },
  {
    says: 'one-way link: the master before us says that it was master until now',
    events: [...MASTER, confirmed(4000)],
    does: [],
  },
  {
    says: 'one-way link: said once',
    events: [...MASTER, ...[4000, 5000, 6000, 7000, 8000].map((atMs) => advert(atMs, 90))],
    does: ['send 100', 'announce lower-priority', 'lower-master'],
  },
  {
    says: 'one-way link: a lower master that had yielded, and is there again much later, has the same time to yield',
    events: [...MASTER, ...[4000, 5000, 9000].map((atMs) => advert(atMs, 90))],
    does: ['send 100', 'announce lower-priority', 'lower-master'],
  },
  {
    says: 'RFC 9568 §6.4.3 a lower priority: discarded, and an advert at once',
    events: [...MASTER, advert(4000, 99)],
    does: ['send 100', 'announce lower-priority', 'lower-master'],
    is: { is: 'master' },
  },
  {
    says: 'RFC 3768 §6.4.3 lower_prio_no_advert: a lower priority is discarded without an answer',
    my: with_({ answersLower: false }),
    events: [...MASTER, advert(4000, 99)],
    does: ['announce lower-priority', 'lower-master'],
  },
  {
    says: 'higher_prio_send_advert: one more advert before yielding',
    my: with_({ advertBeforeYielding: true }),
    events: [...MASTER, advert(4000, 101)],
    does: ['send 100', 'silence', 'release-addresses', 'master-down at 7609.375', 'backup: higher-priority'],
  },
  {
    says: 'weakness 3: a master that yields does not believe 40.95 s either',
    events: [...MASTER, advert(4000, 101, { intervalMs: 40_950 })],
    does: ['silence', 'release-addresses', 'interval-bounded', 'master-down at 18437.5', 'backup: higher-priority'],
  },
  {
    says: 'weakness 4: the second answer waits',
    events: [...MASTER, advert(4000, 99), advert(4001, 99)],
    does: ['answer at 4100', 'repair at 5000'],
  },
  {
    says: 'weakness 4: and is given',
    events: [...MASTER, advert(4000, 99), advert(4001, 99), { is: 'timer', name: 'answer', atMs: 4100 }],
    does: ['send 100'],
  },
  {
    says: 'weakness 4: one repair per second',
    events: [...MASTER, advert(4000, 99), advert(4001, 99), { is: 'timer', name: 'repair', atMs: 5000 }],
    does: ['announce lower-priority'],
  },
  {
    says: 'weakness 4: adverts with priority 0 are answered at that rate, too',
    events: [...MASTER, advert(4000, 0), advert(4001, 0)],
    does: ['answer at 4100'],
  },
  {
    says: 'RFC 9568 §8.3.2 two owners: the higher address stays and says what is wrong',
    my: with_({ owner: true }),
    priority: 255,
    events: [START, advert(100, 255, { sender: 'lower' })],
    does: ['two-owners', 'send 255', 'announce lower-priority', 'lower-master'],
  },
  {
    says: 'two owners: the lower address yields',
    my: with_({ owner: true }),
    priority: 255,
    events: [START, advert(100, 255)],
    does: ['two-owners', 'silence', 'release-addresses', 'master-down at 3103.90625', 'backup: other-owner'],
  },
  {
    says: 'two owners: one that does not yield after two adverts and 1.2 intervals has its way',
    my: with_({ owner: true }),
    priority: 255,
    events: [START, ...[100, 1100, 2100].map((atMs) => advert(atMs, 255, { sender: 'lower' }))],
    does: ['silence', 'release-addresses', 'master-down at 5103.90625', 'backup: other-owner'],
  },
  {
    says: 'two owners: not before',
    my: with_({ owner: true }),
    priority: 255,
    events: [START, ...[100, 600, 1100].map((atMs) => advert(atMs, 255, { sender: 'lower' }))],
    does: ['send 255', 'announce lower-priority', 'lower-master'],
    is: { is: 'master' },
  },
  {
    says: 'two owners: what one said long ago is forgotten',
    my: with_({ owner: true }),
    priority: 255,
    events: [START, ...[100, 1100, 9000].map((atMs) => advert(atMs, 255, { sender: 'lower' }))],
    does: ['two-owners', 'send 255', 'announce lower-priority', 'lower-master'],
    is: { is: 'master' },
  },
  {
    says: 'another priority is said with the next beat',
    events: [...MASTER, { is: 'priority', atMs: 5000, value: 40 }],
    does: ['advertise 40 each 1000 from 5609.375', 'priority'],
  },
  {
    says: 'reload: the new settings are said at once',
    my: with_({ advertMs: 500 }),
    events: [START, DOWN, { is: 'settings', atMs: 5000, before: my }],
    does: ['advertise 100 each 500 from 5000'],
  },
  {
    says: 'an address that somebody removed: priority 0, and back after our skew',
    events: [...MASTER, { is: 'addresses-lost', atMs: 4000 }],
    does: ['silence', 'send 0', 'release-addresses', 'master-down at 4609.375', 'backup: addresses-lost'],
  },
  {
    says: 'a fault: priority 0, and the addresses go',
    events: [...MASTER, { is: 'fault', why: 'script chk', atMs: 4000 }],
    does: ['silence', 'send 0', 'release-addresses', 'fault: fault'],
  },
  {
    says: 'planned switch: the predecessor lets go, and does not preempt',
    events: [...MASTER, { is: 'step-down', atMs: 4000 }, advert(4001, 50)],
    does: ['master-down at 7610.375', 'new-master'],
    is: { is: 'backup', yields: true },
  },
  {
    says: 'planned switch: the successor does not obey the predecessor',
    events: [...BACKUP, { is: 'take-over', atMs: 600 }, advert(700, 150)],
    does: [],
    is: { is: 'master' },
  },
  {
    says: 'planned switch: priority 0 of the predecessor starts the adverts',
    events: [...BACKUP, { is: 'take-over', atMs: 600 }, advert(604, 0)],
    does: ['advertise 100 each 1000 from 604'],
  },
  {
    says: 'planned switch: so does its silence',
    events: [...BACKUP, { is: 'take-over', atMs: 600 }, { is: 'timer', name: 'handover', atMs: 1600 }],
    does: ['advertise 100 each 1000 from 1600'],
  },
  {
    says: 'planned switch: what was handed over already is not handed over again',
    events: [...MASTER, { is: 'take-over', atMs: 4000 }],
    does: [],
  },
  {
    says: 'timer_expired_backup: somebody may be master since: no priority 0, it would disturb that one',
    my: with_({ highestOtherPriority: 254 }),
    events: [...MASTER, { is: 'paused', atMs: 9000, sinceMs: 5900 }],
    does: ['silence', 'release-addresses', 'master-down at 12609.375', 'backup: paused'],
  },
  {
    says: 'timer_expired_backup: nobody can be',
    my: with_({ highestOtherPriority: 254 }),
    events: [...MASTER, { is: 'paused', atMs: 9000, sinceMs: 6000 }],
    does: [],
  },
  {
    says: 'timer_expired_backup: the sending thread was late by more than that, and has ended',
    my: with_({ highestOtherPriority: 254 }),
    events: [...MASTER, { is: 'muted', atMs: 9000 }],
    does: ['silence', 'release-addresses', 'master-down at 12609.375', 'backup: paused'],
  },
  {
    says: 'without it a master goes on after a pause',
    events: [...MASTER, { is: 'paused', atMs: 90_000, sinceMs: 6000 }],
    does: [],
  },
  {
    says: 'in a sync group: another member yielded, so do we',
    my: with_({ grouped: true }),
    events: [START, DOWN, { is: 'group', to: 'master', atMs: 3700 }, { is: 'group', to: 'backup', atMs: 4000 }],
    does: ['silence', 'send 0', 'release-addresses', 'master-down at 7609.375', 'backup: group'],
  },
  {
    says: 'in a sync group: another member heard a lower router, we announce as well',
    my: with_({ grouped: true }),
    events: [START, DOWN, { is: 'group', to: 'master', atMs: 3700 }, { is: 'group', to: 'repair', atMs: 4000 }],
    does: ['announce lower-priority'],
  },
  {
    says: 'a master that is held stays master',
    events: [...MASTER, { is: 'hold', atMs: 4000 }],
    does: [],
    is: { is: 'master', held: true },
  },

  // fault
  {
    says: 'the end of a fault is a start',
    events: [START, { is: 'fault', why: 'x', atMs: 100 }, { is: 'repaired', atMs: 200 }],
    does: ['release-addresses', 'master-down at 3809.375', 'backup: repaired'],
  },
  {
    says: 'the end of a fault of the group is told as that of the group',
    events: [START, { is: 'fault', why: 'x', byGroup: true, atMs: 100 }, { is: 'repaired', byGroup: true, atMs: 200 }],
    does: ['release-addresses', 'master-down at 3809.375', 'backup: group'],
  },
  {
    says: 'the end of a fault of the owner: master',
    my: with_({ owner: true }),
    priority: 255,
    events: [START, { is: 'fault', why: 'x', atMs: 100 }, { is: 'repaired', atMs: 200 }],
    does: ['advertise 255 each 1000 from 200', 'hold-addresses', 'announce master', 'master: owner'],
  },
  {
    says: 'an address of another member was lost: together we are back after our skew',
    events: [...MASTER, { is: 'group', to: 'backup', soon: true, atMs: 9000 }],
    does: ['silence', 'send 0', 'release-addresses', 'master-down at 9609.375', 'backup: group'],
  },
  {
    says: 'another member has yielded: then for as long as any backup',
    events: [...MASTER, { is: 'group', to: 'backup', atMs: 9000 }],
    does: ['silence', 'send 0', 'release-addresses', 'master-down at 12609.375', 'backup: group'],
  },
  {
    says: 'adverts are not heard in a fault',
    events: [START, { is: 'fault', why: 'x', atMs: 100 }, advert(150, 0)],
    does: [],
  },
  {
    says: 'stopped in a fault: nothing is sent',
    events: [START, { is: 'fault', why: 'x', atMs: 100 }, { is: 'stop', atMs: 200 }],
    does: ['initialize: stop'],
  },
];

for (const { says, my: settingsOf = my, priority = 100, events, does, is } of rows) {
  t.test(says, (t) => {
    const last = after(settingsOf, priority, ...events);
    t.same(words(last), does);
    if (is !== undefined) t.match(last.state, is);
    t.end();
  });
}

/** Every event in every state: what is not in a row changes nothing. */
const all: { readonly [Name in EventName]: Event } = {
  start: START,
  resume: { is: 'resume', atMs: 9000, lastAdvertMs: 8999 },
  stop: { is: 'stop', atMs: 9000 },
  advert: advert(9000, 100),
  timer: { is: 'timer', name: 'repair', atMs: 9000 },
  fault: { is: 'fault', why: 'x', atMs: 9000 },
  repaired: { is: 'repaired', atMs: 9000 },
  priority: { is: 'priority', value: 100, atMs: 9000 },
  'master-lost': { is: 'master-lost', atMs: 9000 },
  'master-confirmed': { is: 'master-confirmed', atMs: 9000, lastAdvertMs: 8950, patienceMs: 30_000 },
  'addresses-lost': { is: 'addresses-lost', atMs: 9000 },
  'take-over': { is: 'take-over', atMs: 9000 },
  'step-down': { is: 'step-down', atMs: 9000 },
  hold: { is: 'hold', atMs: 9000 },
  released: { is: 'released', atMs: 9000 },
  group: { is: 'group', to: 'repair', atMs: 9000 },
  paused: { is: 'paused', atMs: 9000, sinceMs: 8999 },
  muted: { is: 'muted', atMs: 9000 },
  settings: { is: 'settings', atMs: 9000, before: my },
};
const reached: Record<State['is'], readonly Event[]> = {
  initialize: [],
  backup: [START, advert(8900, 150)],
  master: MASTER,
  fault: [{ is: 'fault', why: 'x', atMs: 100 }],
};
const changing: Record<State['is'], readonly EventName[]> = {
  initialize: ['start', 'resume', 'fault'],
  backup: ['stop', 'advert', 'fault', 'master-lost', 'take-over', 'settings'],
  master: [
    'stop',
    'advert',
    'timer',
    'fault',
    'master-confirmed',
    'addresses-lost',
    'step-down',
    'group',
    'muted',
    'settings',
  ],
  fault: ['stop', 'repaired'],
};
for (const [state, way] of Object.entries(reached) as [State['is'], readonly Event[]][]) {
  t.test(`${state}: events that mean nothing there do nothing`, (t) => {
    const names = Object.keys(all) as EventName[];
    const acting = names.filter((name) => step(my, after(my, 100, ...way).state, all[name]).actions.length > 0);
    t.same(acting.sort(), [...changing[state]].sort());
    t.end();
  });
}
