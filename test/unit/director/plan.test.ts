import fc from 'fast-check';
import t from 'tap';
import { changeText, planJson, planText } from '../../../src/director/print-plan.js';
import { plan } from '../../../src/director/plan.js';
import { changeName } from '../../../src/model/change.js';
import { defaultDestinationSettings } from '../../../src/model/destination.js';
import { defaultEngineSettings, type EngineSettings } from '../../../src/model/engine.js';
import { defaultServiceSettings, serviceName } from '../../../src/model/service.js';
import type { Table, TableDestination } from '../../../src/model/table.js';
import { WorkingTable } from '../../../src/model/working-table.js';
import { FakeKernel } from '../../helpers/fake-kernel.js';
import { tables } from './tables.js';

/** Tables are equal whatever order their entries came in. */
const textOf = (table: Table): string =>
  JSON.stringify(
    [...table]
      .map(([name, { key, settings, destinations }]) => [name, key, settings, [...destinations].sort(byName)])
      .sort(byName),
  );
const byName = (a: unknown[], b: unknown[]): number => (String(a[0]) < String(b[0]) ? -1 : 1);

t.test('a table needs nothing to become itself', (t) => {
  fc.assert(fc.property(tables, (table) => plan(table, table).length === 0));
  t.end();
});

t.test('the plan, carried out by a kernel, gives what was desired, and none of it is refused', async () => {
  await fc.assert(
    fc.asyncProperty(tables, tables, async (desired, observed) => {
      const kernel = new FakeKernel(observed);
      const outcomes = await kernel.apply(plan(desired, observed));
      const twice = plan(desired, kernel.table);
      return (
        outcomes.every((one) => one === undefined) && textOf(kernel.table) === textOf(desired) && twice.length === 0
      );
    }),
  );
});

t.test('what we believe after a plan is what the kernel has', async () => {
  await fc.assert(
    fc.asyncProperty(tables, tables, async (desired, observed) => {
      const kernel = new FakeKernel(observed);
      const known = new WorkingTable(observed);
      const changes = plan(desired, known.table);
      await kernel.apply(changes);
      const refused = changes.filter((change) => known.take(change) !== undefined);
      return refused.length === 0 && textOf(known.table) === textOf(kernel.table);
    }),
  );
});

t.test('no change touches a service that is equal in both', (t) => {
  fc.assert(
    fc.property(tables, tables, (desired, observed) => {
      const touched = new Set(plan(desired, observed).map(({ service }) => serviceName(service)));
      const equal = (name: string): boolean => textOf(only(desired, name)) === textOf(only(observed, name));
      return [...desired.keys()].every((name) => !equal(name) || !touched.has(name));
    }),
  );
  t.end();
});

const only = (table: Table, name: string): Table => new Map([...table].filter(([other]) => other === name));

const isUserspace = (table: Table, name: string): boolean => table.get(name)?.settings.engine !== undefined;
const isSameEngine = (one: Table, other: Table, name: string): boolean =>
  isUserspace(one, name) === isUserspace(other, name);

t.test(
  'another engine is another service: it goes with its servers and comes with all of them, and is not edited',
  (t) => {
    const key = { by: 'address', protocol: 'tcp', address: '192.0.2.1', port: 80 } as const;
    const settings = { ...defaultServiceSettings('ip4'), scheduler: 'mh' };
    const server = (last: number): [string, TableDestination] => [
      `10.0.0.${last}:80`,
      { key: { address: `10.0.0.${last}`, port: 80 }, settings: defaultDestinationSettings },
    ];
    const table = (engine: EngineSettings | undefined, ...last: readonly number[]): Table =>
      new Map([
        [
          serviceName(key),
          {
            key,
            settings: engine === undefined ? settings : { ...settings, engine },
            destinations: new Map(last.map(server)),
          },
        ],
      ]);
    const names = (to: Table, from: Table): readonly string[] => plan(to, from).map(changeName);
    const moved = [
      'delete-service tcp 192.0.2.1:80',
      'add-service tcp 192.0.2.1:80',
      'add-destination tcp 192.0.2.1:80 -> 10.0.0.1:80',
      'add-destination tcp 192.0.2.1:80 -> 10.0.0.2:80',
    ];
    t.strictSame(names(table(defaultEngineSettings, 1, 2), table(undefined, 1, 3)), moved);
    t.strictSame(names(table(undefined, 1, 2), table(defaultEngineSettings, 1, 3)), moved);
    t.strictSame(names(table({ ...defaultEngineSettings, tableSize: 101 }, 1), table(defaultEngineSettings, 1)), [
      'edit-service tcp 192.0.2.1:80',
    ]);
    t.strictSame(names(table({ ...defaultEngineSettings, interfaces: [] }, 1), table(defaultEngineSettings, 1)), []);
    t.end();
  },
);

