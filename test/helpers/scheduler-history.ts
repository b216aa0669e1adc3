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
  | { readonly do: 'expire'; readonly n: number; readonly share: number }
  | { readonly do: 'rest'; readonly n: number }
  | { readonly do: 'arrive'; readonly flow: Flow };

export interface HistoryPlan {
  readonly scheduler: string;
  readonly flags: number;
  readonly fields: readonly HashField[];
  readonly tableSize: number;
  readonly family: 'ip4' | 'ip6';
  readonly steps: readonly Step[];
}

const addressOf = (n: number, family: 'ip4' | 'ip6'): string => (family === 'ip4' ? `10.1.0.${n + 1}` : `fd00:1::${(n + 1).toString(16)}`);
export const vip = { ip4: '192.0.2.1', ip6: '2001:db8::1' } as const;

const flow = (family: 'ip4' | 'ip6'): fc.Arbitrary<Flow> =>
  fc.record({ host: fc.integer({ min: 1, max: 65_000 }), port: fc.integer({ min: 1, max: 65_535 }) }).map(({ host, port }) => ({
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
    {
      weight: 2,
      arbitrary: fc
        .record({ n: fc.integer({ min: 0, max: 6 }), share: fc.double({ min: 0, max: 1, noNaN: true }) })
        .map((one) => ({ do: 'expire' as const, ...one })),
    },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 }).map((n) => ({ do: 'rest' as const, n })) },
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
      steps: fc.array(step(family), { minLength: 1, maxLength: 60 }),
    }),
  );

interface Server {
  spec: ServerSpec;
  key: DestinationKey;
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
    for (const { key: where, spec } of [...this.#servers].reverse())
      destinations.set(destinationName(where), {
        key: where,
        settings: { ...defaultDestinationSettings, weight: spec.weight, ...thresholds(spec) },
      });
    return new Map([[serviceName(key), { key, settings, destinations }]]);
  }

  #candidates(): Candidate[] {
    return this.#servers.map(({ key, spec, active, inactive, overloaded }) => ({
      key,
      weight: spec.weight,
      active,
      inactive,
      overloaded,
    }));
  }

  #server(n: number): Server | undefined {
    return this.#servers.find(({ spec }) => spec.n === n);
  }

  /** What changes nothing is no edit: nobody would tell the engine. */
  set(spec: ServerSpec): boolean {
    const known = this.#server(spec.n);
    if (known !== undefined && JSON.stringify(known.spec) === JSON.stringify(spec)) return false;
    if (known === undefined) {
      const key = { address: addressOf(spec.n, this.#plan.family), port: 80 };
      this.#servers = [{ spec, key, active: 0, inactive: 0, overloaded: false }, ...this.#servers];
    } else {
      known.overloaded = overload.edit(
        thresholds(spec),
        known.active + known.inactive,
        known.overloaded,
        thresholds(known.spec),
      );
      known.spec = spec;
    }
    this.#rehearsal.change(this.#candidates());
    return true;
  }

  remove(n: number): boolean {
    if (this.#server(n) === undefined) return false;
    this.#servers = this.#servers.filter(({ spec }) => spec.n !== n);
    this.#rehearsal.change(this.#candidates());
    return true;
  }

  /** Connections are forgotten, one after the other. */
  expire(n: number, share: number): void {
    const one = this.#server(n);
    for (let left = Math.round((one?.active ?? 0) * share); one !== undefined && left > 0; left--) {
      one.active--;
      one.overloaded = overload.expiry(thresholds(one.spec), one.active + one.inactive, one.overloaded);
    }
  }

  /** Half of its active connections are closed and not yet forgotten. */
  rest(n: number): void {
    const one = this.#server(n);
    if (one === undefined) return;
    const half = one.active >> 1;
    one.active -= half;
    one.inactive += half;
  }

  arrive(arrival: Flow): Server | undefined {
    this.#rehearsal.count(this.#candidates());
    const place = this.#rehearsal.arrive(arrival);
    if (place === undefined) return undefined;
    const chosen = this.#servers[place]!;
    chosen.active++;
    chosen.overloaded = overload.arrival(thresholds(chosen.spec), chosen.active + chosen.inactive, chosen.overloaded);
    return chosen;
  }
}
