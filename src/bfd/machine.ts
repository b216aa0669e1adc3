import type { ControlPacket } from './packet.js';
import { LEAST_IDLE_TRANSMIT_US, type SessionState, diagnostic } from './rfc5880.js';

/** What is configured. May change while the session lives. */
export interface MachineSettings {
  /** Of the neighbor's packets; at least 1. */
  readonly minReceiveUs: number;
  /** Of ours while Up; at least 1. */
  readonly minTransmitUs: number;
  /** Of ours while not Up; a second at least, whatever is written. */
  readonly idleTransmitUs: number;
  readonly multiplier: number;
  readonly passive: boolean;
}

/** What the neighbor's last packet said (bfd.Remote… of RFC 5880 §6.8.1). */
export interface Remote {
  /** 0: unknown, nothing was heard for a detection time. */
  readonly discriminator: number;
  readonly state: SessionState;
  readonly diagnostic: number;
  readonly demand: boolean;
  readonly multiplier: number;
  readonly minTransmitUs: number;
  readonly minReceiveUs: number;
}

/**
 * Of a Poll Sequence (§6.5). `again`: what we say changed during it, so that its Final may speak of what we said before. `settle`: that
 * Final came, and before the next sequence a packet without one has to (third way of §6.8.3).
 */
export type Polling = 'no' | 'asks' | 'again' | 'settle';

/** The state variables of a session (§6.8.1). */
export interface Session {
  readonly state: SessionState;
  readonly diagnostic: number;
  /** Unique on this system, not 0. */
  readonly discriminator: number;
  readonly remote: Remote;
  readonly polling: Polling;
  /** What our packets say. */
  readonly desiredMinTransmitUs: number;
  readonly requiredMinReceiveUs: number;
  /** What we go by: what our packets say, or until the neighbor has confirmed it what they said before (§6.8.3). */
  readonly transmitUs: number;
  readonly receiveUs: number;
}

export type Event =
  /** A packet that was accepted and is this session's. */
  | { readonly is: 'packet'; readonly packet: ControlPacket }
  /** A detection time has passed without one. */
  | { readonly is: 'silence' }
  /** `my` is not what it was. */
  | { readonly is: 'settings' }
  /** We take the session down ourselves; nothing brings it back. */
  | { readonly is: 'disable' };

/**
 * `send`: a packet to be sent at once, beside the periodic ones: the answer to a Poll, or the news of another state. Where nothing
 * changed `session` is the very object that it was.
 */
export interface Step {
  readonly session: Session;
  readonly send: 'nothing' | 'final' | 'news';
}

const UNKNOWN: Remote = {
  discriminator: 0,
  state: 'down',
  diagnostic: diagnostic.none,
  demand: false,
  multiplier: 0,
  minTransmitUs: 0,
  minReceiveUs: 1,
};

export function newSession(my: MachineSettings, discriminator: number): Session {
  const { transmitUs, receiveUs } = wishes(my, 'down');
  return {
    state: 'down',
    diagnostic: diagnostic.none,
    discriminator,
    remote: UNKNOWN,
    polling: 'no',
    desiredMinTransmitUs: transmitUs,
    requiredMinReceiveUs: receiveUs,
    transmitUs,
    receiveUs,
  };
}

/** RFC 5880 §6.8 as a function: no clock, no socket. Demand mode and echo are the neighbor's to want; we never ask for them. */
export function step(my: MachineSettings, session: Session, event: Event): Step {
  switch (event.is) {
    case 'packet':
      return session.state === 'admin-down' ? stay(session) : receive(my, session, event.packet);
    case 'silence':
      return forget(my, session);
    case 'settings':
      return stay(changed(my, session));
    case 'disable':
      return news(my, announce(my, { ...session, state: 'admin-down', diagnostic: diagnostic.adminDown }));
  }
}

/** §6.8.6, from where the packet is known to be this session's. */
function receive(my: MachineSettings, before: Session, packet: ControlPacket): Step {
  const heard = polled(withRemote(before, packet), packet.final);
  const [state, why] = transition(heard, packet.state);
  const session = state === heard.state ? heard : announce(my, { ...heard, state, diagnostic: why });
  if (packet.poll) return { session, send: 'final' };
  return state === heard.state ? stay(session) : news(my, session);
}

/** The state machine of §6.2 and §6.8.6; AdminDown was dealt with before. */
function transition(session: Session, theirs: SessionState): readonly [state: SessionState, diagnostic: number] {
  const stays = [session.state, session.diagnostic] as const;
  const falls = ['down', diagnostic.neighborDown] as const;
  const rises = ['up', diagnostic.none] as const;
  switch (session.state) {
    case 'down':
      if (theirs === 'down') return ['init', session.diagnostic];
      return theirs === 'init' ? rises : stays;
    case 'init':
      if (theirs === 'admin-down') return falls;
      return theirs === 'down' ? stays : rises;
    case 'up':
      return theirs === 'down' || theirs === 'admin-down' ? falls : stays;
    case 'admin-down':
      return stays;
  }
}

/** §6.8.4 and, for the discriminator, §6.8.1: whoever was silent for so long is a stranger again, in any state. */
function forget(my: MachineSettings, session: Session): Step {
  const forgotten = { ...session, remote: UNKNOWN };
  if (session.state !== 'up' && session.state !== 'init') return stay(forgotten);
  return news(my, announce(my, { ...forgotten, state: 'down', diagnostic: diagnostic.silence }));
}

