/** What is made once of a large site for the lists of the API, and when it is made anew. */
import t, { type Test } from 'tap';
import { Served } from '../../../src/daemon/api-services.js';
import { defaultDestinationSettings } from '../../../src/model/destination.js';
import { defaultServiceSettings, type ServiceKey, serviceName } from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';
import { configurationOf } from '../../helpers/configuration.js';
import { FakeApi, site } from '../../helpers/fake-api.js';

async function opened(t: Test): Promise<FakeApi> {
  const fake = await FakeApi.open();
  t.teardown(() => fake.close());
  return fake;
}

const made: ServiceKey = { by: 'address', protocol: 'tcp', address: '192.0.2.77', port: 80 };
const madeTable = (...servers: readonly string[]): Table =>
  new Map([
    [
      serviceName(made),
      {
        key: made,
        settings: defaultServiceSettings('ip4'),
        destinations: new Map(
          servers.map((address) => [
            `${address}:80`,
            { key: { address, port: 80 }, settings: defaultDestinationSettings },
          ]),
        ),
      },
    ],
  ]);

t.test('lists stay the same while only weights change', async (t) => {
  const fake = await opened(t);
  const { services, destinations } = fake.ports;
  const [keys, rows] = [services.keys(), await destinations.all()];
  t.equal(rows.length, 5);
  const url = '/v1/services/tcp-192.0.2.1-80/destinations/10.0.0.1-8080';
  const answer = await fake.api.inject({ method: 'PATCH', url, payload: { weight: 7 } });
  t.equal(answer.statusCode, 200);
  t.equal(services.keys(), keys);
  t.equal(await destinations.all(), rows);
  const row = rows.find(({ server }) => server === 'tcp 192.0.2.1:80 -> 10.0.0.1:8080');
  t.equal(row && destinations.show(row).weight, 7, 'what is shown of them is of now');
});

t.test('lists are other ones when services or servers come or go', async (t) => {
  const fake = await opened(t);
  const { services, destinations } = fake.ports;
  const seen = async (): Promise<readonly [number, readonly string[]]> => [
    services.keys().length,
    (await destinations.all()).filter(({ role }) => role === 'other').map(({ id }) => id),
  ];
  t.same(await seen(), [3, []]);
  await fake.director.keep(madeTable('10.0.0.5'));
  t.same(await seen(), [4, ['10.0.0.5-80']]);
  await fake.director.keep(madeTable('10.0.0.5', '10.0.0.6'));
  t.same(await seen(), [4, ['10.0.0.5-80', '10.0.0.6-80']]);
  await fake.director.keep(madeTable('10.0.0.6'));
  t.same(await seen(), [4, ['10.0.0.6-80']]);
  await fake.director.keep(new Map());
  t.same(await seen(), [3, []]);
});

t.test('lists are other ones with another configuration, though the table is the same', async (t) => {
  const fake = await opened(t);
  let configuration = configurationOf(site);
  const served = new Served({
    configuration: () => configuration,
    director: fake.director,
    changes: fake.declared,
    originOf: () => 'file',
    isUp: () => true,
  });
  const count = async (): Promise<readonly number[]> => [served.keys().length, (await served.all()).length];
  t.same(await count(), [3, 5]);
  configuration = configurationOf(
    `${site}virtual_server 192.0.2.88 80 {\n  lb_algo rr\n  lb_kind NAT\n  protocol TCP\n  real_server 10.0.0.1 80 {\n  }\n}\n`,
  );
  t.same(await count(), [4, 6]);
});

t.test('who asks while the table changes is not told of it as if it were the list of now', async (t) => {
  const fake = await opened(t);
  const { destinations } = fake.ports;
  const under = destinations.all();
  await fake.director.keep(madeTable('10.0.0.5'));
  await under;
  t.equal((await destinations.all()).length, 6);
});
