// kernels: uml
/**
 * src/schedulers against the kernel while destinations come, change weight, fill up and go, and with connections that are counted:
 * the same real server for every connection, and at the end the same list with the same counts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { IpvsClient } from '../../src/ipvs/client.js';
import { parseConnections } from '../../src/ipvs/proc.js';
import { openIpvs } from '../../src/library/ipvs.js';
import { type DestinationSettings, defaultDestinationSettings, destinationName } from '../../src/model/destination.js';
import { defaultServiceSettings, type ServiceKey } from '../../src/model/service.js';
import { schedulers } from '../../src/schedulers/catalogue.js';
import { overload, overloadBefore72 } from '../../src/schedulers/overload.js';
import { persistent } from '../../src/schedulers/persistence.js';
import type { Candidate, Flow, SchedulerSettings } from '../../src/schedulers/scheduler.js';
import { type Rehearsal, rehearse } from '../../src/schedulers/simulate.js';
import { mustRun } from './topology.js';

const [major = 0, minor = 0] = release().split('.').map(Number);
const rules = major > 7 || (major === 7 && minor >= 2) ? overload : overloadBefore72;

const PYTHON = '/usr/bin/python3';
const script = join(import.meta.dirname, '../../../test/lab/connections.py');
const LBLCR_EXPIRATION = '/proc/sys/net/ipv4/vs/lblcr_expiration';
const CLIENTS = 60;
const VIPS = 6;
const SERVERS = 6;
const MARK = 7;

const clientAddress = (n: number): string => `10.1.${1 + (n % 5)}.${1 + ((n * 7) % 240)}`;
const vip = (n: number): string => `10.2.${n}.${1 + n * 37}`;
const server = (n: number): string => `10.9.0.${10 + n}`;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Clients and VIPs are on lo; servers are behind dummy0, which swallows everything. What clients send has a mark, which makes one service of all VIPs. */
await mustRun(['ip', '-batch', '-'], {
  input: [
    'link add dummy0 type dummy',
    'link set dummy0 up',
    'address add 10.9.0.1/24 dev dummy0',
    ...numbers(SERVERS).map((n) => `neighbour add ${server(n)} lladdr 02:00:00:00:00:01 dev dummy0`),
    ...numbers(VIPS).map((n) => `address add ${vip(n)}/32 dev lo`),
    ...[...new Set(numbers(CLIENTS).map(clientAddress))].map((address) => `address add ${address}/32 dev lo`),
  ].join('\n'),
});

/** What happens, in order. `open`: so many connections, which stay; `close`: every n-th of those that are open ends. */
type Step =
  | { readonly add: number; readonly weight: number; readonly upper?: number }
  | { readonly edit: number; readonly weight: number; readonly upper?: number }
  | { readonly remove: number }
  | { readonly open: number }
  /** One connection, and nothing happened for longer than lblcr_expiration before it. */
  | { readonly openLate: true }
  | { readonly close: number };

interface Story {
  readonly scheduler: string;
  readonly flags?: number;
  readonly persistenceMask?: string;
}

const settingsOf = (weight: number, upperThreshold = 0): DestinationSettings => ({
  ...defaultDestinationSettings,
  weight,
  upperThreshold,
});

/** One story told twice: to the kernel and to our functions. */
class Double {
  readonly #ipvs: IpvsClient;
  readonly #service: ServiceKey;
  readonly #port: number;
  readonly #rehearsal: Rehearsal;
  readonly #addressed: readonly string[];
  readonly #settings = new Map<string, DestinationSettings>();
  readonly #open = new Set<Flow>();
  #lateSeconds = 0;
  readonly #flows: Flow[] = [];
  /** What we foretell, by client. */
  readonly foretold = new Map<string, string>();

  constructor(ipvs: IpvsClient, service: ServiceKey, port: number, rehearsal: Rehearsal, addressed: readonly string[]) {
    this.#ipvs = ipvs;
    this.#service = service;
    this.#port = port;
    this.#rehearsal = rehearsal;
    this.#addressed = addressed;
  }

  get candidates(): readonly Candidate[] {
    return this.#rehearsal.candidates;
  }

