import type { TrackFile, Tracks, VrrpConfiguration } from '../../config/vrrp/vrrp.js';
import { Timers } from '../../system/timers.js';
import type { Observed, TrackKind } from '../priority.js';
import type { Trackers } from '../router.js';
import { BfdTracker, type FollowSession } from './bfd.js';
import { FileTracker, type FollowNumber } from './file.js';
import { type LookAtLink, observeInterface } from './interface.js';
import { Processes, type ProcessesPorts } from './processes.js';
import { isSame } from './same.js';
import { type ScriptPorts, ScriptTracker } from './script.js';

/** What trackers need of the world; the daemon makes it, a test fakes it. */
export interface TrackerPorts extends Pick<ScriptPorts, 'clock' | 'log'> {
  readonly runScript: ScriptPorts['run'];
  readonly followNumber: FollowNumber;
  readonly followSession: FollowSession;
  readonly link: LookAtLink;
  readonly processes: ProcessesPorts['table'];
}

/** All that is watched for virtual routers. What several of them name is watched once. */
export class VrrpTrackers implements Trackers {
  readonly #ports: TrackerPorts;
  readonly #timers: Timers<'tell'>;
  readonly #scripts = new Map<string, ScriptTracker>();
  readonly #files = new Map<string, FileTracker>();
  readonly #bfd = new Map<string, BfdTracker>();
  readonly #processes: Processes;
  #paths: ReadonlyMap<string, string> = new Map();
  #tell: () => void = () => undefined;

  constructor(ports: TrackerPorts) {
    const { clock, log, processes } = ports;
    this.#ports = ports;
    this.#timers = new Timers(clock);
    this.#processes = new Processes({ clock, log, table: processes, changed: this.#changed });
  }

  /** Runs once in a turn of the event loop in which something has changed, however much it was. */
  onChange(run: () => void): void {
    this.#tell = run;
  }

  /** The track_files of the file, to be known before `follow` names them. */
  define(files: readonly Pick<TrackFile, 'name' | 'path'>[]): void {
    this.#paths = new Map(files.map(({ name, path }) => [name, path]));
  }

  follow(vrrp: VrrpConfiguration): void {
    const named = namesOf([...vrrp.instances, ...vrrp.syncGroups].map(({ tracks }) => tracks));
    this.#followScripts(vrrp.scripts.filter(({ name }) => named.scripts.has(name)));
    this.#followFiles(named.files);
    this.#followSessions(named.bfd);
    this.#processes.track(vrrp.processes.filter(({ name }) => named.processes.has(name)));
  }

  look(kind: TrackKind, name: string): Observed {
    switch (kind) {
      case 'interfaces':
        return observeInterface(name, this.#ports.link);
      case 'scripts':
        return this.#scripts.get(name)?.observed ?? 'unknown';
      case 'files':
        return this.#files.get(name)?.observed ?? 'unknown';
      case 'processes':
        return this.#processes.look(name)?.observed ?? 'unknown';
      case 'bfd':
        return this.#bfd.get(name)?.observed ?? 'unknown';
    }
  }

  close(): void {
    this.#timers.disarmAll();
    for (const trackers of [this.#scripts, this.#files, this.#bfd]) {
      for (const tracker of trackers.values()) tracker.stop();
      trackers.clear();
    }
    this.#processes.stop();
  }

  readonly #changed = (): void => {
    if (!this.#timers.isArmed('tell')) this.#timers.arm('tell', 0, () => this.#tell());
  };

  #followScripts(wanted: VrrpConfiguration['scripts']): void {
    const { clock, log, runScript: run } = this.#ports;
    leave(this.#scripts, new Set(wanted.map(({ name }) => name)));
    for (const settings of wanted) {
      const known = this.#scripts.get(settings.name);
      if (known !== undefined && isSame(known.settings, settings)) continue;
      known?.stop();
      const ports = { clock, log, run, changed: this.#changed };
      this.#scripts.set(settings.name, new ScriptTracker(settings, ports, known?.belief));
    }
  }

  #followFiles(names: ReadonlySet<string>): void {
    leave(this.#files, names);
    for (const name of names) {
      const path = this.#paths.get(name);
      const known = this.#files.get(name);
      if (path === undefined || known?.settings.path === path) continue;
      known?.stop();
      this.#files.set(name, new FileTracker({ path }, this.#ports.followNumber, this.#changed, known));
    }
  }

  #followSessions(names: ReadonlySet<string>): void {
    leave(this.#bfd, names);
    for (const name of names)
      if (!this.#bfd.has(name)) this.#bfd.set(name, new BfdTracker(name, this.#ports.followSession, this.#changed));
  }
}

/** Those that nobody names any more end. */
function leave(trackers: Map<string, { stop(): void }>, names: ReadonlySet<string>): void {
  for (const [name, tracker] of trackers)
    if (!names.has(name)) {
      tracker.stop();
      trackers.delete(name);
    }
}

function namesOf(all: readonly Tracks[]): Readonly<Record<TrackKind, ReadonlySet<string>>> {
  const names = (kind: TrackKind): ReadonlySet<string> =>
    new Set(all.flatMap((tracks) => tracks[kind].map(({ name }) => name)));
  return {
    interfaces: names('interfaces'),
    scripts: names('scripts'),
    files: names('files'),
    processes: names('processes'),
    bfd: names('bfd'),
  };
}
