import t from 'tap';
import {
  type Event,
  type MachineSettings,
  type Session,
  type Step,
  detectionTimeUs,
  jittered,
  newSession,
  packetOf,
  step,
  transmitIntervalUs,
} from '../../../src/bfd/machine.js';
import type { ControlPacket } from '../../../src/bfd/packet.js';
import type { SessionState } from '../../../src/bfd/rfc5880.js';

const MS = 1000;
const SECOND = 1000 * MS;

const my: MachineSettings = {
  minReceiveUs: 10 * MS,
  minTransmitUs: 20 * MS,
  idleTransmitUs: SECOND,
  multiplier: 5,
  passive: false,
};
const passive: MachineSettings = { ...my, passive: true };

const packet = (more: Partial<ControlPacket> = {}): ControlPacket => ({
  diagnostic: 0,
  state: 'down',
  poll: false,
  final: false,
  controlPlaneIndependent: false,
  demand: false,
  multiplier: 3,
  myDiscriminator: 77,
  yourDiscriminator: 1,
  desiredMinTransmitUs: 50 * MS,
  requiredMinReceiveUs: 30 * MS,
  requiredMinEchoReceiveUs: 0,
  ...more,
});
const hears = (more: Partial<ControlPacket> = {}): Event => ({ is: 'packet', packet: packet(more) });
const state = (of: SessionState): Event => hears({ state: of });

/** From a new session by events. */
function after(settings: MachineSettings, ...events: readonly Event[]): Step {
  let last: Step = { session: newSession(settings, 1), send: 'nothing' };
  for (const event of events) last = step(settings, last.session, event);
  return last;
}
const reach: Record<SessionState, readonly Event[]> = {
  down: [],
  init: [state('down')],
  up: [state('init')],
  'admin-down': [{ is: 'disable' }],
};

const NONE = 0;
const SILENCE = 1;
const NEIGHBOR = 3;
const ADMIN = 7;

/** §6.2 and §6.8.6: from a state, by a packet of that state, to a state with that diagnostic; and whether the news is told at once. */
const rows: readonly [
  from: SessionState,
  event: Event | SessionState,
  to: SessionState,
  why: number,
  send: Step['send'],
][] = [
  ['down', 'admin-down', 'down', NONE, 'nothing'],
  ['down', 'down', 'init', NONE, 'news'],
  ['down', 'init', 'up', NONE, 'news'],
  ['down', 'up', 'down', NONE, 'nothing'],
  ['init', 'admin-down', 'down', NEIGHBOR, 'news'],
  ['init', 'down', 'init', NONE, 'nothing'],
  ['init', 'init', 'up', NONE, 'news'],
  ['init', 'up', 'up', NONE, 'news'],
  ['up', 'admin-down', 'down', NEIGHBOR, 'news'],
  ['up', 'down', 'down', NEIGHBOR, 'news'],
  ['up', 'init', 'up', NONE, 'nothing'],
  ['up', 'up', 'up', NONE, 'nothing'],
  ['admin-down', 'down', 'admin-down', ADMIN, 'nothing'],
  ['admin-down', 'init', 'admin-down', ADMIN, 'nothing'],
  ['admin-down', 'up', 'admin-down', ADMIN, 'nothing'],
  ['down', { is: 'silence' }, 'down', NONE, 'nothing'],
  ['init', { is: 'silence' }, 'down', SILENCE, 'news'],
  ['up', { is: 'silence' }, 'down', SILENCE, 'news'],
  ['up', { is: 'disable' }, 'admin-down', ADMIN, 'news'],
  ['down', { is: 'disable' }, 'admin-down', ADMIN, 'news'],
];
for (const [from, cause, to, why, send] of rows) {
  const event = typeof cause === 'string' ? state(cause) : cause;
  t.test(`${from}, ${typeof cause === 'string' ? `neighbor is ${cause}` : cause.is}: ${to}`, (t) => {
    const before = after(my, ...reach[from]).session;
    t.equal(before.state, from);
    const next = step(my, before, event);
    t.equal(next.session.state, to);
    t.equal(next.session.diagnostic, why);
    t.equal(next.send, send);
    t.end();
  });
}

t.test('a packet that says nothing new changes nothing, not even the object', (t) => {
  const { session } = after(my, state('init'), hears({ state: 'up', final: true }));
  t.equal(step(my, session, hears({ state: 'up' })).session, session);
  t.end();
});