  async take(step: Step): Promise<void> {
    if ('open' in step) return this.#openMore(step.open);
    if ('openLate' in step) return this.#openLate();
    if ('close' in step) return this.#closeEvery(step.close);
    if ('remove' in step) {
      const key = { address: server(step.remove), port: this.#port };
      await this.#ipvs.deleteDestination(this.#service, key);
      this.#rehearsal.change(this.candidates.filter((one) => one.key.address !== key.address));
      return;
    }
    const key = { address: server('add' in step ? step.add : step.edit), port: this.#port };
    const settings = settingsOf(step.weight, step.upper);
    const was = this.#settings.get(key.address) ?? settings;
    this.#settings.set(key.address, settings);
    if ('add' in step) {
      await this.#ipvs.addDestination(this.#service, key, settings);
      const one: Candidate = { key, weight: step.weight, active: 0, inactive: 0, overloaded: false };
      this.#rehearsal.change([one, ...this.candidates]);
    } else {
      await this.#ipvs.editDestination(this.#service, key, settings);
      this.#rehearsal.change(
        this.candidates.map((one) =>
          one.key.address === key.address
            ? {
                ...one,
                weight: step.weight,
                overloaded: rules.edit(settings, one.active + one.inactive, one.overloaded, was),
              }
            : one,
        ),
      );
    }
  }

  async #openMore(count: number): Promise<void> {
    const flows = numbers(count).map(() => this.#nextFlow());
    for (const flow of flows) this.#foretell(flow);
    await this.#send('open', flows);
  }

  /** For the kernel the time is made short instead. */
  async #openLate(): Promise<void> {
    const expiration = readFileSync(LBLCR_EXPIRATION, 'utf8');
    this.#lateSeconds += 2 * Number(expiration);
    const flow = { ...this.#nextFlow(), atSeconds: this.#lateSeconds };
    this.#foretell(flow);
    writeFileSync(LBLCR_EXPIRATION, '0');
    await this.#send('open', [flow]);
    writeFileSync(LBLCR_EXPIRATION, expiration);
  }

  #nextFlow(): Flow {
    const n = this.#flows.length;
    const flow: Flow = {
      client: { address: clientAddress(n % CLIENTS), port: nextPort++ },
      virtual: { address: this.#addressed[(n * n) % this.#addressed.length]!, port: this.#port },
    };
    this.#flows.push(flow);
    return flow;
  }

  #foretell(flow: Flow): void {
    const place = this.#rehearsal.arrive(flow);
    if (place === undefined) return;
    const chosen = this.candidates[place]!;
    this.foretold.set(clientName(flow), destinationName(chosen.key));
    this.#open.add(flow);
    this.#count(chosen.key.address, { active: chosen.active + 1 });
  }

  #count(address: string, now: Partial<Candidate>): void {
    this.#rehearsal.count(
      this.candidates.map((one) => {
        if (one.key.address !== address) return one;
        const next = { ...one, ...now };
        return {
          ...next,
          overloaded: rules.arrival(this.#settings.get(address)!, next.active + next.inactive, one.overloaded),
        };
      }),
    );
  }

  async #closeEvery(nth: number): Promise<void> {
    const ending = [...this.#open].filter((_, i) => i % nth === 0);
    for (const flow of ending) {
      this.#open.delete(flow);
      const name = this.foretold.get(clientName(flow));
      const one = this.candidates.find(({ key }) => destinationName(key) === name);
      if (one !== undefined) this.#count(one.key.address, { active: one.active - 1, inactive: one.inactive + 1 });
    }
    await this.#send('close', ending);
  }

  async #send(step: 'open' | 'close', flows: readonly Flow[]): Promise<void> {
    const lines = flows.map(
      ({ client, virtual }) => `${step} ${client.address} ${client.port} ${virtual.address} ${virtual.port}`,
    );
    await mustRun([PYTHON, script, String(MARK)], { input: lines.join('\n'), limitMs: 120_000 });
  }

  /** Every connection went where we said; the list and its counts are what we think they are. */
  async compare(t: Test): Promise<void> {
    const { rows } = parseConnections(readFileSync('/proc/net/ip_vs_conn', 'utf8'));
    const taken = new Map(
      rows.map((row) => [
        `${row.clientAddress}:${row.clientPort}`,
        destinationName({ address: row.destinationAddress, port: row.destinationPort }),
      ]),
    );
    const wrong = this.#flows.flatMap((flow, n) => {
      const name = clientName(flow);
      const [foretold, real] = [this.foretold.get(name) ?? 'none', taken.get(name) ?? 'none'];
      return foretold === real ? [] : [`connection ${n} from ${name}: foretold ${foretold}, the kernel took ${real}`];
    });
    t.equal(wrong.length, 0, [`${wrong.length} of ${this.#flows.length} wrong`, ...wrong.slice(0, 5)].join('\n'));
    const listed = await this.#ipvs.destinations(this.#service);
    t.strictSame(
      listed.map((row) => `${row.key.address} ${row.settings.weight} ${row.active} ${row.inactive}`),
      this.candidates.map((one) => `${one.key.address} ${one.weight} ${one.active} ${one.inactive}`),
      'destinations in order, with weight, active and inactive connections',
    );
  }
}

const clientName = ({ client }: Flow): string => `${client.address}:${client.port}`;

/**
 * No two stories have a flow or a server in common: the kernel remembers connections, and destinations that were removed come back with
 * those they had.
 */
let nextPort = 2000;
let stories = 0;

const add = (n: number, weight: number, upper = 0): Step => ({ add: n, weight, upper });
const late: Step = { openLate: true };
const edit = (n: number, weight: number, upper = 0): Step => ({ edit: n, weight, upper });

