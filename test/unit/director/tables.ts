import fc from 'fast-check';
import { type DestinationSettings, plainTunnel } from '../../../src/model/destination.js';
import { defaultEngineSettings, defaultHashFields } from '../../../src/model/engine.js';
import { type ServiceKey, serviceName, type ServiceSettings } from '../../../src/model/service.js';
import type { Table } from '../../../src/model/table.js';

const plain = { noNullPrototype: true } as const;

/** Small tables over few names, so that two of them have much in common and something between them. */
const key: fc.Arbitrary<ServiceKey> = fc.oneof(
  fc.record(
    {
      by: fc.constant('address' as const),
      protocol: fc.constantFrom('tcp' as const, 'udp' as const),
      address: fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1'),
      port: fc.constantFrom(80, 443),
    },
    plain,
  ),
  fc.constant({ by: 'address' as const, protocol: 'any' as const, address: '192.0.2.0', port: 0, prefixLength: 24 }),
  fc.record(
    { by: fc.constant('fwmark' as const), family: fc.constant('ip4' as const), mark: fc.constantFrom(1, 2) },
    plain,
  ),
);

const kernelSettings = fc.record(
  {
    scheduler: fc.constantFrom('rr', 'wlc'),
    schedulerFlags: fc.constantFrom(0, 2),
    persistent: fc.boolean(),
    persistenceSeconds: fc.constantFrom(0, 360),
    persistenceMask: fc.constant('255.255.255.255'),
    persistenceEngine: fc.constantFrom('', 'sip'),
    onePacket: fc.boolean(),
  },
  plain,
);

const settings: fc.Arbitrary<ServiceSettings> = fc.oneof(
  kernelSettings,
  fc
    .tuple(kernelSettings, fc.constantFrom(4093, 65_537), fc.constantFrom(defaultHashFields, ['ip_src' as const]))
    .map(([plain, tableSize, hashFields]) => ({
      ...plain,
      engine: { ...defaultEngineSettings, tableSize, hashFields },
    })),
);

const destination: fc.Arbitrary<DestinationSettings> = fc.record(
  {
    method: fc.constantFrom('masquerade' as const, 'tunnel' as const),
    weight: fc.constantFrom(0, 1, 5),
    upperThreshold: fc.constantFrom(0, 100),
    lowerThreshold: fc.constantFrom(0, 50),
    tunnel: fc.constantFrom(plainTunnel, { type: 'gue' as const, port: 6080, checksum: true, remoteChecksum: false }),
  },
  plain,
);

const destinations = fc
  .array(fc.tuple(fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'), destination), { maxLength: 4 })
  .map((all) => new Map(all.map(([address, of]) => [`${address}:80`, { key: { address, port: 80 }, settings: of }])));

export const tables: fc.Arbitrary<Table> = fc
  .array(fc.record({ key, settings, destinations }, plain), { maxLength: 6 })
  .map((all) => new Map(all.map((service) => [serviceName(service.key), service])));