t.test('§6.8.3 not Up: a second at least, however fast we would like to be; Up: as fast as we like', (t) => {
  t.equal(newSession({ ...my, idleTransmitUs: 1 }, 1).desiredMinTransmitUs, SECOND);
  t.equal(newSession({ ...my, idleTransmitUs: 2 * SECOND }, 1).desiredMinTransmitUs, 2 * SECOND);
  t.equal(after(my, state('down')).session.desiredMinTransmitUs, SECOND);
  t.equal(after(my, state('init')).session.desiredMinTransmitUs, 20 * MS);
  t.equal(after(my, state('init'), state('down')).session.desiredMinTransmitUs, SECOND);
  t.equal(after(my, state('init'), { is: 'silence' }).session.transmitUs, SECOND);
  t.end();
});

t.test('§6.8.2 the slower of what we want to send and the neighbor to receive', (t) => {
  t.equal(transmitIntervalUs(my, after(my, state('init')).session), 30 * MS);
  t.equal(transmitIntervalUs(my, after(my, hears({ state: 'init', requiredMinReceiveUs: 1 })).session), 20 * MS);
  t.equal(transmitIntervalUs(my, newSession(my, 1)), SECOND, 'and before anything was heard');
  t.end();
});

t.test('§6.8.4 the multiplier of the neighbor times the slower of what it wants to send and we to receive', (t) => {
  t.equal(detectionTimeUs(newSession(my, 1)), undefined);
  t.equal(detectionTimeUs(after(my, state('init')).session), 3 * 50 * MS);
  t.equal(detectionTimeUs(after(my, hears({ state: 'init', desiredMinTransmitUs: 1 })).session), 3 * 10 * MS);
  t.end();
});

t.test('§6.8.1 after a detection time of silence the neighbor is unknown, in any state', (t) => {
  for (const events of Object.values(reach).filter((events) => events.length > 0)) {
    const { session } = after(my, state('admin-down'), ...events, { is: 'silence' });
    t.match(session.remote, { discriminator: 0, minReceiveUs: 1, multiplier: 0 });
    t.equal(detectionTimeUs(session), undefined);
  }
  const { session } = after(my, state('admin-down'), { is: 'silence' });
  t.match(session, { state: 'down', diagnostic: NONE, remote: { discriminator: 0 } });
  t.end();
});

t.test('§6.8.7 passive: silent until the neighbor has spoken, and again when it is gone', (t) => {
  t.equal(transmitIntervalUs(passive, newSession(passive, 1)), undefined);
  const heard = after(passive, state('down'));
  t.equal(heard.send, 'news');
  t.equal(transmitIntervalUs(passive, heard.session), SECOND);
  const gone = after(passive, state('init'), { is: 'silence' });
  t.equal(gone.send, 'nothing');
  t.equal(transmitIntervalUs(passive, gone.session), undefined);
  t.equal(after(passive, { is: 'disable' }).send, 'nothing');
  t.end();
});

t.test('§6.8.7 no periodic packets for who wants to receive none, but the news', (t) => {
  const init = after(my, hears({ state: 'down', requiredMinReceiveUs: 0 }));
  t.equal(init.send, 'news');
  t.equal(transmitIntervalUs(my, init.session), undefined);
  t.equal(transmitIntervalUs(my, step(my, init.session, { is: 'silence' }).session), SECOND, 'until it is forgotten');
  t.end();
});

t.test('§6.6 the neighbor demands silence: none but the Poll Sequence, while both are Up', (t) => {
  const up = after(my, state('init'), hears({ state: 'up', demand: true })).session;
  t.equal(transmitIntervalUs(my, up), 30 * MS, 'our Poll is not answered yet');
  const silent = step(my, up, hears({ state: 'up', demand: true, final: true })).session;
  t.equal(transmitIntervalUs(my, silent), undefined);
  const more: MachineSettings = { ...my, multiplier: 9 };
  t.equal(transmitIntervalUs(more, step(more, silent, { is: 'settings' }).session), 30 * MS, 'even another multiplier');
  t.equal(transmitIntervalUs(my, step(my, silent, hears({ state: 'init', demand: true })).session), 30 * MS);
  t.end();
});

t.test('a Poll is answered at once by a Final, in any state but AdminDown, and with the state it led to', (t) => {
  for (const [from, to] of [
    ['down', 'init'],
    ['init', 'init'],
    ['up', 'down'],
  ] as const) {
    const { session, send } = after(my, ...reach[from], hears({ state: 'down', poll: true }));
    t.equal(send, 'final');
    t.equal(session.state, to);
    t.match(packetOf(my, session, 'final'), { final: true, poll: false, state: to });
  }
  t.equal(after(my, { is: 'disable' }, hears({ poll: true })).send, 'nothing');
  t.end();
});

const polls = (session: Session): boolean => packetOf(my, session, 'periodic').poll;