/** Everything at once; algorithms that keep a place, a table or a cache must carry it through. */
const life: readonly Step[] = [
  ...[add(0, 3), { open: 7 }, add(1, 1), { open: 5 }, add(2, 6), { open: 40 }],
  ...[edit(2, 0), { open: 25 }, { close: 3 }, { open: 10 }, edit(0, 4), { open: 11 }],
  ...[{ remove: 1 }, { open: 9 }, add(3, 2), { open: 8 }, { remove: 3 }, { open: 7 }],
  ...[edit(2, 6), { open: 30 }, { close: 2 }, { open: 30 }, add(4, 100), { open: 60 }],
  ...[edit(4, 0), edit(2, 0), edit(0, 0), { open: 5 }, edit(2, 5), { open: 20 }],
];

/** Upper thresholds: one after the other is full, in the end all are, then there is room again. */
const full: readonly Step[] = [
  ...[add(0, 1, 4), add(1, 3, 9), add(2, 2, 6), { open: 12 }, { open: 15 }],
  ...[edit(1, 3, 12), { open: 2 }, { open: 4 }, edit(0, 1, 0), { open: 10 }, edit(0, 2, 5), { open: 5 }],
  ...[add(3, 5, 3), { open: 2 }, edit(2, 4, 30), { open: 20 }],
];

async function tell(t: Test, { scheduler, flags = 0, persistenceMask }: Story, steps: readonly Step[]): Promise<void> {
  await using ipvs = await openIpvs();
  await ipvs.flush();
  await ipvs.setTimeouts({ tcp: 3600, tcpFin: 3600 }); // on a slow machine, too, nothing is forgotten
  const port = 100 + stories++;
  const byAddress = scheduler.startsWith('lblc') || scheduler === 'dh';
  const service: ServiceKey = byAddress
    ? { by: 'fwmark', family: 'ip4', mark: MARK }
    : { by: 'address', protocol: 'tcp', address: vip(0), port };
  await ipvs.addService(service, {
    ...defaultServiceSettings('ip4'),
    scheduler,
    schedulerFlags: flags,
    ...(persistenceMask === undefined ? {} : { persistent: true, persistenceSeconds: 300, persistenceMask }),
  });
  const settings: SchedulerSettings = { flags, family: 'ip4' };
  const algorithm = schedulers.get(scheduler)!.algorithm;
  const rehearsal =
    persistenceMask === undefined
      ? rehearse(algorithm, settings)
      : rehearse(persistent(algorithm, { mask: persistenceMask }), settings);
  const double = new Double(ipvs, service, port, rehearsal, byAddress ? numbers(VIPS).map(vip) : [vip(0)]);
  for (const step of steps) await double.take(step);
  await double.compare(t);
}

/** Sets of servers grow, as one after the other is overworked, and shrink when nothing happened to them for long. */
const oldSets: readonly Step[] = [
  ...[add(0, 2), { open: 20 }, add(1, 4), { open: 12 }, add(2, 40), { open: 30 }],
  ...[late, late, { open: 7 }, late, late, { open: 20 }],
  ...[add(3, 200), { open: 90 }, { close: 2 }, ...numbers(9).map(() => late), { open: 60 }],
];

/** Weights change in the middle of a round, and with them what they have in common; or all are full in one round or another. */
const rounds: readonly Step[] = [
  ...[add(0, 7), add(1, 5), { open: 9 }, edit(0, 8), edit(1, 4), { open: 11 }, edit(0, 9), edit(1, 6), { open: 8 }],
  ...[add(2, 12), { open: 5 }, edit(2, 3), { open: 13 }, edit(1, 0), edit(0, 10), edit(2, 4), { open: 7 }],
  ...[edit(0, 10, 1), edit(2, 4, 1), { open: 3 }, edit(1, 6, 200), { open: 9 }, edit(1, 6, 1), { open: 2 }],
  ...[edit(0, 0, 1), edit(2, 1, 200), edit(1, 1, 1), { open: 9 }, edit(1, 1, 0), { open: 9 }],
];

/** Emulation is slow: there, one of each kind of memory. */
const sample = process.env['LAB_KERNEL'] === 'qemu';
const ofKernel = [...schedulers.values()].filter(({ runsIn }) => runsIn.includes('kernel')).map(({ name }) => name);
const names = sample ? ['rr', 'wrr', 'wlc', 'sh', 'mh', 'lblcr'] : ofKernel;

for (const name of names) {
  const hashes = name === 'sh' || name === 'mh';
  for (const flags of hashes ? (sample ? [3] : [0, 1, 2, 3]) : [0]) {
    t.test(`${name} with flags ${flags}: a life`, (t) => tell(t, { scheduler: name, flags }, life));
    t.test(`${name} with flags ${flags}: full ones`, (t) => tell(t, { scheduler: name, flags }, full));
  }
}
t.test('wrr: rounds', (t) => tell(t, { scheduler: 'wrr' }, rounds));
t.test('lblcr: sets of servers shrink', (t) => tell(t, { scheduler: 'lblcr' }, oldSets));
for (const [scheduler, persistenceMask] of [
  ['wrr', '255.255.255.255'],
  ['wlc', '255.255.255.0'],
  ['sh', '255.255.255.248'],
] as const) {
  t.test(`${scheduler}, persistent by ${persistenceMask}: a life`, (t) =>
    tell(t, { scheduler, persistenceMask }, life),
  );
}
