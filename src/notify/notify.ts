/**
 * notify/ — who is told when a server, a quorum or a virtual router changes: scripts, named pipes, mail.
 * rules: words.ts, vrrp-words.ts (what is said), queue.ts (in which order) · owners: notify.ts, vrrp-notify.ts over channels.ts: pipes.ts
 * (pipe.ts, reader.ts), mailer.ts (smtp.ts)
 */
import { hostname } from 'node:os';
import type { Configuration, GlobalSettings, Script, VirtualServer } from '../config/configuration.js';
import { serverNamesOf, virtualServerName } from '../director/names.js';
import { Channels, type ChannelsOptions, owned } from './channels.js';
import { type Because, mailText, pipeLine, type Subject } from './words.js';

export interface NotifyOptions extends ChannelsOptions {
  /** What a director before us told last of a server or virtual server; undefined: nothing. */
  readonly toldBefore?: (name: string) => boolean | undefined;
  /** Scripts know it so now: the event has reached the head of its lane. To be kept for the next director. */
  readonly onTold?: (name: string, isUp: boolean) => void;
}

/** Something that can go up and down, as the configuration in force has it. */
interface Told extends Subject {
  readonly name: string;
  readonly up: Script | undefined;
  readonly down: Script | undefined;
  readonly mails: boolean;
}

/**
 * Tells of each change once: scripts in order, one at a time per server or quorum, with what was configured when it happened; pipes
 * and mail at once. What is told is remembered by name, so that neither a reload nor a restart tells it again.
 */
export class Notify {
  readonly #options: NotifyOptions;
  readonly #channels: Channels;
  #globals: GlobalSettings | undefined;
  /** By name. */
  readonly #objects = new Map<string, Told>();
  /** The same, by the objects of the configuration; and those that came with it. */
  #objectsOf: ReadonlyMap<VirtualServer, readonly Told[]> = new Map();
  #fresh: readonly Told[] = [];
  /** What has happened last, as it was told to us. */
  readonly #seen = new Map<string, boolean>();

  constructor(options: NotifyOptions) {
    this.#options = options;
    this.#channels = new Channels(options);
  }

