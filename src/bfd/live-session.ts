import type { BfdSessionSettings } from '../config/check.js';
import { type Outcome, alive, failed } from '../health/check.js';
import type { DatagramSocket, OpenDatagram } from '../health/ports.js';
import type { Cancel, Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import type { Random } from '../system/random.js';
import { Timers } from '../system/timers.js';
import {
  type Event,
  type MachineSettings,
  type Session,
  detectionTimeUs,
  jittered,
  newSession,
  packetOf,
  step,
  transmitIntervalUs,
} from './machine.js';
import { type ControlPacket, encodePacket } from './packet.js';
import { type SessionState, diagnosticText } from './rfc5880.js';
import { familyOf, machineSettings, portOf } from './session-settings.js';
import type { SourcePorts } from './source-ports.js';

export interface SessionPorts {
  readonly openDatagram: OpenDatagram;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly sourcePorts: SourcePorts;
  /** Runs it when what waits in sockets has been read. */
  readonly afterReads: (run: () => void) => Cancel;
  /** Datagrams that our listener has read so far. */
  readonly datagramsRead: () => number;
}

export interface BfdSessionStatus {
  readonly name: string;
  readonly neighbor: string;
  readonly state: SessionState;
  /** In words, as the others. */
  readonly diagnostic: string;
  readonly discriminator: number;
  readonly remoteState: SessionState;
  readonly remoteDiagnostic: string;
  /** 0: not known. */
  readonly remoteDiscriminator: number;
  /** undefined: nothing is sent. */
  readonly transmitMs: number | undefined;
  /** undefined: the neighbor is not known. */
  readonly detectionMs: number | undefined;
  readonly sent: number;
  readonly received: number;
  /** Of our sending socket, or what ICMP told it, since something was heard last. */
  readonly trouble: string | undefined;
}

/** The first packets of many sessions do not leave in the same moment. */
const START_SPREAD_MS = 100;
/** What waits in a socket is read in so many turns of the event loop at most: a flood must not delay the verdict for ever. */
const MOST_TURNS = 64;
/** How often the neighbor is told that we leave, and how far apart: one may be lost. */
const FAREWELLS = 3;
const FAREWELL_MS = 20;

/** One session: its state, its timers and the socket that it sends from. What comes for it is handed in by the speaker. */
export class LiveSession {
  readonly #ports: SessionPorts;
  readonly #tell: (outcome: Outcome) => void;
  readonly #timers: Timers<'transmit' | 'silence' | 'verdict' | 'farewell'>;
  #settings: BfdSessionSettings;
  #my: MachineSettings;
  #session: Session;
  #socket: DatagramSocket | undefined;
  #sourcePort: number | undefined;
  #trouble: string | undefined;
  /** It was Up, or long enough not: nobody is told of a session that had no time to come up. */
  #isKnown = false;
  #lastSent = 0;
  #lastHeard = 0;
  /** When the timer `silence` is due. */
  #silenceAt = 0;
  #cancelDrain: Cancel = () => undefined;
  #sent = 0;
  #received = 0;

  /** `tell`: what is known, as soon as something is and whenever it may have changed. */
  constructor(
    settings: BfdSessionSettings,
    discriminator: number,
    ports: SessionPorts,
    tell: (outcome: Outcome) => void,
  ) {
    this.#settings = settings;
    this.#my = machineSettings(settings);
    this.#session = newSession(this.#my, discriminator);
    this.#ports = ports;
    this.#tell = tell;
    this.#timers = new Timers(ports.clock);
  }

  get settings(): BfdSessionSettings {
    return this.#settings;
  }

  get discriminator(): number {
    return this.#session.discriminator;
  }

  get status(): BfdSessionStatus {
    const { state, diagnostic, discriminator, remote } = this.#session;
    return {
      name: this.#settings.name,
      neighbor: this.#settings.neighbor,
      state,
      diagnostic: diagnosticText(diagnostic),
      discriminator,
      remoteState: remote.state,
      remoteDiagnostic: diagnosticText(remote.diagnostic),
      remoteDiscriminator: remote.discriminator,
      transmitMs: inMs(transmitIntervalUs(this.#my, this.#session)),
      detectionMs: inMs(detectionTimeUs(this.#session)),
      sent: this.#sent,
      received: this.#received,
      trouble: this.#trouble,
    };
  }

  start(): void {
    const { clock, random } = this.#ports;
    const interval = transmitIntervalUs(this.#my, this.#session);
    if (interval !== undefined) this.#timers.arm('transmit', random.next() * START_SPREAD_MS, () => this.#transmit());
    this.#lastSent = clock.now();
    const patience = this.#settings.multiplier * this.#settings.idleTransmitMs;
    this.#timers.arm('verdict', patience, () => {
      this.#isKnown = true;
      this.#report();
    });
  }

  /** A packet that is this session's. */
  receive(packet: ControlPacket): void {
    this.#received++;
    this.#trouble = undefined;
    this.#lastHeard = this.#ports.clock.now();
    this.#take({ is: 'packet', packet });
    this.#watchSilence();
  }

  /** Settings under which the neighbor sees the same session. */
  change(settings: BfdSessionSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.#my = machineSettings(settings);
    if (settings.ttl !== before.ttl) this.#closeSocket();
    this.#take({ is: 'settings' });
    this.#pace();
    this.#watchSilence();
  }

  /** Takes leave of the neighbor, if there is one, and ends. */
  async leave(): Promise<void> {
    this.#halt();
    const knowsUs = this.#session.remote.discriminator !== 0;
    this.#session = step(this.#my, this.#session, { is: 'disable' }).session;
    for (let i = 0; i < FAREWELLS && knowsUs; i++) {
      if (i > 0) await new Promise<void>((resolve) => this.#timers.arm('farewell', FAREWELL_MS, resolve));
      this.#send('news');
    }
    this.end();
  }

  /** At once, and without a word. */
  end(): void {
    this.#halt();
    this.#closeSocket();
    if (this.#sourcePort !== undefined) this.#ports.sourcePorts.giveBack(this.#sourcePort);
    this.#sourcePort = undefined;
  }

  #halt(): void {
    this.#cancelDrain();
    this.#timers.disarmAll();
  }

  #take(event: Event): void {
    const before = this.#session;
    const { session, send } = step(this.#my, before, event);
    this.#session = session;
    if (send !== 'nothing') this.#send(send);
    if (session === before) return;
    if (transmitIntervalUs(this.#my, session) !== transmitIntervalUs(this.#my, before)) this.#pace();
    if (session.state !== before.state) this.#entered(before.state);
    this.#report();
  }

  #entered(from: SessionState): void {
    const { state, diagnostic, remote } = this.#session;
    if (state === 'up') this.#isKnown = true;
    if (state === 'down') this.#closeSocket(); // the next packet begins with another look at addresses and routes
    const level = state === 'up' ? 'info' : from === 'up' ? 'warn' : 'debug';
    this.#ports.log[level]({
      event: 'bfd.state',
      session: this.#settings.name,
      neighbor: this.#settings.neighbor,
      from,
      to: state,
      diagnostic: diagnosticText(diagnostic),
      remoteDiagnostic: diagnosticText(remote.diagnostic),
      trouble: this.#trouble,
    });
  }

  #report(): void {
    if (this.#session.remote.state === 'admin-down') this.#isKnown = true;
    if (!this.#isKnown) return;
    this.#timers.disarm('verdict');
    this.#tell(this.#outcome());
  }

  /** RFC 5882 §3.2 would have AdminDown of the neighbor be no news; to keepalived, and here, it takes the server out. */
  #outcome(): Outcome {
    const { state, diagnostic, remote } = this.#session;
    const session = `the session with ${this.#settings.neighbor}`;
    if (state === 'up') return alive(`${session} is up`);
    if (remote.state === 'admin-down') return failed('session', `${session} was taken down at its other end`);
    return diagnostic === 0
      ? failed('session', `${session} has not come up`)
      : failed('session', `${session} is down: ${diagnosticText(diagnostic)}`);
  }

  /** Arms the next periodic packet anew, counted from the last one. */
  #pace(): void {
    const interval = transmitIntervalUs(this.#my, this.#session);
    if (interval === undefined) return this.#timers.disarm('transmit');
    const wait = jittered(interval, this.#my.multiplier, this.#ports.random.next()) / 1000;
    const left = this.#lastSent + wait - this.#ports.clock.now();
    this.#timers.arm('transmit', Math.max(0, left), () => this.#transmit());
  }

  #transmit(): void {
    this.#lastSent = this.#ports.clock.now();
    this.#send('periodic');
    this.#pace();
  }

  /** One timer, however many packets come: when it is due it looks whether something was heard, and waits for the rest. */
  #watchSilence(): void {
    const limit = detectionTimeUs(this.#session);
    if (limit === undefined) return this.#timers.disarm('silence');
    const at = this.#lastHeard + limit / 1000;
    if (this.#timers.isArmed('silence') && this.#silenceAt <= at) return;
    this.#silenceAt = at;
    this.#timers.arm('silence', Math.max(0, at - this.#ports.clock.now()), () => {
      if (this.#silenceLeft() > 0) this.#watchSilence();
      else this.#drain(MOST_TURNS);
    });
  }

  #silenceLeft(): number {
    return this.#lastHeard + (detectionTimeUs(this.#session) ?? 0) / 1000 - this.#ports.clock.now();
  }

  /** We may have been late ourselves: what was said in time may wait in the socket, behind the packets of others. */
  #drain(turns: number): void {
    const { afterReads, datagramsRead } = this.#ports;
    const before = datagramsRead();
    this.#cancelDrain();
    this.#cancelDrain = afterReads(() => {
      if (this.#silenceLeft() > 0) return; // heard, and so watched again
      if (turns > 1 && datagramsRead() !== before) this.#drain(turns - 1);
      else this.#take({ is: 'silence' });
    });
  }

  #send(kind: 'periodic' | 'final' | 'news'): void {
    try {
      this.#socket ??= this.#open();
      this.#socket.send(encodePacket(packetOf(this.#my, this.#session, kind)));
      this.#sent++;
    } catch (error) {
      this.#failed(error as NodeJS.ErrnoException);
    }
  }

  /** Connected: a closed port of the neighbor is told, and strangers are not heard. */
  #open(): DatagramSocket {
    const { openDatagram, sourcePorts } = this.#ports;
    const { neighbor, source, ttl } = this.#settings;
    this.#sourcePort ??= sourcePorts.take();
    const order = {
      kind: 'udp',
      family: familyOf(neighbor),
      peer: { address: neighbor, port: portOf(this.#settings) },
      bindPort: this.#sourcePort,
      ttl,
      ...(source === undefined ? {} : { bindAddress: source }),
    } as const;
    return openDatagram(order, { message: () => undefined, error: (error) => this.#note(error) });
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.#note(error);
    // a refused port is news of a packet before; anything else may be healed by another look at addresses and routes
    if (error.code === 'ECONNREFUSED') return;
    this.#closeSocket();
    if (error.code !== 'EADDRINUSE' || this.#sourcePort === undefined) return;
    this.#ports.sourcePorts.giveBack(this.#sourcePort);
    this.#sourcePort = undefined;
  }

  /** Anybody can forge ICMP: it is told, and decides nothing. */
  #note(error: NodeJS.ErrnoException): void {
    const trouble = reasonOf(error);
    if (this.#trouble === trouble) return;
    this.#trouble = trouble;
    const { name: session, neighbor } = this.#settings;
    this.#ports.log.debug({ event: 'bfd.trouble', operation: 'send', session, neighbor, reason: trouble });
  }

  #closeSocket(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}

const inMs = (us: number | undefined): number | undefined => (us === undefined ? undefined : us / 1000);
