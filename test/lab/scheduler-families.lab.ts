// kernels: uml
/** mh against the kernel where a tunnel leads to servers of the other family: their addresses are folded as the service's family has it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseConnections } from '../../src/ipvs/proc.js';
import { openIpvs } from '../../src/library/ipvs.js';
import { type Family, formatEndpoint } from '../../src/model/address.js';
import { defaultDestinationSettings, destinationName } from '../../src/model/destination.js';
import { defaultServiceSettings, type ServiceKey } from '../../src/model/service.js';
import { mh } from '../../src/schedulers/mh.js';
import type { Candidate, Flow } from '../../src/schedulers/scheduler.js';
import { simulate } from '../../src/schedulers/simulate.js';
import { mustRun } from './topology.js';

const PYTHON = '/usr/bin/python3';
const script = join(import.meta.dirname, '../../../test/lab/flows.py');
const FLOWS = 300;
const PORT = 53;

/** Servers of the other family, told apart by their first word, or their last one, or only their port. */
const places: Readonly<
  Record<Family, { readonly vip: string; readonly client: string; readonly servers: readonly [string, number][] }>
> = {
  ip4: {
    vip: '10.2.0.1',
    client: '10.1.0.1',
    servers: [
      ['fd09::11', 53],
      ['fd0a::11', 53],
      ['fd09::11', 54],
      ['fd0b:1::7', 53],
    ],
  },
  ip6: {
    vip: 'fd02::1',
    client: 'fd01::1',
    servers: [
      ['10.9.0.11', 53],
      ['10.9.0.12', 53],
      ['10.9.0.11', 54],
    ],
  },
};

await mustRun(['ip', '-batch', '-'], {
  input: [
    'link add dummy0 type dummy',
    'link set dummy0 up',
    'address add 10.9.0.1/24 dev dummy0',
    'address add fd09::1/64 dev dummy0 nodad',
    'route add fd00::/8 dev dummy0',
    ...Object.values(places).flatMap(({ vip, client, servers }) => [
      ...[vip, client].map((address) => `address add ${address}${address.includes(':') ? '/128 nodad' : '/32'} dev lo`),
      ...new Set(servers.map(([address]) => `neighbour add ${address} lladdr 02:00:00:00:00:01 dev dummy0`)),
    ]),
  ].join('\n'),
});

for (const [family, { vip, client, servers }] of Object.entries(places) as [Family, (typeof places)[Family]][]) {
  t.test(`mh: servers of the other family behind an ${family} service`, async (t) => {
    await using ipvs = await openIpvs();
    const service: ServiceKey = { by: 'address', protocol: 'udp', address: vip, port: PORT };
    await ipvs.addService(service, { ...defaultServiceSettings(family), scheduler: 'mh', schedulerFlags: 2 });
    for (const [i, [address, port]] of servers.entries())
      await ipvs.addDestination(
        service,
        { address, port },
        { ...defaultDestinationSettings, method: 'tunnel', weight: i + 1 },
      );
    const candidates = (await ipvs.destinations(service)).map(
      ({ key, settings: { weight } }): Candidate => ({ key, weight, active: 0, inactive: 0, overloaded: false }),
    );
    const flows = Array.from(
      { length: FLOWS },
      (_, n): Flow => ({ client: { address: client, port: 2000 + n }, virtual: { address: vip, port: PORT } }),
    );
    const input = flows.map((flow) => `${client} ${flow.client.port} ${vip} ${PORT}`).join('\n');
    await mustRun([PYTHON, script], { input, limitMs: 60_000 });
    const taken = new Map(
      parseConnections(readFileSync('/proc/net/ip_vs_conn', 'utf8')).rows.map((row) => [
        `${row.clientAddress} ${row.clientPort}`,
        formatEndpoint(row.destinationAddress, row.destinationPort),
      ]),
    );
    const { choices } = simulate(mh, { flags: 2, family }, candidates, flows);
    t.strictSame(
      flows.map((flow) => taken.get(`${client} ${flow.client.port}`)),
      choices.map((index) => destinationName(candidates[index]!.key)),
    );
    t.equal(new Set(choices).size, servers.length, 'each server has clients');
  });
}