t.test('§6.5 a Poll Sequence: on periodic packets, until the Final', (t) => {
  t.notOk(polls(newSession(my, 1)), 'nothing has changed yet');
  const up = after(my, state('init')).session;
  t.ok(polls(up));
  t.notOk(packetOf(my, up, 'news').poll);
  t.notOk(packetOf(my, up, 'final').poll);
  const still = step(my, up, state('up')).session;
  t.ok(polls(still));
  t.notOk(polls(step(my, still, hears({ state: 'up', final: true })).session));
  t.end();
});

/** Up, and everything said is confirmed. */
const settled = (): Session => after(my, state('init'), hears({ state: 'up', final: true })).session;
const eager = { state: 'up', requiredMinReceiveUs: 1, desiredMinTransmitUs: 1 } as const;

t.test('§6.8.3 slower while Up: told at once, done when the neighbor has confirmed it', (t) => {
  const slow: MachineSettings = { ...my, minTransmitUs: 200 * MS };
  const told = step(slow, step(my, settled(), hears(eager)).session, { is: 'settings' }).session;
  t.match(packetOf(slow, told, 'periodic'), { poll: true, desiredMinTransmitUs: 200 * MS });
  t.equal(transmitIntervalUs(slow, told), 20 * MS);
  t.equal(transmitIntervalUs(slow, step(slow, told, hears({ ...eager, final: true })).session), 200 * MS);
  t.end();
});

t.test('§6.8.3 faster while Up: done at once', (t) => {
  const fast: MachineSettings = { ...my, minTransmitUs: 5 * MS };
  const told = step(fast, step(my, settled(), hears(eager)).session, { is: 'settings' }).session;
  t.match(packetOf(fast, told, 'periodic'), { poll: true, desiredMinTransmitUs: 5 * MS });
  t.equal(transmitIntervalUs(fast, told), 5 * MS);
  t.end();
});

t.test('§6.8.3 less patience while Up waits for the Final; more does not', (t) => {
  const before = step(my, settled(), hears(eager)).session;
  const less: MachineSettings = { ...my, minReceiveUs: 2 * MS };
  const told = step(less, before, { is: 'settings' }).session;
  t.equal(packetOf(less, told, 'periodic').requiredMinReceiveUs, 2 * MS);
  t.equal(detectionTimeUs(told), 30 * MS);
  t.equal(detectionTimeUs(step(less, told, hears({ ...eager, final: true })).session), 6 * MS);
  const more: MachineSettings = { ...my, minReceiveUs: 100 * MS };
  t.equal(detectionTimeUs(step(more, before, { is: 'settings' }).session), 300 * MS);
  t.end();
});

t.test(
  '§6.8.3 another change during a Poll Sequence: its Final confirms nothing, the next sequence waits for a packet',
  (t) => {
    const [slow, slower]: MachineSettings[] = [200, 400].map((ms) => ({ ...my, minTransmitUs: ms * MS }));
    if (slow === undefined || slower === undefined) throw new Error('two');
    let session = step(my, settled(), hears(eager)).session;
    session = step(slow, session, { is: 'settings' }).session;
    session = step(slower, session, { is: 'settings' }).session;
    t.ok(polls(session));
    session = step(slower, session, hears({ ...eager, final: true })).session;
    t.notOk(polls(session));
    t.equal(transmitIntervalUs(slower, session), 20 * MS);
    session = step(slower, session, hears({ ...eager, final: true })).session;
    t.notOk(polls(session), 'a second Final is none of the next sequence');
    session = step(slower, session, hears(eager)).session;
    t.ok(polls(session));
    session = step(slower, session, hears({ ...eager, final: true })).session;
    t.notOk(polls(session));
    t.equal(transmitIntervalUs(slower, session), 400 * MS);
    t.end();
  },
);

t.test('§6.8.7 jitter: 75 to 100 %, with a multiplier of 1 to 90 %', (t) => {
  t.equal(jittered(1000, 3, 0), 750);
  t.equal(jittered(1000, 3, 1), 1000);
  t.equal(jittered(1000, 1, 0), 750);
  t.equal(Math.round(jittered(1000, 1, 1)), 900);
  t.end();
});

t.test('what we say of ourselves', (t) => {
  const { session } = after(my, hears({ state: 'init', myDiscriminator: 4711 }));
  t.same(packetOf(my, session, 'news'), {
    diagnostic: 0,
    state: 'up',
    poll: false,
    final: false,
    controlPlaneIndependent: false,
    demand: false,
    multiplier: 5,
    myDiscriminator: 1,
    yourDiscriminator: 4711,
    desiredMinTransmitUs: 20 * MS,
    requiredMinReceiveUs: 10 * MS,
    requiredMinEchoReceiveUs: 0,
  });
  t.end();
});