  /**
   * Takes a configuration. What is no longer in it and was up goes down, with the scripts it had, as in keepalived. Resolves when the
   * pipes are open.
   */
  async follow(configuration: Configuration): Promise<void> {
    const { globals } = configuration;
    const isSameUser = JSON.stringify(globals.scriptUser) === JSON.stringify(this.#globals?.scriptUser);
    const old = this.#objectsOf;
    this.#objectsOf = objectsOf(configuration, isSameUser ? old : new Map());
    this.#fresh = others(this.#objectsOf, old);
    const gone = new Map(others(old, this.#objectsOf).map((object) => [object.name, object]));
    for (const object of this.#fresh) {
      gone.delete(object.name);
      this.#objects.set(object.name, object);
      // only at the start: what came in between is known better than what was remembered
      if (this.#globals === undefined) this.#recall(object.name);
    }
    for (const object of gone.values()) {
      this.#objects.delete(object.name);
      this.#leave(object);
    }
    this.#globals = globals;
    const { all, lvs } = globals.fifos;
    await this.#channels.follow([all, lvs]);
  }

  /**
   * How the servers that a configuration brought stand when they are first watched: told where it is not what was told before, where
   * `hasFailed` says that they were found to be down, and where rs_init_notifies wants it.
   */
  begin(isUp: (server: string) => boolean, hasFailed: (server: string) => boolean = () => false): void {
    for (const { name, server } of this.#fresh) {
      if (server === undefined) continue;
      const up = isUp(name);
      if (this.#seen.has(name)) this.tell(name, up);
      // assumed up is no news; one that is assumed down is news when it has failed
      else if (up && this.#globals?.notifiesAtStart === true) this.tell(name, true, { atStart: true });
      else if (up) this.#know(name, true);
      else if (hasFailed(name)) this.tell(name, false);
    }
  }

  /** `name` is that of a server or of a virtual server (its quorum). What is no change is not told. */
  tell(name: string, isUp: boolean, because: Because = {}): void {
    const object = this.#objects.get(name);
    if (object === undefined || this.#seen.get(name) === isUp) return;
    const isFirst = !this.#seen.has(name);
    if (object.server !== undefined || !isFirst) return this.#happened(object, isUp, because);
    // keepalived: a quorum that was never met is news only where a sorry server steps in
    if (isUp || object.virtual.sorryServer !== undefined) this.#happened(object, isUp, { ...because, atStart: true });
    else this.#know(name, false);
  }

  /** We stop: for virtual servers with `omega` this is as if everything went down. */
  tellOmega(isUp: (server: string) => boolean, quorums: ReadonlyMap<string, boolean>): void {
    for (const object of this.#objects.values()) {
      const { name, virtual, server } = object;
      const wasUp = server === undefined ? quorums.get(name) === true : isUp(name);
      if (virtual.omega && wasUp && this.#seen.get(name) !== false)
        this.#happened(object, false, { leaving: 'stopping' });
    }
  }

  /** Resolves when what was told has been done, or after `withinMs`; what was cut is logged. */
  stop(withinMs?: number): Promise<void> {
    return this.#channels.stop(withinMs);
  }

  #recall(name: string): void {
    const before = this.#options.toldBefore?.(name);
    if (before !== undefined) this.#seen.set(name, before);
  }

  /** It is so, and nobody has to be told. */
  #know(name: string, isUp: boolean): void {
    this.#seen.set(name, isUp);
    this.#options.onTold?.(name, isUp);
  }

  #leave(object: Told): void {
    if (this.#seen.get(object.name) === true) this.#happened(object, false, { leaving: 'removed' });
    this.#seen.delete(object.name);
  }

  #happened(object: Told, isUp: boolean, because: Because): void {
    const { name } = object;
    this.#seen.set(name, isUp);
    this.#channels.write(pipeLine(object, isUp));
    const mail = this.#globals?.mail;
    // how a server stands at the start is for scripts and pipes only, as in keepalived
    const isMailed = object.mails && !(object.server !== undefined && because.atStart === true);
    if (isMailed && mail !== undefined)
      this.#channels.mail(mail, mailText(this.#globals?.routerId ?? hostname(), object, isUp, because));
    const script = isUp ? object.up : object.down;
    this.#channels.run(name, script, { begins: () => this.#options.onTold?.(name, isUp) });
  }
}

/** Servers before their virtual server, as they go down. What of the last configuration is still the same object is so here, too. */
function objectsOf(
  { globals, virtualServers }: Configuration,
  before: ReadonlyMap<VirtualServer, readonly Told[]>,
): ReadonlyMap<VirtualServer, readonly Told[]> {
  return new Map(
    virtualServers.map((virtual) => [virtual, before.get(virtual) ?? objectsOfOne(virtual, globals.scriptUser)]),
  );
}

/** What one configuration has that is not in the other, by the objects. */
function others(
  one: ReadonlyMap<VirtualServer, readonly Told[]>,
  other: ReadonlyMap<VirtualServer, readonly Told[]>,
): readonly Told[] {
  return [...one].flatMap(([virtual, objects]) => (other.get(virtual) === objects ? [] : objects));
}

function objectsOfOne(virtual: VirtualServer, scriptUser: GlobalSettings['scriptUser']): readonly Told[] {
  const names = serverNamesOf(virtual);
  const servers = virtual.realServers.map((server, i): Told => {
    const scripts = { up: owned(server.notifyUp, scriptUser), down: owned(server.notifyDown, scriptUser) };
    return { name: names[i]!, virtual, server, ...scripts, mails: server.smtpAlert };
  });
  const scripts = { up: owned(virtual.quorumUp, scriptUser), down: owned(virtual.quorumDown, scriptUser) };
  return [...servers, { name: virtualServerName(virtual), virtual, ...scripts, mails: virtual.smtpAlert }];
}
