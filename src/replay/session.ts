import type { EngineGlobals, Network } from '../dataplane/network.js';
import { runLb } from '../lb/run.js';
import { emptyLbStore, type LbStore, tableOf } from '../lb/store.js';
import type { Effect } from '../lb/vpp/command.js';
import { Input } from '../lb/vpp/input.js';
import type { VppNumbers } from '../lb/vpp/numbers.js';
import { forgetIdle } from '../lb/vpp/state.js';
import { destinationName } from '../model/destination.js';
import type { Table, TableService } from '../model/table.js';
import { type NetworkDraft, networkOf } from './network-draft.js';
import { flowsOf, numbersOf, type PlaceOf } from './numbers.js';
import type { Simulation } from './simulation.js';
import { applyTopologyLine } from './vpp-topology.js';

export interface Answer {
  readonly text: string;
  readonly ok: boolean;
}

/** Slots of its service's Maglev table by destinationName. */
export type SlotsOf = (service: TableService) => ReadonlyMap<string, number>;

/** What a session begins with. */
export interface Site {
  readonly draft: NetworkDraft;
  /** Services of a file. */
  readonly table: Table;
  readonly globals: EngineGlobals;
  readonly slotsOf: SlotsOf;
  readonly uuid: () => string;
}

const nothing: Answer = { text: '', ok: true };

/** A site and what is typed at it, line by line, carried out by a simulated engine: VPP's words for networks and lb, ovn-nbctl's for lb. */
export class Session {
  readonly #simulation: Simulation;
  readonly #site: Site;
  #draft: NetworkDraft;
  #store: LbStore = emptyLbStore;
  #isNetworkNew = true;
  #isTableNew = true;

  constructor(simulation: Simulation, site: Site) {
    this.#simulation = simulation;
    this.#site = site;
    this.#draft = site.draft;
  }

  get network(): Network {
    return networkOf(this.#draft);
  }

  get store(): LbStore {
    return this.#store;
  }

  /** One line. Blank ones and comments do nothing. @throws LvsError ENGINE_REFUSED */
  run(line: string): Answer {
    const text = line.trim();
    if (text === '' || text.startsWith('#') || text.startsWith('comment ')) return nothing;
    const draft = applyTopologyLine(this.#draft, new Input(text));
    if (typeof draft === 'string') return { text: `${text}: ${draft}`, ok: false };
    if (draft !== undefined) {
      this.#draft = draft;
      this.#isNetworkNew = true;
      return nothing;
    }
    return this.#balance(text.split(/\s+/));
  }

  /** What was typed is what the engine does from now on: a script of ten thousand lines is published once. */
  publish(): void {
    if (this.#isNetworkNew) this.#simulation.publishNetwork(this.network);
    if (this.#isNetworkNew || this.#isTableNew)
      this.#simulation.publishServices(
        new Map([...this.#site.table, ...tableOf(this.#store, (name) => this.#interfacesOf(name))]),
        this.#site.globals,
      );
    this.#isNetworkNew = false;
    this.#isTableNew = false;
  }

  /** Removed servers whose last flow has ended are forgotten. */
  settle(): void {
    if (!this.#store.vpp.vips.some(({ servers }) => servers.some(({ removed }) => removed))) return;
    this.publish();
    const numbers = this.#numbers();
    const vpp = forgetIdle(this.#store.vpp, (vip, server) => flowsOf(numbers, vip, server));
    if (vpp === this.#store.vpp) return;
    this.#store = { ...this.#store, vpp };
    this.#isTableNew = true;
    this.publish();
  }

  #interfacesOf(name: string): readonly string[] | undefined {
    return this.#draft.ports.some((port) => port.name === name) ? [name] : undefined;
  }

  #balance(words: readonly string[]): Answer {
    if ('show'.startsWith(words[0] ?? '')) this.publish();
    const outcome = runLb(this.#store, words, {
      interfaces: new Set(this.#draft.ports.map(({ name }) => name)),
      interfacesOf: (name) => this.#interfacesOf(name),
      uuid: this.#site.uuid,
      numbers: this.#numbers(),
    });
    this.#isTableNew ||= outcome.store !== this.#store;
    this.#store = outcome.store;
    if (outcome.effects.length > 0) this.publish();
    for (const effect of outcome.effects) this.#carryOut(effect);
    return { text: (outcome.out + outcome.err).replace(/\n$/, ''), ok: outcome.err === '' };
  }

  #carryOut(effect: Effect): void {
    if (effect.do === 'flush-all') this.#simulation.flush();
    else this.#simulation.flush(effect.service, effect.destination);
  }

  #numbers(): VppNumbers {
    const placeOf: PlaceOf = (key, destination) => this.#simulation.placeOf(key, destination);
    return numbersOf(this.#simulation.counters(), placeOf, (key, destination) => {
      const service = this.#simulation.serviceOf(key);
      return service === undefined ? 0 : (this.#site.slotsOf(service).get(destinationName(destination)) ?? 0);
    });
  }
}
