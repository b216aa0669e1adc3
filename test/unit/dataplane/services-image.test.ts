/** Tables as services images and back; what the engine cannot carry; what is made again when something changes. */
import fc from 'fast-check';
import t from 'tap';
import { records } from '../../../src/dataplane/image-layout.js';
import { defaultEngineGlobals } from '../../../src/dataplane/network.js';
import { bitsMask, maskBits } from '../../../src/dataplane/service-records.js';
import { readServicesImage, servicesImage } from '../../../src/dataplane/services-image.js';
import { isLvsError } from '../../../src/errors.js';
import { formatAddress } from '../../../src/model/address.js';
import {
  type DestinationSettings,
  defaultDestinationSettings,
  destinationName,
  plainTunnel,
} from '../../../src/model/destination.js';
import { defaultEngineSettings, type EngineSettings, hashFields } from '../../../src/model/engine.js';
import {
  defaultServiceSettings,
  type ServiceKey,
  type ServiceSettings,
  serviceName,
} from '../../../src/model/service.js';
import type { Table, TableDestination, TableService } from '../../../src/model/table.js';

const ports = ['pg0', 'pg1', 'pg2'];
const tableOf = (...services: TableService[]): Table => new Map(services.map((one) => [serviceName(one.key), one]));
const destinationsOf = (...list: TableDestination[]): ReadonlyMap<string, TableDestination> =>
  new Map(list.map((one) => [destinationName(one.key), one]));
const destination = (address: string, settings: Partial<DestinationSettings> = {}, port = 80): TableDestination => ({
  key: { address, port },
  settings: { ...defaultDestinationSettings, ...settings },
});

type AddressKey = Extract<ServiceKey, { by: 'address' }>;
function service(
  key: Partial<AddressKey> = {},
  settings: Partial<ServiceSettings> = {},
  engine: Partial<EngineSettings> = {},
  destinations: readonly TableDestination[] = [destination('10.0.0.1')],
): TableService {
  const whole: AddressKey = { by: 'address', protocol: 'tcp', address: '192.0.2.1', port: 80, ...key };
  return {
    key: whole,
    settings: {
      ...defaultServiceSettings('ip4'),
      scheduler: 'maglev',
      ...settings,
      engine: { ...defaultEngineSettings, ...engine },
    },
    destinations: destinationsOf(...destinations),
  };
}

// ---------------------------------------------------------------- there and back

const ip4 = fc
  .uint8Array({ minLength: 4, maxLength: 4 })
  .map((bytes) => formatAddress(Uint8Array.of(10, bytes[1]!, bytes[2]!, bytes[3]!)));
const ip6 = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => formatAddress(Uint8Array.of(0xfd, 0, ...bytes.subarray(2))));
const port = fc.integer({ min: 1, max: 65_535 });
const seconds = fc.integer({ min: 0, max: 1_000_000 });

const destinationFor = (family: 'ip4' | 'ip6', hasPort: boolean): fc.Arbitrary<TableDestination> => {
  const address = family === 'ip4' ? ip4 : ip6;
  const plain = fc.constantFrom('masquerade', 'direct-route', 'l3dsr', 'local', 'full-nat').map((method) => ({
    method: method,
    tunnel: plainTunnel,
  }));
  const tunnel = fc
    .record({ type: fc.constantFrom('ipip' as const, 'gue' as const, 'gre' as const), port, checksum: fc.boolean() })
    .map(({ type, port: udp, checksum }) => ({
      method: 'tunnel' as const,
      tunnel: { type, port: type === 'gue' ? udp : 0, checksum: checksum && type !== 'ipip', remoteChecksum: false },
    }));
  const where = fc.oneof(fc.tuple(address, plain), fc.tuple(fc.oneof(ip4, ip6), tunnel));
  return fc
    .record({
      where,
      to: hasPort ? fc.oneof(fc.constant(0), port) : fc.constant(0),
      weight: fc.nat(0x7fff_ffff),
      upper: fc.nat(1000),
    })
    .chain(({ where: [to, how], to: at, weight, upper }) =>
      fc.nat(upper).map((lower) => ({
        key: { address: to, port: at },
        settings: { ...how, weight, upperThreshold: upper, lowerThreshold: lower },
      })),
    );
};

