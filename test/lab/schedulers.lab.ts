// kernels: uml, qemu
/** src/schedulers against the kernel: for a thousand connections each, the same real server; for rr and wrr the same sequence. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseConnections } from '../../src/ipvs/proc.js';
import { type DestinationKey, destinationName, plainTunnel } from '../../src/model/destination.js';
import { canonicalAddress, type Family, formatEndpoint } from '../../src/model/address.js';
import { defaultServiceSettings, type ServiceKey } from '../../src/model/service.js';
import { schedulers } from '../../src/schedulers/catalogue.js';
import type { Candidate, Flow } from '../../src/schedulers/scheduler.js';
import { simulate } from '../../src/schedulers/simulate.js';
import { openIpvs } from '../../src/library/ipvs.js';
import { mustRun } from './topology.js';

/** Under emulation a sample must do. */
const sample = process.env['LAB_KERNEL'] === 'qemu';
const FLOWS = sample ? 200 : 1000;
const SOURCES = 40;

interface Place {
  /** dh chooses by the address asked for, so it is asked at all of them; the others at the first. */
  readonly vips: readonly string[];
  readonly servers: readonly string[];
  readonly sources: readonly string[];
}

/** Everything lives on this one host: clients and VIPs on lo, and servers that no packet ever reaches (dummy0 swallows them). */
const numbered = (count: number, name: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => canonicalAddress(name(n))!);

const places: Readonly<Record<Family, Place>> = {
  ip4: {
    vips: numbered(25, (n) => `10.2.${n}.${1 + n * 9}`),
    servers: ['10.9.0.11', '10.9.0.12', '10.9.0.13'],
    sources: numbered(SOURCES, (n) => `10.1.${1 + (n % 7)}.${1 + n * 5}`),
  },
  ip6: {
    vips: numbered(25, (n) => `fd02:0:${n}::${(1 + n * 417).toString(16)}`),
    servers: ['fd09::11', 'fd09::12', 'fd09::13'],
    sources: numbered(SOURCES, (n) => `fd01:0:${n % 7}::${(1 + n * 613).toString(16)}`),
  },
};

const PYTHON = '/usr/bin/python3';
const script = join(import.meta.dirname, '../../../test/lab/flows.py');

await mustRun(['ip', '-batch', '-'], {
  input: [
    'link add dummy0 type dummy',
    'link set dummy0 up',
    'address add 10.9.0.1/24 dev dummy0',
    'address add fd09::1/64 dev dummy0 nodad',
    ...places.ip4.servers.map((server) => `neighbour add ${server} lladdr 02:00:00:00:00:01 dev dummy0`),
    ...places.ip6.servers.map((server) => `neighbour add ${server} lladdr 02:00:00:00:00:01 dev dummy0`),
    ...Object.values(places).flatMap(({ vips, sources }) =>
      [...vips, ...sources].map(
        (address) => `address add ${address}${address.includes(':') ? '/128 nodad' : '/32'} dev lo`,
      ),
    ),
  ].join('\n'),
});

/** In the order they are added. */
interface Wanted {
  readonly scheduler: string;
  readonly flags?: number;
  readonly weights: readonly number[];
  readonly family?: Family;
}

/** The kernel's choices: for each flow, in order, the destination its connection has in /proc/net/ip_vs_conn. */
async function kernelChoices(
  wanted: Wanted,
  flows: readonly Flow[],
): Promise<{ choices: string[]; candidates: Candidate[] }> {
  const { scheduler, flags = 0, weights, family = 'ip4' } = wanted;
  const { servers } = places[family];
  await using ipvs = await openIpvs();
  await ipvs.flush();
  await ipvs.setTimeouts({ udp: 30 }); // what earlier tests left is soon forgotten, and the list stays short
  let candidates: Candidate[] = [];
  for (const address of new Set(flows.map(({ virtual }) => virtual.address))) {
    const service: ServiceKey = { by: 'address', protocol: 'udp', address, port: 53 };
    await ipvs.addService(service, { ...defaultServiceSettings(family), scheduler, schedulerFlags: flags });
    for (const [i, weight] of weights.entries()) {
      const settings = {
        method: 'masquerade',
        weight,
        upperThreshold: 0,
        lowerThreshold: 0,
        tunnel: plainTunnel,
      } as const;
      await ipvs.addDestination(service, { address: servers[i]!, port: 53 }, settings);
    }
    candidates = (await ipvs.destinations(service)).map(({ key, settings }) => ({
      key,
      weight: settings.weight,
      active: 0,
      inactive: 0,
      overloaded: false,
    }));
  }

  const input = flows
    .map(({ client, virtual }) => `${client.address} ${client.port} ${virtual.address} ${virtual.port}`)
    .join('\n');
  await mustRun([PYTHON, script], { input, limitMs: 120_000 });
  const after = connections();
  const choices = flows.map(({ client }) => after.get(formatEndpoint(client.address, client.port)) ?? 'none');
  return { choices, candidates };
}

