import { LvsError } from '../errors.js';
import type { Change, Forwarder, Outcomes } from '../model/change.js';
import { serviceName } from '../model/service.js';
import type { Table, TableService } from '../model/table.js';
import { WorkingTable } from '../model/working-table.js';

const sides = ['engine', 'kernel'] as const;
type Side = (typeof sides)[number];

/** A change that is to be made on one side, and which outcome it decides. */
interface Pending {
  readonly change: Change;
  readonly at: number;
}

/**
 * The kernel's IPVS and our own engine as one. A service is where its settings say: `engine` there or absent. One that moves, by an edit or
 * because it is deleted and made anew, is made on its new side before it goes from the old: no packet finds it missing, and one that the
 * new side refuses stays where it was.
 */
export class ForwarderOfBoth implements Forwarder {
  /** Of a machine without IPVS there is only the engine. */
  readonly #sides: Readonly<Record<Side, Forwarder | undefined>>;
  readonly #known: Record<Side, WorkingTable> = { kernel: new WorkingTable(), engine: new WorkingTable() };

  constructor(kernel: Forwarder | undefined, engine: Forwarder) {
    this.#sides = { kernel, engine };
  }

  /** Whose no is told for a service that nobody has. */
  get #usual(): Side {
    return this.#sides.kernel === undefined ? 'engine' : 'kernel';
  }

  /** Of a service that both have the engine's counts: packets meet it first. */
  async read(): Promise<Table> {
    const [kernel, engine] = await Promise.all([
      this.#sides.kernel?.read() ?? noTable,
      this.#sides.engine?.read() ?? noTable,
    ]);
    this.#known.kernel = new WorkingTable(kernel);
    this.#known.engine = new WorkingTable(engine);
    return new Map([...kernel, ...engine]);
  }

  async look(): Promise<Table> {
    const [kernel, engine] = await Promise.all([
      this.#sides.kernel?.look() ?? noTable,
      this.#sides.engine?.look() ?? noTable,
    ]);
    return new Map([...kernel, ...engine]);
  }

  async apply(changes: readonly Change[]): Promise<Outcomes> {
    const outcomes: (Error | undefined)[] = changes.map(() => undefined);
    const pending: Record<Side, Pending[]> = { kernel: [], engine: [] };
    // where services will be when what is pending is done
    const planned = new Map<string, readonly Side[]>();
    const leaving = this.#leaving(changes);
    const moves: Pending[] = [];
    for (const [at, change] of changes.entries()) {
      const name = serviceName(change.service);
      const places = planned.get(name) ?? this.#placesOf(name);
      const [now] = places;
      if (change.do === 'edit-service' && now !== undefined && now !== wantedSide(change.settings)) {
        await this.#flush(pending, outcomes);
        planned.clear();
        outcomes[at] = await this.#move(name, change, now, wantedSide(change.settings));
      } else if (leaving.has(at)) {
        const to = leaving.get(at)!;
        moves.push({ change, at });
        if (places.includes(to)) pending[to].push({ change, at }); // what a death in the middle of a move has left there
        planned.set(name, []);
      } else if (change.do === 'delete-service') {
        for (const side of now === undefined ? [this.#usual] : places) pending[side].push({ change, at });
        planned.set(name, []);
      } else if ('destination' in change) {
        pending[now ?? this.#usual].push({ change, at });
      } else {
        const side = wantedSide(change.settings);
        if (change.do === 'edit-service' || now === undefined || now === side) pending[side].push({ change, at });
        else outcomes[at] = new LvsError('IPVS_EXISTS', ['add service', name]);
        if (now === undefined && change.do === 'add-service') planned.set(name, [side]);
      }
    }
    await this.#flush(pending, outcomes);
    for (const { change, at } of moves) outcomes[at] ??= await this.#leave(change, leaving.get(at)!);
    return outcomes;
  }

  /** Deletions whose service the next change makes anew on the other side, and which side that is. */
  #leaving(changes: readonly Change[]): ReadonlyMap<number, Side> {
    const leaving = new Map<number, Side>();
    for (const [at, change] of changes.entries()) {
      const next = changes[at + 1];
      if (change.do !== 'delete-service' || next?.do !== 'add-service') continue;
      const name = serviceName(change.service);
      const to = wantedSide(next.settings);
      if (serviceName(next.service) !== name || !this.#known[other(to)].has(name)) continue;
      const own = changes.filter((one) => !('destination' in one) && serviceName(one.service) === name);
      if (own.length === 2) leaving.set(at, to);
    }
    return leaving;
  }

  /** From where it was, once it is where it shall be; else it stays, and forwards on. */
  async #leave({ service }: Change, to: Side): Promise<Error | undefined> {
    const name = serviceName(service);
    if (!this.#known[to].has(name))
      return new LvsError('ENGINE_MOVE', [name, to === 'engine' ? 'the engine' : 'the kernel']);
    const [outcome] = await this.#applyTo(other(to), [{ do: 'delete-service', service }]);
    return outcome;
  }

  /** The engine first: packets meet it first. */
  #placesOf(name: string): readonly Side[] {
    return sides.filter((side) => this.#known[side].has(name));
  }

  async #flush(pending: Record<Side, Pending[]>, outcomes: (Error | undefined)[]): Promise<void> {
    await Promise.all(
      sides.map(async (side) => {
        const batch = pending[side].splice(0);
        if (batch.length === 0) return;
        const results = await this.#applyTo(
          side,
          batch.map(({ change }) => change),
        );
        for (const [i, { at }] of batch.entries()) outcomes[at] ??= results[i];
      }),
    );
  }

  async #applyTo(side: Side, changes: readonly Change[]): Promise<Outcomes> {
    const forwarder = this.#sides[side];
    if (forwarder === undefined) return changes.map(() => new LvsError('IPVS_UNAVAILABLE', []));
    const outcomes = await forwarder.apply(changes);
    for (const [i, change] of changes.entries()) if (outcomes[i] === undefined) this.#known[side].take(change);
    return outcomes;
  }

  async #move(
    name: string,
    change: Extract<Change, { do: 'add-service' | 'edit-service' }>,
    from: Side,
    to: Side,
  ): Promise<Error | undefined> {
    const have = this.#known[from].table.get(name);
    if (have === undefined) return new LvsError('IPVS_NO_SUCH_SERVICE', ['edit service', name]);
    const outcomes = await this.#applyTo(to, additions({ ...have, settings: change.settings }));
    const refused = outcomes.find((outcome) => outcome !== undefined);
    const gone = { do: 'delete-service', service: change.service } as const;
    if (refused !== undefined) {
      if (outcomes[0] === undefined) await this.#applyTo(to, [gone]);
      return refused;
    }
    const [outcome] = await this.#applyTo(from, [gone]);
    return outcome;
  }
}

const noTable: Table = new Map();

const other = (side: Side): Side => (side === 'engine' ? 'kernel' : 'engine');

const wantedSide = ({ engine }: TableService['settings']): Side => (engine === undefined ? 'kernel' : 'engine');

const additions = ({ key: service, settings, destinations }: TableService): Change[] => [
  { do: 'add-service', service, settings },
  ...[...destinations.values()].map(
    (one): Change => ({ do: 'add-destination', service, destination: one.key, settings: one.settings }),
  ),
];