const anyService: fc.Arbitrary<TableService> = fc.constantFrom('ip4' as const, 'ip6' as const).chain((family) => {
  const address = family === 'ip4' ? ip4 : ip6;
  const key = fc
    .record({
      address,
      protocol: fc.constantFrom('tcp', 'udp', 'sctp', 'any', 'protocol-47'),
      port: fc.oneof(fc.constant(0), port),
    })
    .map(({ address: base, protocol, port: at }): AddressKey => {
      const hasPorts = ['tcp', 'udp', 'sctp'].includes(protocol);
      return { by: 'address', address: base, protocol: protocol, port: hasPorts ? at : 0 };
    });
  return key.chain((one) =>
    fc
      .record({
        scheduler: fc.constantFrom('maglev', 'rr', 'wlc', 'mh', 'lblcr', 'ovf'),
        schedulerFlags: fc.nat(7),
        persistence: fc.option(
          fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: family === 'ip4' ? 32 : 128 })),
        ),
        onePacket: fc.boolean(),
        engine: fc.record({
          hashFields: fc.subarray([...hashFields], { minLength: 1 }),
          tableSize: fc.constantFrom(64, 4093, 65_537),
          dscp: fc.nat(63),
          tunnelSource: fc.option(fc.oneof(ip4, ip6), { nil: undefined }),
          nodePort: one.port === 0 ? fc.constant(0) : fc.oneof(fc.constant(0), port),
          icmpEcho: fc.constantFrom('default' as const, 'answer' as const, 'kernel' as const),
          answerArp: fc.boolean(),
          interfaces: fc.subarray(ports),
          tcpTimeout: seconds,
          udpTimeout: seconds,
        }),
        destinations: fc.uniqueArray(destinationFor(family, one.port !== 0), {
          maxLength: 5,
          selector: ({ key: where }) => destinationName(where),
        }),
      })
      .map(
        ({ scheduler, schedulerFlags, persistence, onePacket, engine: { tunnelSource, ...engine }, destinations }) => ({
          key: one,
          settings: {
            scheduler,
            schedulerFlags,
            persistent: persistence !== null,
            persistenceSeconds: persistence?.[0] ?? 0,
            persistenceMask: bitsMask(persistence?.[1] ?? (family === 'ip4' ? 32 : 128), family),
            persistenceEngine: '',
            onePacket,
            engine: {
              ...engine,
              ...(tunnelSource === undefined ? {} : { tunnelSource }),
              stateless: false,
              snatPool: [
                family === 'ip4'
                  ? { first: '10.9.0.1', last: '10.9.0.9', lowestPort: 1024, highestPort: 65_535 }
                  : { first: 'fd00:9::1', last: 'fd00:9::9', lowestPort: 1, highestPort: 2 },
              ],
            },
          },
          destinations: destinationsOf(...destinations),
        }),
      ),
  );
});

t.test('a table comes back as it went', (t) => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyService, {
        maxLength: 8,
        selector: ({ key, settings }) => `${serviceName(key)} ${settings.engine?.nodePort}`,
      }),
      (services) => {
        const table = tableOf(...services);
        const { image, refused, order } = servicesImage(table, defaultEngineGlobals, ports);
        const clashing = new Set(refused.map((one) => one.service));
        t.ok(
          refused.every(({ why }) => why.includes('takes the same packets')),
          'nothing else is refused',
        );
        const carried = new Map([...table].filter(([name]) => !clashing.has(name)));
        const back = readServicesImage(image, ports);
        if (!t.same(back, carried)) throw new Error('another table came back');
        t.same(order.services, [...carried.keys()]);
        t.same(
          order.destinations,
          [...carried].flatMap(([name, { destinations }]) =>
            [...destinations.keys()].map((one) => ({ service: name, destination: one })),
          ),
        );
      },
    ),
    { numRuns: 100 },
  );
  t.end();
});

t.test('prefixes: one as long as the address is no prefix', (t) => {
  const table = tableOf(
    service({ address: '192.0.2.0', prefixLength: 24, protocol: 'any', port: 0 }, {}, {}, []),
    service({ address: '::', prefixLength: 0, protocol: 'udp', port: 53 }, {}, {}, []),
    service({ address: '192.0.2.7', prefixLength: 32 }, {}, {}, []),
  );
  const back = readServicesImage(servicesImage(table, defaultEngineGlobals, ports).image, ports);
  t.same([...back.keys()], ['any 192.0.2.0/24 port 0', 'udp ::/0 port 53', 'tcp 192.0.2.7:80']);
  t.end();
});

