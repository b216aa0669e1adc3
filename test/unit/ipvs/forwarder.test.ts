/** What only the userspace engine has never reaches the kernel: it would be told something else. */
import t from 'tap';
import { isLvsError } from '../../../src/errors.js';
import { IpvsForwarder } from '../../../src/ipvs/forwarder.js';
import type { IpvsClient } from '../../../src/ipvs/client.js';
import type { Change } from '../../../src/model/change.js';
import { defaultDestinationSettings } from '../../../src/model/destination.js';
import { defaultEngineSettings } from '../../../src/model/engine.js';
import { defaultServiceSettings, type ServiceKey } from '../../../src/model/service.js';

type Told = (word: string) => Promise<void>;

/** A client that only says what was asked of it. */
const clientOf = (told: Told): IpvsClient =>
  ({
    addService: () => told('add service'),
    editService: () => told('edit service'),
    deleteService: () => told('delete service'),
    addDestination: () => told('add destination'),
    editDestination: () => told('edit destination'),
    deleteDestination: () => told('delete destination'),
  }) satisfies Partial<IpvsClient> as unknown as IpvsClient;

const plain: ServiceKey = { by: 'address', protocol: 'tcp', address: '192.0.2.1', port: 80 };
const prefix: ServiceKey = { by: 'address', protocol: 'udp', address: '192.0.2.0', port: 53, prefixLength: 24 };
const any: ServiceKey = { by: 'address', protocol: 'any', address: '192.0.2.1', port: 0 };
const settings = defaultServiceSettings('ip4');
const destination = { address: '10.0.0.1', port: 80 };

const rows: readonly [change: Change, refused: string][] = [
  [
    { do: 'add-service', service: prefix, settings },
    "add-service udp 192.0.2.0/24 port 53: the prefix 192.0.2.0/24 is not for the kernel's IPVS; the userspace engine has it ('lvs_engine userspace')",
  ],
  [
    { do: 'delete-service', service: any },
    "delete-service any 192.0.2.1:0: protocol any is not for the kernel's IPVS; the userspace engine has it ('lvs_engine userspace')",
  ],
  [
    { do: 'delete-destination', service: prefix, destination },
    "delete-destination udp 192.0.2.0/24 port 53 -> 10.0.0.1:80: the prefix 192.0.2.0/24 is not for the kernel's IPVS; the userspace engine has it ('lvs_engine userspace')",
  ],
  [
    { do: 'edit-service', service: plain, settings: { ...settings, engine: defaultEngineSettings } },
    "edit-service tcp 192.0.2.1:80: a service with lvs_engine userspace is not for the kernel's IPVS; the userspace engine has it ('lvs_engine userspace')",
  ],
  [
    { do: 'add-service', service: plain, settings: { ...settings, scheduler: 'maglev' } },
    "add-service tcp 192.0.2.1:80: scheduler maglev is not for the kernel's IPVS; the userspace engine has it ('lvs_engine userspace')",
  ],
  ...(['l3dsr', 'full-nat'] as const).map((method): [Change, string] => [
    { do: 'edit-destination', service: plain, destination, settings: { ...defaultDestinationSettings, method } },
    `edit-destination tcp 192.0.2.1:80 -> 10.0.0.1:80: method ${method} is not for the kernel's IPVS; the userspace engine has it ('lvs_engine userspace')`,
  ]),
];

t.test('refuses it by name, and carries out what is beside it', async (t) => {
  const told: string[] = [];
  const forwarder = new IpvsForwarder(clientOf((word) => Promise.resolve(void told.push(word))));
  const beside: readonly Change[] = [
    { do: 'add-service', service: plain, settings },
    { do: 'add-destination', service: plain, destination, settings: defaultDestinationSettings },
    { do: 'delete-service', service: plain },
  ];
  const outcomes = await forwarder.apply([...rows.map(([change]) => change), ...beside]);
  t.strictSame(
    outcomes.map((error) => error?.message),
    [...rows.map(([, refused]) => refused), undefined, undefined, undefined],
  );
  t.ok(outcomes.slice(0, rows.length).every((error) => isLvsError(error, 'IPVS_ENGINE_NEEDED')));
  t.strictSame(told, ['add service', 'add destination', 'delete service']);
});
