/**
 * bfd/ — is the neighbor there, asked many times a second (RFC 5880, 5881, 5883).
 * codec: packet.ts · rules: machine.ts · owners: speaker.ts (who speaks with whom), live-session.ts, listener.ts
 */
import type { BfdSessionSettings } from '../config/check.js';
import { type Outcome, failed } from '../health/check.js';
import type { OpenDatagram } from '../health/ports.js';
import type { Follow } from '../health/told.js';
import { afterReads as systemAfterReads } from '../system/after-reads.js';
import type { Cancel, Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import type { Random } from '../system/random.js';
import { Listener, type Sender } from './listener.js';
import { type BfdSessionStatus, LiveSession } from './live-session.js';
import { type ControlPacket, type DecodingRefusal, decodingRefusals } from './packet.js';
import { MOST_U32 } from './rfc5880.js';
import { familyOf, isSameSession, leastTtl, portOf } from './session-settings.js';
import { SourcePorts } from './source-ports.js';

/** Why a packet was not taken: by itself, for having come too far, or because nobody here knows its sender. */
export type Refusal = DecodingRefusal | 'ttl' | 'session';

export interface BfdStatus {
  readonly sessions: readonly BfdSessionStatus[];
  /** Packets since the start, by reason. */
  readonly refused: Readonly<Record<Refusal, number>>;
  /** Ports that cannot be listened on, and why. */
  readonly trouble: readonly string[];
}

export interface BfdSpeakerOptions {
  readonly openDatagram: OpenDatagram;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Runs it when what waits in sockets has been read; the event loop's way if not told. */
  readonly afterReads?: (run: () => void) => Cancel;
}

/** What is known of a session by its name, and who wants to hear of it. Lives on when the session is replaced by another. */
interface Topic {
  outcome: Outcome | undefined;
  readonly followers: Set<(outcome: Outcome) => void>;
}

/** All sessions. A reload hands it others; those that did not change go on, whoever follows them. */
export class BfdSpeaker {
  readonly #options: BfdSpeakerOptions;
  readonly #sourcePorts: SourcePorts;
  readonly #topics = new Map<string, Topic>();
  readonly #listeners = new Map<string, Listener>();
  readonly #refused = Object.fromEntries(
    [...decodingRefusals, 'ttl' as const, 'session' as const].map((why) => [why, 0]),
  ) as Record<Refusal, number>;
  /** By name. */
  #sessions = new Map<string, LiveSession>();
  #byDiscriminator = new Map<number, LiveSession>();
  /** For packets whose sender does not know us yet. */
  #byNeighbor = new Map<string, LiveSession>();
  /** Refusals that were logged, by session and reason: once each until the next configuration. */
  readonly #complained = new Set<string>();
  readonly #leaving = new Set<Promise<void>>();

  constructor(options: BfdSpeakerOptions) {
    this.#options = options;
    this.#sourcePorts = new SourcePorts(options.random);
  }

  /** These are the sessions from now on. */
  configure(wanted: readonly BfdSessionSettings[]): void {
    const old = this.#sessions;
    const { first, others } = distinct(wanted);
    this.#sessions = new Map(first.map((settings) => [settings.name, this.#sessionFor(settings, old)]));
    for (const [name, session] of old) if (this.#sessions.get(name) !== session) this.#retire(session);
    const sessions = [...this.#sessions.values()];
    this.#byDiscriminator = new Map(sessions.map((session) => [session.discriminator, session]));
    this.#byNeighbor = new Map(sessions.map((session) => [neighborKey(session.settings), session]));
    this.#complained.clear();
    const names = new Set(wanted.map(({ name }) => name));
    for (const [name, { followers }] of this.#topics)
      if (followers.size === 0 && !names.has(name)) this.#topics.delete(name);
    for (const [settings, other] of others) this.#cannotBe(settings, other);
    this.#listen();
    for (const session of sessions) if (old.get(session.settings.name) !== session) session.start();
  }

  /** For checks: alive while the session is Up. A name that is not configured is not known, and nothing is told of it. */
  follow(name: string): Follow {
    return (tell) => {
      const topic = this.#topic(name);
      const follower = (outcome: Outcome): void => tell(outcome); // who follows twice, stops twice
      topic.followers.add(follower);
      if (topic.outcome !== undefined) tell(topic.outcome);
      return () => void topic.followers.delete(follower);
    };
  }

  get status(): BfdStatus {
    return {
      sessions: [...this.#sessions.values()].map((session) => session.status),
      refused: { ...this.#refused },
      trouble: [...this.#listeners].flatMap(([key, { trouble }]) =>
        trouble === undefined ? [] : `${key}: ${trouble}`,
      ),
    };
  }

  /** Resolves when every neighbor has been told; that takes less than a tenth of a second. */
  async stop(): Promise<void> {
    this.#topics.clear();
    this.configure([]);
    await Promise.all(this.#leaving);
  }

  #cannotBe({ name, neighbor }: BfdSessionSettings, other: BfdSessionSettings): void {
    const reason = `${neighbor} is the neighbor of session '${other.name}' already`;
    this.#options.log.error({ event: 'bfd.trouble', operation: 'configure', session: name, neighbor, reason });
    this.#tell(name, failed('session', reason));
  }

  #sessionFor(settings: BfdSessionSettings, old: ReadonlyMap<string, LiveSession>): LiveSession {
    const running = old.get(settings.name);
    if (running !== undefined && isSameSession(running.settings, settings)) {
      running.change(settings);
      return running;
    }
    const { afterReads = systemAfterReads, ...ports } = this.#options;
    const datagramsRead = (): number => this.#listeners.get(listenerKey(settings))?.datagrams ?? 0;
    const tell = (outcome: Outcome): void => this.#tell(settings.name, outcome);
    const sessionPorts = { ...ports, afterReads, sourcePorts: this.#sourcePorts, datagramsRead };
    const session = new LiveSession(settings, this.#freeDiscriminator(), sessionPorts, tell);
    this.#byDiscriminator.set(session.discriminator, session);
    return session;
  }

  #retire(session: LiveSession): void {
    const { name } = session.settings;
    const isNeighbor = (other: LiveSession | undefined): boolean =>
      other !== undefined && neighborKey(other.settings) === neighborKey(session.settings);
    const topic = this.#topics.get(name);
    if (topic !== undefined && !isNeighbor(this.#sessions.get(name))) topic.outcome = undefined;
    // a farewell would take down the session that the neighbor has with us from now on
    if ([...this.#sessions.values()].some(isNeighbor)) return session.end();
    const left = session.leave().finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }

  #topic(name: string): Topic {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const topic: Topic = { outcome: undefined, followers: new Set() };
    this.#topics.set(name, topic);
    return topic;
  }

  #tell(name: string, outcome: Outcome): void {
    const topic = this.#topic(name);
    if (topic.outcome?.is === outcome.is && topic.outcome.detail === outcome.detail) return;
    topic.outcome = outcome;
    for (const follower of [...topic.followers]) follower(outcome);
  }

  /** Random (§6.8.1 asks for unique only): so a packet of a session that was before us is nobody's. */
  #freeDiscriminator(): number {
    let discriminator = Math.floor(this.#options.random.next() * MOST_U32) + 1;
    while (this.#byDiscriminator.has(discriminator)) discriminator = (discriminator % MOST_U32) + 1;
    return discriminator;
  }

  #listen(): void {
    const needed = new Map([...this.#sessions.values()].map(({ settings }) => [listenerKey(settings), settings]));
    for (const [key, listener] of this.#listeners) {
      if (needed.has(key)) continue;
      listener.close();
      this.#listeners.delete(key);
    }
    for (const [key, settings] of needed) {
      if (this.#listeners.has(key)) continue;
      const { openDatagram, clock, log } = this.#options;
      const where = { family: familyOf(settings.neighbor), port: portOf(settings) };
      const listener = new Listener({
        ...where,
        openDatagram,
        clock,
        log,
        onPacket: (packet, from) => this.#take(packet, from, key),
        onRefused: (why, from) => this.#refuse(why, from, this.#byNeighbor.get(`${key} ${from.address}`)),
      });
      this.#listeners.set(key, listener);
    }
  }

  /** §6.3: who knows our discriminator is known by it, wherever it sends from; the first packets by their address. */
  #take(packet: ControlPacket, from: Sender, listener: string): void {
    const { yourDiscriminator } = packet;
    const session =
      yourDiscriminator === 0
        ? this.#byNeighbor.get(`${listener} ${from.address}`)
        : this.#byDiscriminator.get(yourDiscriminator);
    if (session === undefined || listenerKey(session.settings) !== listener) this.#refuse('session', from, undefined);
    else if (from.ttl < leastTtl(session.settings)) this.#refuse('ttl', from, session);
    else session.receive(packet);
  }

  #refuse(why: Refusal, { address, ttl }: Sender, session: LiveSession | undefined): void {
    this.#refused[why]++;
    if (session === undefined) return; // strangers are counted, and not let into the log
    const { name, neighbor } = session.settings;
    const complaint = `${name} ${why}`;
    if (this.#complained.has(complaint)) return;
    this.#complained.add(complaint);
    this.#options.log.warn({ event: 'bfd.refused', session: name, neighbor, from: address, why, ttl });
  }
}

/** A packet does not say which of its sender's sessions it begins: there can be one with a neighbor, and one over several hops. */
function distinct(wanted: readonly BfdSessionSettings[]): {
  readonly first: readonly BfdSessionSettings[];
  /** With whom they have their neighbor in common. */
  readonly others: readonly (readonly [BfdSessionSettings, BfdSessionSettings])[];
} {
  const first = new Map<string, BfdSessionSettings>();
  const others: [BfdSessionSettings, BfdSessionSettings][] = [];
  for (const settings of wanted) {
    const other = first.get(neighborKey(settings));
    if (other === undefined) first.set(neighborKey(settings), settings);
    else others.push([settings, other]);
  }
  return { first: [...first.values()], others };
}

const listenerKey = (settings: BfdSessionSettings): string => `${familyOf(settings.neighbor)} ${portOf(settings)}`;
const neighborKey = (settings: BfdSessionSettings): string => `${listenerKey(settings)} ${settings.neighbor}`;
