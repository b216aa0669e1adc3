/** Histories of a service for the engine and for src/schedulers: servers come, change and go, fill up and empty, and flows arrive. */
import fc from 'fast-check';
import { type DestinationKey, defaultDestinationSettings, destinationName } from '../../src/model/destination.js';
import { defaultEngineSettings, type HashField, hashFields } from '../../src/model/engine.js';
import { defaultServiceSettings, type ServiceKey, serviceName } from '../../src/model/service.js';
import type { Table, TableDestination } from '../../src/model/table.js';
import { schedulers } from '../../src/schedulers/catalogue.js';
import { overload } from '../../src/schedulers/overload.js';
import type { Candidate, Flow, SchedulerSettings } from '../../src/schedulers/scheduler.js';
import { type Rehearsal, rehearse } from '../../src/schedulers/simulate.js';

export interface ServerSpec {
  readonly n: number;
  readonly weight: number;
  readonly upper: number;
  readonly lower: number;
}

export type Step =
  | { readonly do: 'set'; readonly server: ServerSpec }
  | { readonly do: 'remove'; readonly n: number }
  /** All its connections are forgotten. */
  | { readonly do: 'forget'; readonly n: number }
  /** Some of its connections are closed, and not yet forgotten. */
  | { readonly do: 'close'; readonly n: number }
  | { readonly do: 'arrive'; readonly flow: Flow };

export interface HistoryPlan {
  readonly scheduler: string;
  readonly flags: number;
  readonly fields: readonly HashField[];
  readonly tableSize: number;
  readonly family: 'ip4' | 'ip6';
  readonly steps: readonly Step[];
}

/** Nobody comes back: who is added again is another server. */
const addressOf = (number: number, family: 'ip4' | 'ip6'): string =>
  family === 'ip4' ? `10.1.0.${number}` : `fd00:1::${number.toString(16)}`;
/** Servers that a history may have, one after the other. */
export const MOST_SERVERS = 200;
export const serverAddresses = (family: 'ip4' | 'ip6'): readonly string[] =>
  Array.from({ length: MOST_SERVERS }, (_, i) => addressOf(i + 1, family));
export const vip = { ip4: '192.0.2.1', ip6: '2001:db8::1' } as const;

const flow = (family: 'ip4' | 'ip6'): fc.Arbitrary<Flow> =>
  fc
    .record({ host: fc.integer({ min: 1, max: 65_000 }), port: fc.integer({ min: 1, max: 65_535 }) })
    .map(({ host, port }) => ({
      client: {
        address: family === 'ip4' ? `172.16.${host >> 8}.${host & 255}` : `fd00:2::${host.toString(16)}`,
        port,
      },
      virtual: { address: vip[family], port: 80 },
    }));

const server: fc.Arbitrary<ServerSpec> = fc
  .record({
    n: fc.integer({ min: 0, max: 6 }),
    weight: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constantFrom(10, 30, 100, 65_535)),
    upper: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 8 }) }),
    lower: fc.integer({ min: 0, max: 8 }),
  })
  .map((spec) => ({ ...spec, lower: spec.upper === 0 ? 0 : Math.min(spec.lower, spec.upper) }));

const step = (family: 'ip4' | 'ip6'): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 3, arbitrary: server.map((spec) => ({ do: 'set' as const, server: spec })) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 }).map((n) => ({ do: 'remove' as const, n })) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 }).map((n) => ({ do: 'forget' as const, n })) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 6 }).map((n) => ({ do: 'close' as const, n })) },
    { weight: 12, arbitrary: flow(family).map((one) => ({ do: 'arrive' as const, flow: one })) },
  );

export const history = (scheduler: string): fc.Arbitrary<HistoryPlan> =>
  fc.constantFrom('ip4' as const, 'ip6' as const).chain((family) =>
    fc.record({
      scheduler: fc.constant(scheduler),
      flags: scheduler === 'sh' || scheduler === 'mh' ? fc.integer({ min: 0, max: 3 }) : fc.constant(0),
      fields: fc.subarray(
        hashFields.filter((field) => !field.startsWith('eth')),
        { minLength: 1 },
      ),
      tableSize: fc.constantFrom(11, 64, 251, 1021),
      family: fc.constant(family),
      steps: fc.array(step(family), { minLength: 20, maxLength: 150, size: 'max' }),
    }),
  );