t.test('bytes that are no image have a sentence', (t) => {
  const { image } = servicesImage(tableOf(service()), defaultEngineGlobals, ports);
  const wrong = image.slice();
  wrong[0] = 0;
  const greedy = image.slice();
  new DataView(greedy.buffer).setUint32(
    records.ServicesHeader.bytes + records.Settings.bytes + records.Service.offsets.destinations.at,
    9,
    true,
  );
  for (const bytes of [new Uint8Array(), image.slice(0, 100), image.slice(0, -1), wrong, greedy]) {
    try {
      readServicesImage(bytes);
      t.fail('was read');
    } catch (error) {
      t.ok(isLvsError(error, 'ENGINE_IMAGE_UNREADABLE'), String(error));
    }
  }
  t.end();
});

// ---------------------------------------------------------------- what is refused

const manyServers = Array.from({ length: 12 }, (_, n) => destination(`10.0.0.${n + 1}`));
const refusals: readonly (readonly [why: string, service: TableService, wholeService: boolean])[] = [
  [
    'the engine does not know firewall marks: write a service of the address, or leave it to the kernel',
    { ...service(), key: { by: 'fwmark', family: 'ip4', mark: 7 } },
    true,
  ],
  ["the engine does not know scheduler 'twos'", service({}, { scheduler: 'twos' }), true],
  ['has no scheduler', service({}, { scheduler: 'none' }), true],
  ["the engine does not know persistence engine 'sip'", service({}, { persistenceEngine: 'sip' }), true],
  ['persistence mask 255.0.255.0 has holes', service({}, { persistent: true, persistenceMask: '255.0.255.0' }), true],
  ['dscp 64 is not 0 to 63', service({}, {}, { dscp: 64 }), true],
  ['table size 1000 is neither a prime nor a power of two up to 16777216', service({}, {}, { tableSize: 1000 }), true],
  ['a table of 11 slots is too small for 12 servers', service({}, {}, { tableSize: 11 }, manyServers), true],
  ['maglev needs at least one hash field', service({}, {}, { hashFields: [] }), true],
  ['there is no interface eth9 among those the engine has', service({}, {}, { interfaces: ['pg0', 'eth9'] }), true],
  ['a node port needs a port', service({ port: 0 }, {}, { nodePort: 30_000 }), true],
  ['a port needs protocol tcp, udp or sctp', service({ protocol: 'any' }), true],
  [
    "without sessions only a hash can choose, and 'wlc' is none",
    service({}, { scheduler: 'wlc' }, { stateless: true }),
    true,
  ],
  ['persistence needs sessions', service({}, { persistent: true, persistenceSeconds: 60 }, { stateless: true }), true],
  ['::ffff:1.2.3.4 is IPv4 written as IPv6: write it as IPv4', service({ address: '::ffff:1.2.3.4' }), true],
  [
    'pool fd00::1-fd00::2 is of another address family than the service',
    service({}, {}, { snatPool: [{ first: 'fd00::1', last: 'fd00::2', lowestPort: 1, highestPort: 2 }] }),
    true,
  ],
  [
    'ports 5 to 4 of pool 10.0.0.1-10.0.0.2 are not 1 to 65535, lowest first',
    service({}, {}, { snatPool: [{ first: '10.0.0.1', last: '10.0.0.2', lowestPort: 5, highestPort: 4 }] }),
    true,
  ],
  [
    "the engine does not know method 'bypass'",
    service({}, {}, {}, [destination('10.0.0.1', { method: 'bypass' })]),
    false,
  ],
  [
    "the engine does not know tunnel 'type-9'",
    service({}, {}, {}, [destination('10.0.0.1', { method: 'tunnel', tunnel: { ...plainTunnel, type: 'type-9' } })]),
    false,
  ],
  [
    'tunnel gue needs a port',
    service({}, {}, {}, [destination('10.0.0.1', { method: 'tunnel', tunnel: { ...plainTunnel, type: 'gue' } })]),
    false,
  ],
  [
    'the engine has no remote checksum offload',
    service({}, {}, {}, [
      destination('10.0.0.1', {
        method: 'tunnel',
        tunnel: { type: 'gue', port: 9, checksum: false, remoteChecksum: true },
      }),
    ]),
    false,
  ],
  [
    'method masquerade cannot cross address families: use a tunnel',
    service({}, {}, {}, [destination('fd00::1', { method: 'masquerade' })]),
    false,
  ],
  [
    'method l3dsr cannot cross address families: use a tunnel',
    service({}, {}, {}, [destination('fd00::1', { method: 'l3dsr' })]),
    false,
  ],
  [
    'method masquerade needs sessions, and the service has none',
    service({}, {}, { stateless: true }, [destination('10.0.0.1', { method: 'masquerade' })]),
    false,
  ],
  [
    'method full-nat needs a pool of source addresses',
    service({}, {}, {}, [destination('10.0.0.1', { method: 'full-nat' })]),
    false,
  ],
  [
    'lower threshold 6 is above the upper one, 5',
    service({}, {}, {}, [destination('10.0.0.1', { upperThreshold: 5, lowerThreshold: 6 })]),
    false,
  ],
  ['weight -1 is not 0 to 2147483647', service({}, {}, {}, [destination('10.0.0.1', { weight: -1 })]), false],
];
for (const [why, one, whole] of refusals) {
  t.test(`${why}; the rest goes on`, (t) => {
    const good = service({ address: '192.0.2.99' });
    const { image, refused } = servicesImage(tableOf(one, good), defaultEngineGlobals, ports);
    const expected = {
      service: serviceName(one.key),
      ...(whole ? {} : { destination: refused[0]?.destination ?? 'none' }),
      why,
    };
    t.same(refused, [expected]);
    const back = readServicesImage(image, ports);
    t.equal(back.size, whole ? 1 : 2);
    t.ok(back.has(serviceName(good.key)));
    if (!whole) t.equal(back.get(serviceName(one.key))?.destinations.size, 0, 'without that destination');
    t.end();
  });
}

