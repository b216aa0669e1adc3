import fc from 'fast-check';
import t from 'tap';
import { KnownTable } from '../../../src/director/known.js';
import { changeText, planJson, planText } from '../../../src/director/print-plan.js';
import { plan } from '../../../src/director/plan.js';
import { changeName } from '../../../src/model/change.js';
import { serviceName } from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';
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
      const known = new KnownTable();
      known.replace(observed);
      const changes = plan(desired, known.table);
      await kernel.apply(changes);
      for (const change of changes) known.take(change);
      return textOf(known.table) === textOf(kernel.table);
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

t.test('at no step has a service fewer open destinations than it had before and shall have', async () => {
  const open = (table: Table, name: string): number =>
    [...(table.get(name)?.destinations.values() ?? [])].filter(({ settings }) => settings.weight > 0).length;
  await fc.assert(
    fc.asyncProperty(tables, tables, async (desired, observed) => {
      const kernel = new FakeKernel(observed);
      for (const change of plan(desired, observed)) {
        await kernel.apply([change]);
        const names = [...desired.keys()].filter((name) => observed.has(name));
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
