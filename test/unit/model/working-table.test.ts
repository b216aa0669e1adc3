import t from 'tap';
import type { Change } from '../../../src/model/change.js';
import { defaultDestinationSettings } from '../../../src/model/destination.js';
import { defaultServiceSettings, type ServiceKey, serviceName } from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';
import { WorkingTable } from '../../../src/model/working-table.js';

const service = (last: number): ServiceKey => ({
  by: 'address',
  protocol: 'tcp',
  address: `192.0.2.${last}`,
  port: 80,
});
const [web, dns] = [service(1), service(2)];
const server = { address: '10.0.0.1', port: 80 };
const add = (key: ServiceKey): Change => ({ do: 'add-service', service: key, settings: defaultServiceSettings('ip4') });
const addServer = (key: ServiceKey, weight = 1): Change => ({
  do: 'add-destination',
  service: key,
  destination: server,
  settings: { ...defaultDestinationSettings, weight },
});

/** With both services, a server in the first. */
function filled(): WorkingTable {
  const table = new WorkingTable();
  for (const change of [add(web), add(dns), addServer(web)]) table.take(change);
  return table;
}
const copy = (table: Table): Table => new Map(table);
const weightOf = (table: Table): number | undefined =>
  table.get(serviceName(web))?.destinations.get('10.0.0.1:80')?.settings.weight;

t.test('what is there, or is not, is refused and changes nothing', (t) => {
  const table = filled();
  const before = copy(table.table);
  for (const [change, code] of [
    [add(web), 'IPVS_EXISTS'],
    [{ ...add(service(3)), do: 'edit-service' } as Change, 'IPVS_NO_SUCH_SERVICE'],
    [{ do: 'delete-service', service: service(3) }, 'IPVS_NO_SUCH_SERVICE'],
    [addServer(web, 9), 'IPVS_EXISTS'],
    [addServer(service(3)), 'IPVS_NO_SUCH_SERVICE'],
    [{ do: 'delete-destination', service: dns, destination: server }, 'IPVS_NO_SUCH_DESTINATION'],
  ] satisfies [Change, string][])
    t.equal(table.take(change)?.code, code);
  t.strictSame(copy(table.table), before);
  t.end();
});

t.test('a service that was seen is never written again, whatever is done to it', (t) => {
  const edit: Change = { ...addServer(web, 7), do: 'edit-destination' } as Change;
  const doings: readonly [string, (table: WorkingTable) => unknown][] = [
    ['a change', (table) => table.take(edit)],
    ['two', (table) => [table.take(edit), table.take({ do: 'delete-destination', service: web, destination: server })]],
    ['a correction of a server', (table) => table.correctDestination(serviceName(web), '10.0.0.1:80', undefined)],
    ['a correction', (table) => table.correct(serviceName(web), undefined)],
  ];
  for (const [what, run] of doings) {
    const table = filled();
    const seen = copy(table.table);
    run(table);
    t.equal(weightOf(seen), 1, what);
    t.not(table.table.get(serviceName(web)), seen.get(serviceName(web)), what);
    t.equal(table.table.get(serviceName(dns)), seen.get(serviceName(dns)), `${what}: the other is the same object`);
  }
  t.end();
});

t.test('a table that it is made of is not written', (t) => {
  const first = filled();
  const second = new WorkingTable(first.table);
  second.take({ do: 'delete-service', service: dns });
  second.take({ do: 'delete-destination', service: web, destination: server });
  t.equal(first.table.size, 2);
  t.equal(weightOf(first.table), 1);
  t.end();
});

t.test('what is corrected is so, also between changes that nobody has looked at', (t) => {
  const table = filled();
  const old = table.table.get(serviceName(web))!;
  table.take({ ...addServer(web, 5), do: 'edit-destination' } as Change);
  table.correct(serviceName(web), old);
  t.equal(weightOf(table.table), 1);
  table.take({ ...addServer(web, 6), do: 'edit-destination' } as Change);
  t.equal(weightOf(table.table), 6);
  t.equal(weightOf(new Map([[serviceName(web), old]])), 1, 'that one is not written either');
  table.correctDestination(serviceName(web), '10.0.0.1:80', old.destinations.get('10.0.0.1:80'));
  t.equal(weightOf(table.table), 1);
  table.correctDestination('tcp 9.9.9.9:9', '10.0.0.1:80', old.destinations.get('10.0.0.1:80'));
  t.equal(table.table.size, 2, 'nothing comes of a service that is not there');
  t.end();
});

t.test('its shape is another one when a service or a destination came or went, and only then', (t) => {
  const edit: Change = { ...addServer(web, 7), do: 'edit-destination' } as Change;
  const doings: readonly [string, boolean, (table: WorkingTable) => unknown][] = [
    ['nothing', false, () => undefined],
    ['a weight', false, (table) => table.take(edit)],
    ['a setting', false, (table) => table.take({ ...add(web), do: 'edit-service' } as Change)],
    [
      'what is refused',
      false,
      (table) => [table.take(add(web)), table.take(addServer(web)), table.take(addServer(service(3)))],
    ],
    ['a service more', true, (table) => table.take(add(service(3)))],
    ['a service less', true, (table) => table.take({ do: 'delete-service', service: dns })],
    ['a server more', true, (table) => table.take(addServer(dns))],
    ['a server less', true, (table) => table.take({ do: 'delete-destination', service: web, destination: server })],
    ['a correction', true, (table) => table.correct(serviceName(web), undefined)],
    ['one of a server', true, (table) => table.correctDestination(serviceName(web), '10.0.0.1:80', undefined)],
  ];
  for (const [what, isOther, run] of doings) {
    const table = filled();
    const before = table.shape;
    run(table);
    t.equal(table.shape !== before, isOther, what);
  }
  t.not(filled().shape, filled().shape, 'nor do two tables share one');
  t.end();
});