t.test('two services of the same packets: the second is refused, unless they are of different interfaces', (t) => {
  const rows: readonly (readonly [TableService, TableService, boolean])[] = [
    [service(), service({ prefixLength: 32 }), true],
    [service({}, {}, { interfaces: ['pg0'] }), service({ prefixLength: 32 }, {}, { interfaces: ['pg1'] }), false],
    [service({}, {}, { interfaces: ['pg0', 'pg1'] }), service({ prefixLength: 32 }, {}, { interfaces: ['pg1'] }), true],
    [service(), service({ prefixLength: 32 }, {}, { interfaces: ['pg1'] }), false],
    [service({}, {}, { nodePort: 30_000 }), service({ address: '192.0.2.2' }, {}, { nodePort: 30_000 }), true],
    [service({}, {}, { nodePort: 30_000 }), service({ protocol: 'udp' }, {}, { nodePort: 30_000 }), false],
  ];
  for (const [first, second, clash] of rows) {
    const { refused } = servicesImage(tableOf(first, second), defaultEngineGlobals, ports);
    const why = `${serviceName(first.key)} takes the same packets from the same interfaces`;
    t.same(refused, clash ? [{ service: serviceName(second.key), why }] : []);
  }
  t.end();
});

// ---------------------------------------------------------------- what is made again

t.test('the same objects give the same bytes, whatever stands before them and whichever ports there are', (t) => {
  const kept = service({ address: '192.0.2.50' }, {}, { interfaces: ['pg1'] }, manyServers);
  const bytesOf = (table: Table, names: readonly string[]): Uint8Array =>
    servicesImage(table, defaultEngineGlobals, names).image;
  const copy = (): TableService => structuredClone(kept);
  servicesImage(tableOf(kept), defaultEngineGlobals, ports);
  for (const before of [[], [service()], [service({}, {}, {}, manyServers), service({ port: 81 })]]) {
    t.same(bytesOf(tableOf(...before, kept), ports), bytesOf(tableOf(...before, copy()), ports));
  }
  t.same(
    bytesOf(tableOf(kept), ['pg1', 'pg0']),
    bytesOf(tableOf(copy()), ['pg1', 'pg0']),
    'another place of the interface',
  );
  t.match(servicesImage(tableOf(kept), defaultEngineGlobals, ['pg0']).refused, [{ why: /no interface pg1/ }]);
  t.end();
});

t.test('netmasks and prefix lengths', (t) => {
  for (let bits = 0; bits <= 32; bits++) t.equal(maskBits(bitsMask(bits, 'ip4')), bits);
  t.equal(maskBits('255.255.0.255'), undefined);
  t.equal(maskBits('64'), 64);
  t.end();
});
