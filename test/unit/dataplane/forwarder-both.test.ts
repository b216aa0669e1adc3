import * as fc from 'fast-check';
import t from 'tap';
import { ForwarderOfBoth } from '../../../src/dataplane/both.js';
import { type Change, changeName, type Forwarder, type Outcomes } from '../../../src/model/change.js';
import { defaultDestinationSettings, destinationName } from '../../../src/model/destination.js';
import { defaultEngineSettings } from '../../../src/model/engine.js';
import {
  defaultServiceSettings,
  type ServiceKey,
  type ServiceSettings,
  serviceName,
} from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';
import { WorkingTable } from '../../../src/model/working-table.js';

/** One side in memory. */
class Side implements Forwarder {
  working = new WorkingTable();
  readonly log: string[];
  readonly #name: string;
  refuse: (change: Change) => boolean = () => false;

  constructor(name: string, log: string[]) {
    this.#name = name;
    this.log = log;
  }

  read(): Promise<Table> {
    return Promise.resolve(new WorkingTable(this.working.table).table);
  }

  look(): Promise<Table> {
    return this.read();
  }

  apply(changes: readonly Change[]): Promise<Outcomes> {
    return Promise.resolve(
      changes.map((change) => {
        this.log.push(`${this.#name} ${changeName(change)}`);
        return this.refuse(change) ? new Error(`${this.#name} cannot`) : this.working.take(change);
      }),
    );
  }
}

function both() {
  const log: string[] = [];
  const kernel = new Side('kernel', log);
  const engine = new Side('engine', log);
  return { log, kernel, engine, forwarder: new ForwarderOfBoth(kernel, engine) };
}

const web: ServiceKey = { by: 'address', protocol: 'tcp', address: '10.0.0.1', port: 80 };
const ssh: ServiceKey = { by: 'address', protocol: 'tcp', address: '10.0.0.1', port: 22 };
const inKernel = defaultServiceSettings('ip4');
const inEngine: ServiceSettings = { ...inKernel, engine: defaultEngineSettings };
const server = { address: '10.1.0.1', port: 80 };
const add = (service: ServiceKey, settings: ServiceSettings): Change[] => [
  { do: 'add-service', service, settings },
  { do: 'add-destination', service, destination: server, settings: defaultDestinationSettings },
];