function connections(): Map<string, string> {
  const { rows } = parseConnections(readFileSync('/proc/net/ip_vs_conn', 'utf8'));
  return new Map(
    rows.map((row) => [
      formatEndpoint(row.clientAddress, row.clientPort),
      formatEndpoint(row.destinationAddress, row.destinationPort),
    ]),
  );
}

let nextPort = 1024;

/** Flows that no test had before, so that none meets a connection that is still remembered. */
function newFlows({ scheduler, family = 'ip4' }: Wanted): Flow[] {
  const { vips, sources } = places[family];
  const first = nextPort;
  nextPort += FLOWS / SOURCES;
  return Array.from({ length: FLOWS }, (_, i) => ({
    client: { address: sources[i % SOURCES]!, port: first + Math.floor(i / SOURCES) },
    virtual: { address: vips[scheduler === 'dh' ? i % vips.length : 0]!, port: 53 },
  }));
}

const nameOf = (keys: readonly DestinationKey[], index: number): string =>
  index < 0 ? 'none' : destinationName(keys[index]!);

async function compare(t: Test, wanted: Wanted): Promise<void> {
  const entry = schedulers.get(wanted.scheduler)!;
  const flows = newFlows(wanted);
  const { choices, candidates } = await kernelChoices(wanted, flows);
  const { choices: predicted } = simulate(entry.algorithm, { flags: wanted.flags ?? 0 }, candidates, flows);
  const keys = candidates.map(({ key }) => key);
  const wrong = flows.flatMap(({ client }, i) => {
    const expected = nameOf(keys, predicted[i]!);
    return expected === choices[i]
      ? []
      : [`${formatEndpoint(client.address, client.port)}: predicted ${expected}, the kernel took ${choices[i]!}`];
  });
  t.equal(wrong.length, 0, wrong.slice(0, 5).join('\n'));
  t.ok(new Set(choices).size > 1, 'more than one server was chosen');
}

/** sh has 256 buckets in all, so that a large weight takes all of them; mh divides and shifts. */
const mixed = [2, 0, 7];
const weightsOf = {
  sh: sample ? [mixed] : [[1, 1, 1], [5, 1, 3], mixed, [100, 40, 7]],
  mh: sample ? [mixed] : [[1, 1, 1], [5, 1, 3], mixed, [100, 4000, 70_000]],
};

const flagNames = ['without flags', 'fallback', 'port', 'fallback and port'];
for (const family of ['ip4', 'ip6'] as const) {
  for (const scheduler of ['sh', 'mh'] as const) {
    for (const flags of [0, 1, 2, 3]) {
      for (const weights of weightsOf[scheduler]) {
        t.test(
          `${scheduler} ${family} ${flagNames[flags]!} with weights ${weights.join(' ')}: ${FLOWS} connections as predicted`,
          async (t) => {
            await compare(t, { scheduler, flags, weights, family });
          },
        );
      }
    }
  }
  for (const weights of [
    [1, 1, 1],
    [3, 0, 1],
  ]) {
    t.test(`dh ${family} with weights ${weights.join(' ')}: ${FLOWS} connections as predicted`, async (t) => {
      await compare(t, { scheduler: 'dh', weights, family });
    });
  }
}
for (const [scheduler, ...weights] of [
  ['rr', 1, 1, 1],
  ['rr', 1, 0, 1],
  ['wrr', 1, 1, 1],
  ['wrr', 5, 1, 3],
  ['wrr', 4, 2, 6],
  ['wrr', 0, 3, 2],
] as const) {
  t.test(`${scheduler} with weights ${weights.join(' ')}: the exact sequence of ${FLOWS}`, async (t) => {
    await compare(t, { scheduler, weights });
  });
}