t.test('at no step has a service fewer open destinations than it had before and shall have', async () => {
  const open = (table: Table, name: string): number =>
    [...(table.get(name)?.destinations.values() ?? [])].filter(({ settings }) => settings.weight > 0).length;
  await fc.assert(
    fc.asyncProperty(tables, tables, async (desired, observed) => {
      const kernel = new FakeKernel(observed);
      for (const change of plan(desired, observed)) {
        await kernel.apply([change]);
        // who shall be forwarded by another engine is gone for a moment
        const names = [...desired.keys()].filter((name) => observed.has(name) && isSameEngine(desired, observed, name));
        for (const name of names)
          if (open(kernel.table, name) < Math.min(open(observed, name), open(desired, name)))
            throw new Error(changeName(change));
      }
    }),
  );
});

t.test('a plan as people read it', (t) => {
  const service = { by: 'address', protocol: 'tcp', address: '192.0.2.1', port: 80 } as const;
  const destination = { address: '10.0.0.1', port: 80 };
  const settings = {
    method: 'tunnel',
    weight: 2,
    upperThreshold: 9,
    lowerThreshold: 0,
    tunnel: { type: 'gue', port: 6080, checksum: true, remoteChecksum: false },
  } as const;
  const changes = [
    { do: 'delete-service', service },
    { do: 'edit-destination', service, destination, settings },
  ] as const;
  t.equal(planText([]), 'nothing to change\n');
  t.equal(
    planText(changes),
    '- tcp 192.0.2.1:80\n~ tcp 192.0.2.1:80 -> 10.0.0.1:80 tunnel gue port 6080 csum weight 2 upper 9\n2 changes\n',
  );
  t.same(JSON.parse(planJson(changes)), changes);
  t.equal(
    changeText({
      do: 'add-service',
      service: { by: 'address', protocol: 'any', address: '198.51.100.0', port: 0, prefixLength: 24 },
      settings: {
        ...defaultServiceSettings('ip4'),
        scheduler: 'maglev',
        engine: {
          hashFields: ['ip_src'],
          tableSize: 65_537,
          dscp: 7,
          tunnelSource: '192.0.2.1',
          nodePort: 30_080,
          snatPool: [{ first: '192.0.2.5', last: '192.0.2.6', lowestPort: 1, highestPort: 2 }],
          icmpEcho: 'answer',
          answerArp: true,
          stateless: true,
          interfaces: ['eth0', 'eth1'],
          tcpTimeout: 3,
          udpTimeout: 4,
        },
      },
    }),
    '+ any 198.51.100.0/24 port 0 maglev userspace slots 65537 hash ip_src dscp 7 node-port 30080 snat 192.0.2.5-192.0.2.6 ports 1-2 from 192.0.2.1 echo answer answer-arp stateless interfaces eth0,eth1 tcp 3 s udp 4 s',
  );
  t.equal(
    changeText({
      do: 'add-service',
      service,
      settings: {
        scheduler: 'sh',
        schedulerFlags: 3,
        persistent: true,
        persistenceSeconds: 60,
        persistenceMask: '255.255.255.0',
        persistenceEngine: 'sip',
        onePacket: false,
      },
    }),
    '+ tcp 192.0.2.1:80 sh flags 3 persistent 60 s mask 255.255.255.0 engine sip',
  );
  t.end();
});