t.test('each service is where its settings say, and the table is of both', async (t) => {
  const { log, forwarder } = both();
  t.same(await forwarder.apply([...add(web, inEngine), ...add(ssh, inKernel)]), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  t.same(log.sort(), [
    'engine add-destination tcp 10.0.0.1:80 -> 10.1.0.1:80',
    'engine add-service tcp 10.0.0.1:80',
    'kernel add-destination tcp 10.0.0.1:22 -> 10.1.0.1:80',
    'kernel add-service tcp 10.0.0.1:22',
  ]);
  t.same([...(await forwarder.read()).keys()].sort(), ['tcp 10.0.0.1:22', 'tcp 10.0.0.1:80']);
});

t.test('an edit that moves a service makes it anew with its destinations before the old goes', async (t) => {
  const { log, kernel, engine, forwarder } = both();
  await forwarder.apply(add(web, inKernel));
  log.length = 0;
  const second = { address: '10.1.0.2', port: 80 };
  const outcomes = await forwarder.apply([
    { do: 'edit-service', service: web, settings: inEngine },
    { do: 'add-destination', service: web, destination: second, settings: defaultDestinationSettings },
  ]);
  t.same(outcomes, [undefined, undefined]);
  t.same(log, [
    'engine add-service tcp 10.0.0.1:80',
    'engine add-destination tcp 10.0.0.1:80 -> 10.1.0.1:80',
    'kernel delete-service tcp 10.0.0.1:80',
    'engine add-destination tcp 10.0.0.1:80 -> 10.1.0.2:80',
  ]);
  t.equal(kernel.working.table.size, 0);
  t.equal(engine.working.table.get('tcp 10.0.0.1:80')!.destinations.size, 2);
  t.same(await forwarder.apply([{ do: 'edit-service', service: web, settings: inKernel }]), [undefined]);
  t.equal(engine.working.table.size, 0);
  t.equal(kernel.working.table.get('tcp 10.0.0.1:80')!.destinations.size, 2);
});

t.test('a move that the new side refuses leaves the service where it was', async (t) => {
  const { kernel, engine, forwarder } = both();
  await forwarder.apply(add(web, inKernel));
  engine.refuse = (change) => change.do === 'add-destination';
  const [outcome] = await forwarder.apply([{ do: 'edit-service', service: web, settings: inEngine }]);
  t.match(outcome, { message: 'engine cannot' });
  t.equal(kernel.working.table.get('tcp 10.0.0.1:80')!.destinations.size, 1);
  t.equal(engine.working.table.size, 0);
});

t.test('deleted and added anew on the other side in one batch', async (t) => {
  const { kernel, engine, forwarder } = both();
  await forwarder.apply(add(web, inKernel));
  t.same(await forwarder.apply([{ do: 'delete-service', service: web }, ...add(web, inEngine)]), [
    undefined,
    undefined,
    undefined,
  ]);
  t.equal(kernel.working.table.size, 0);
  t.equal(engine.working.table.get('tcp 10.0.0.1:80')!.destinations.size, 1);
});

t.test('deleted and made anew on the other side: there first; what is refused there stays', async (t) => {
  const { log, kernel, engine, forwarder } = both();
  const away: Change[] = [{ do: 'delete-service', service: web }, ...add(web, inEngine)];
  await forwarder.apply(add(web, inKernel));
  engine.refuse = (change) => change.do === 'add-service';
  const outcomes = await forwarder.apply([...away, ...add(ssh, inKernel)]);
  t.match(outcomes.slice(0, 2), [{ code: 'ENGINE_MOVE' }, { message: 'engine cannot' }]);
  t.same(outcomes.slice(3), [undefined, undefined], 'the rest goes on');
  t.equal(kernel.working.table.get('tcp 10.0.0.1:80')!.destinations.size, 1, 'it forwards on');
  engine.refuse = () => false;
  log.length = 0;
  t.same(await forwarder.apply(away), [undefined, undefined, undefined]);
  t.same(log, [
    'engine add-service tcp 10.0.0.1:80',
    'engine add-destination tcp 10.0.0.1:80 -> 10.1.0.1:80',
    'kernel delete-service tcp 10.0.0.1:80',
  ]);
});

t.test('a move that a death has cut short is finished', async (t) => {
  const { kernel, engine, forwarder } = both();
  for (const change of add(web, inKernel)) kernel.working.take(change);
  for (const change of add(web, inEngine)) engine.working.take(change);
  await forwarder.read();
  t.same(await forwarder.apply([{ do: 'delete-service', service: web }, ...add(web, inKernel)]), [
    undefined,
    undefined,
    undefined,
  ]);
  t.equal(engine.working.table.size, 0);
  t.equal(kernel.working.table.get('tcp 10.0.0.1:80')!.destinations.size, 1);
});

t.test('a move to the IPVS of a machine that has none', async (t) => {
  const engine = new Side('engine', []);
  const forwarder = new ForwarderOfBoth(undefined, engine);
  await forwarder.apply(add(web, inEngine));
  const outcomes = await forwarder.apply([{ do: 'delete-service', service: web }, ...add(web, inKernel)]);
  t.match(outcomes, [{ code: 'ENGINE_MOVE' }, { code: 'IPVS_UNAVAILABLE' }, { code: 'IPVS_UNAVAILABLE' }]);
  t.equal(engine.working.table.get('tcp 10.0.0.1:80')!.destinations.size, 1, 'it forwards on');
});

t.test('what both have is the engine’s, and goes from both', async (t) => {
  const { kernel, engine, forwarder } = both();
  for (const change of add(web, inKernel)) kernel.working.take(change);
  for (const change of add(web, inEngine)) engine.working.take(change);
  t.ok((await forwarder.read()).get('tcp 10.0.0.1:80')!.settings.engine);
  t.same(await forwarder.apply([{ do: 'delete-service', service: web }]), [undefined]);
  t.equal(kernel.working.table.size + engine.working.table.size, 0);
});

t.test('a machine without IPVS has the engine only', async (t) => {
  const engine = new Side('engine', []);
  const forwarder = new ForwarderOfBoth(undefined, engine);
  const [ofEngine, , ofKernel] = await forwarder.apply([
    ...add(web, inEngine),
    { do: 'add-service', service: ssh, settings: inKernel },
  ]);
  t.equal(ofEngine, undefined);
  t.match(ofKernel, { code: 'IPVS_UNAVAILABLE' });
  t.match(await forwarder.apply([{ do: 'delete-service', service: ssh }]), [{ code: 'IPVS_NO_SUCH_SERVICE' }]);
  t.same([...(await forwarder.read()).keys()], ['tcp 10.0.0.1:80']);
});

/** The obvious: one table that takes all changes. */
t.test(
  'whatever is asked for, the union is the table that one forwarder would have, each service on its side',
  async (t) => {
    const services = [80, 81, 82].map(
      (port): ServiceKey => ({ by: 'address', protocol: 'tcp', address: '10.0.0.1', port }),
    );
    const change = fc
      .record({
        what: fc.constantFrom(
          'add-service',
          'edit-service',
          'delete-service',
          'add-destination',
          'edit-destination',
          'delete-destination',
        ),
        service: fc.constantFrom(...services),
        isEngine: fc.boolean(),
        host: fc.integer({ min: 1, max: 2 }),
        weight: fc.nat(3),
      })
      .map(({ what, service, isEngine, host, weight }) => {
        const destination = { address: `10.1.0.${host}`, port: 80 };
        const settings = { ...defaultDestinationSettings, weight };
        if (what === 'add-service' || what === 'edit-service')
          return { do: what, service, settings: isEngine ? inEngine : inKernel };
        if (what === 'delete-service') return { do: what, service };
        return what === 'delete-destination'
          ? { do: what, service, destination }
          : { do: what, service, destination, settings };
      });
    const plain = (table: Table): unknown =>
      [...table.values()]
        .map((one) => [
          serviceName(one.key),
          one.settings,
          [...one.destinations.values()].map((to) => [destinationName(to.key), to.settings]).sort(),
        ])
        .sort();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 6 }), async (batches) => {
        const { kernel, engine, forwarder } = both();
        const one = new WorkingTable();
        for (const batch of batches) {
          const outcomes = await forwarder.apply(batch);
          const wanted = batch.map((each) => one.take(each));
          t.same(
            outcomes.map((outcome) => outcome === undefined),
            wanted.map((outcome) => outcome === undefined),
          );
        }
        t.same(plain(await forwarder.read()), plain(one.table));
        for (const { settings } of kernel.working.table.values()) t.equal(settings.engine, undefined);
        for (const { settings } of engine.working.table.values()) t.ok(settings.engine);
      }),
      { numRuns: 150 },
    );
  },
);