/** §6.8.3: what we say follows state and settings, and where it changes the neighbor is polled until it confirms. */
function announce(my: MachineSettings, session: Session): Session {
  const wish = wishes(my, session.state);
  const same = wish.transmitUs === session.desiredMinTransmitUs && wish.receiveUs === session.requiredMinReceiveUs;
  const isUp = session.state === 'up';
  return {
    ...session,
    polling: session.state === 'admin-down' ? 'no' : same ? session.polling : asking(session.polling),
    desiredMinTransmitUs: wish.transmitUs,
    requiredMinReceiveUs: wish.receiveUs,
    // slower than the neighbor knows would look like silence to it; a shorter patience than it knows, like silence to us
    transmitUs: isUp ? Math.min(wish.transmitUs, session.transmitUs) : wish.transmitUs,
    receiveUs: isUp ? Math.max(wish.receiveUs, session.receiveUs) : wish.receiveUs,
  };
}

/** Periodic packets tell of a new multiplier by themselves; where the neighbor wants none, only a Poll does (§6.6). */
function changed(my: MachineSettings, session: Session): Session {
  const next = announce(my, session);
  return session.remote.demand && next.polling === session.polling ? { ...next, polling: asking(next.polling) } : next;
}

const wishes = (my: MachineSettings, state: SessionState): Pick<Session, 'transmitUs' | 'receiveUs'> => ({
  transmitUs: state === 'up' ? my.minTransmitUs : Math.max(my.idleTransmitUs, LEAST_IDLE_TRANSMIT_US),
  receiveUs: my.minReceiveUs,
});

function asking(polling: Polling): Polling {
  if (polling === 'no') return 'asks';
  return polling === 'asks' ? 'again' : polling;
}

/** A packet came, with or without the Final bit, during a Poll Sequence or not. */
function polled(session: Session, final: boolean): Session {
  if (session.polling === 'asks' && final) {
    const { desiredMinTransmitUs: transmitUs, requiredMinReceiveUs: receiveUs } = session;
    return { ...session, polling: 'no', transmitUs, receiveUs };
  }
  if (session.polling === 'again' && final) return { ...session, polling: 'settle' };
  return session.polling === 'settle' && !final ? { ...session, polling: 'asks' } : session;
}

function withRemote(session: Session, packet: ControlPacket): Session {
  const { remote } = session;
  const same =
    remote.discriminator === packet.myDiscriminator &&
    remote.state === packet.state &&
    remote.diagnostic === packet.diagnostic &&
    remote.demand === packet.demand &&
    remote.multiplier === packet.multiplier &&
    remote.minTransmitUs === packet.desiredMinTransmitUs &&
    remote.minReceiveUs === packet.requiredMinReceiveUs;
  return same ? session : { ...session, remote: remoteOf(packet) };
}

const remoteOf = (packet: ControlPacket): Remote => ({
  discriminator: packet.myDiscriminator,
  state: packet.state,
  diagnostic: packet.diagnostic,
  demand: packet.demand,
  multiplier: packet.multiplier,
  minTransmitUs: packet.desiredMinTransmitUs,
  minReceiveUs: packet.requiredMinReceiveUs,
});

const stay = (session: Session): Step => ({ session, send: 'nothing' });

/** §6.8.7: a passive system is silent until it knows whom it speaks with. */
const news = (my: MachineSettings, session: Session): Step => ({
  session,
  send: isMute(my, session) ? 'nothing' : 'news',
});

const isMute = (my: MachineSettings, { remote }: Session): boolean => my.passive && remote.discriminator === 0;

/** §6.8.2 and §6.8.7: between two of our periodic packets, before jitter; undefined: none are sent. */
export function transmitIntervalUs(my: MachineSettings, session: Session): number | undefined {
  const { state, remote, polling, transmitUs } = session;
  if (isMute(my, session) || remote.minReceiveUs === 0) return undefined;
  const demanded = remote.demand && state === 'up' && remote.state === 'up';
  return demanded && !asksNow(polling) ? undefined : Math.max(transmitUs, remote.minReceiveUs);
}

/** §6.8.4: so long may the neighbor be silent; undefined: it is not known. */
export function detectionTimeUs({ remote, receiveUs }: Session): number | undefined {
  return remote.discriminator === 0 ? undefined : remote.multiplier * Math.max(receiveUs, remote.minTransmitUs);
}

/** §6.8.7: 75 to 100 % of the interval, with a multiplier of 1 to 90 %. `random` is from 0 to 1. */
export const jittered = (us: number, multiplier: number, random: number): number =>
  us * (0.75 + (multiplier === 1 ? 0.15 : 0.25) * random);

const asksNow = (polling: Polling): boolean => polling === 'asks' || polling === 'again';

/** A packet as of now. A Poll rides on periodic packets only (§6.5). */
export const packetOf = (
  my: MachineSettings,
  session: Session,
  kind: 'periodic' | 'final' | 'news',
): ControlPacket => ({
  diagnostic: session.diagnostic,
  state: session.state,
  poll: kind === 'periodic' && asksNow(session.polling),
  final: kind === 'final',
  controlPlaneIndependent: false,
  demand: false,
  multiplier: my.multiplier,
  myDiscriminator: session.discriminator,
  yourDiscriminator: session.remote.discriminator,
  desiredMinTransmitUs: session.desiredMinTransmitUs,
  requiredMinReceiveUs: session.requiredMinReceiveUs,
  requiredMinEchoReceiveUs: 0,
});
