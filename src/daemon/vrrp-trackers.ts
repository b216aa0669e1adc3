import { BfdSpeaker, type BfdStatus } from '../bfd/speaker.js';
import type { VrrpConfiguration } from '../config/vrrp/vrrp.js';
import type { Outcome } from '../health/check.js';
import type { OpenDatagram } from '../health/ports.js';
import { followNumber } from '../health/number-file.js';
import type { Cancel, Clock } from '../system/clock.js';
import type { Log } from '../system/log.js';
import type { Random } from '../system/random.js';
import { MasterWatch, type MasterWatchPorts } from '../vrrp/master-watch.js';
import type { Observed, TrackKind } from '../vrrp/priority.js';
import type { Trackers } from '../vrrp/router.js';
import type { FollowSession } from '../vrrp/trackers/bfd.js';
import type { LookAtLink } from '../vrrp/trackers/interface.js';
import type { ProcessTable } from '../vrrp/trackers/processes.js';
import { VrrpTrackers } from '../vrrp/trackers/trackers.js';
import { Board, type BoardNews } from './board.js';
import type { Commands } from './commands.js';
import type { VrrpOrder } from './vrrp-order.js';

export interface HolderTrackersOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly commands: Pick<Commands, 'run'>;
  readonly openDatagram: OpenDatagram;
  readonly processes: ProcessTable;
  readonly link: LookAtLink;
}

/** Everything that is watched in the process of the virtual addresses, and its BFD sessions: there is one speaker on a machine, for the port is one. */
export class HolderTrackers implements Trackers {
  readonly #options: HolderTrackersOptions;
  readonly #bfd: BfdSpeaker;
  readonly #board: Board<Outcome>;
  readonly #trackers: VrrpTrackers;
  /** Sessions that the board follows, by name. */
  readonly #boarded = new Map<string, Cancel>();
  #masters: MasterWatch | undefined;
  #order: Pick<VrrpOrder, 'bfd'> | undefined;

  constructor(options: HolderTrackersOptions) {
    const { clock, log, random, openDatagram, commands, processes, link } = options;
    this.#options = options;
    this.#bfd = new BfdSpeaker({ clock, log, random, openDatagram });
    this.#board = new Board(clock, Math.floor(random.next() * 2 ** 32));
    this.#trackers = new VrrpTrackers({
      clock,
      log,
      runScript: (script, how) => commands.run(script, how),
      followNumber: (path, tell) => followNumber(path, tell, { clock, log }),
      followSession: this.#followSession,
      link,
      processes,
    });
  }

  /** What has to be there before instances of this order name it. The files are made by the director (init_file). */
  prepare(order: Pick<VrrpOrder, 'bfd' | 'trackFiles'>): void {
    this.#order = order;
    this.#trackers.define(order.trackFiles);
    this.#bfd.configure(order.bfd);
    this.#fillBoard(order.bfd.map(({ name }) => name));
  }

  /** bfd_master: whom to tell. */
  watchMasters(ports: Pick<MasterWatchPorts, 'stateOf' | 'lost'>): void {
    const { log } = this.#options;
    this.#masters = new MasterWatch({ log, follow: this.#followMaster, ...ports });
  }

  follow(vrrp: VrrpConfiguration): void {
    this.#trackers.follow(vrrp);
    this.#masters?.follow(vrrp.instances, this.#order?.bfd ?? []);
  }

  look(kind: TrackKind, name: string): Observed {
    return this.#trackers.look(kind, name);
  }

  onChange(run: () => void): void {
    this.#trackers.onChange(run);
  }

  /** For the director's checks: what is known of sessions, as soon as it is not what was `known`. */
  sessions(known: number): Promise<BoardNews<Outcome>> {
    return this.#board.since(known);
  }

  get bfd(): BfdStatus {
    return this.#bfd.status;
  }

  /** Nothing is told any more. Resolves when the neighbours of BFD know that we leave. */
  async close(): Promise<void> {
    this.#masters?.close();
    this.#trackers.close();
    this.#fillBoard([]);
    this.#board.close();
    await this.#bfd.stop();
  }

  #fillBoard(names: readonly string[]): void {
    for (const [name, cancel] of this.#boarded)
      if (!names.includes(name)) {
        cancel();
        this.#boarded.delete(name);
        this.#board.set(name, undefined);
      }
    for (const name of names)
      if (!this.#boarded.has(name))
        this.#boarded.set(
          name,
          this.#bfd.follow(name)((outcome) => this.#board.set(name, outcome)),
        );
  }

  readonly #followSession: FollowSession = (name, tell) =>
    this.#bfd.follow(name)((outcome) => tell(outcome.is === 'alive'));

  readonly #followMaster: MasterWatchPorts['follow'] = (name, tell) =>
    this.#bfd.follow(name)((outcome) => {
      if (outcome.is === 'alive') return tell('up');
      const session = this.#bfd.status.sessions.find((one) => one.name === name);
      tell(session?.remoteState === 'admin-down' ? 'left' : 'down');
    });
}