export interface Server {
  spec: ServerSpec;
  readonly key: DestinationKey;
  active: number;
  inactive: number;
  overloaded: boolean;
}

const thresholds = ({ upper, lower }: ServerSpec): { upperThreshold: number; lowerThreshold: number } => ({
  upperThreshold: upper,
  lowerThreshold: lower,
});

/** A service as src/schedulers have it, step by step. Servers stand newest first. */
export class RehearsedService {
  readonly #plan: HistoryPlan;
  readonly #rehearsal: Rehearsal;
  #servers: Server[] = [];
  #added = 0;

  constructor(plan: HistoryPlan) {
    this.#plan = plan;
    const settings: SchedulerSettings = {
      flags: plan.flags,
      family: plan.family,
      hashFields: plan.fields,
      tableSize: plan.tableSize,
    };
    this.#rehearsal = rehearse(schedulers.get(plan.scheduler)!.algorithm, settings);
  }

  get servers(): readonly Server[] {
    return this.#servers;
  }

  server(n: number): Server | undefined {
    return this.#servers.find(({ spec }) => spec.n === n);
  }

  /** Oldest first, as a table has them. */
  table(): Table {
    const { family, scheduler, flags, fields, tableSize } = this.#plan;
    const key: ServiceKey = { by: 'address', protocol: 'tcp', address: vip[family], port: 80 };
    const settings = {
      ...defaultServiceSettings(family),
      scheduler,
      schedulerFlags: flags,
      engine: { ...defaultEngineSettings, hashFields: fields, tableSize },
    };
    const destinations = new Map<string, TableDestination>();
    for (const { key: where, spec } of [...this.#servers].reverse()) {
      const settingsOf = { ...defaultDestinationSettings, weight: spec.weight, ...thresholds(spec) };
      destinations.set(destinationName(where), { key: where, settings: settingsOf });
    }
    return new Map([[serviceName(key), { key, settings, destinations }]]);
  }

  #candidates(): Candidate[] {
    return this.#servers.map(({ spec, ...one }) => ({ ...one, weight: spec.weight }));
  }

  /** What changes nothing is no edit: nobody would tell the engine. */
  set(spec: ServerSpec): boolean {
    const known = this.server(spec.n);
    if (known === undefined) {
      const key = { address: addressOf(++this.#added, this.#plan.family), port: 80 };
      this.#servers = [{ spec, key, active: 0, inactive: 0, overloaded: false }, ...this.#servers];
    } else {
      if (JSON.stringify(known.spec) === JSON.stringify(spec)) return false;
      const connections = known.active + known.inactive;
      known.overloaded = overload.edit(thresholds(spec), connections, known.overloaded, thresholds(known.spec));
      known.spec = spec;
    }
    this.#rehearsal.change(this.#candidates());
    return true;
  }

  remove(n: number): boolean {
    if (this.server(n) === undefined) return false;
    this.#servers = this.#servers.filter(({ spec }) => spec.n !== n);
    this.#rehearsal.change(this.#candidates());
    return true;
  }

  /** How many connections a server has now: fewer than before, but for the one that arrived last. */
  count(one: Server, active: number, inactive: number): void {
    const [before, now] = [one.active + one.inactive, active + inactive];
    one.active = active;
    one.inactive = inactive;
    if (now < before) one.overloaded = overload.expiry(thresholds(one.spec), now, one.overloaded);
  }

  /** Who gets it; its connections are counted by whoever counts. */
  arrive(arrival: Flow): Server | undefined {
    this.#rehearsal.count(this.#candidates());
    const place = this.#rehearsal.arrive(arrival);
    if (place === undefined) return undefined;
    const chosen = this.#servers[place]!;
    const connections = chosen.active + chosen.inactive + 1;
    chosen.overloaded = overload.arrival(thresholds(chosen.spec), connections, chosen.overloaded);
    return chosen;
  }
}
