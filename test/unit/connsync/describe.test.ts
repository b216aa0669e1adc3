import { noStatistics } from '../../../src/model/statistics.js';
import t from 'tap';
import { Describer } from '../../../src/connsync/describe.js';
import type { SyncConnection } from '../../../src/connsync/message.js';
import { TableReader } from '../../../src/connsync/table-reader.js';
import type { ListedService } from '../../../src/ipvs/rows.js';
import { defaultDestinationSettings, type ForwardingMethod } from '../../../src/model/destination.js';
import { defaultServiceSettings, type ServiceKey } from '../../../src/model/service.js';

const service = (
  key: ServiceKey,
  destinations: readonly (readonly [string, number, ForwardingMethod])[],
  persistenceSeconds = 0,
): ListedService => ({
  key,
  settings: { ...defaultServiceSettings('ip4'), persistent: persistenceSeconds > 0, persistenceSeconds },
  statistics: noStatistics,
  destinations: destinations.map(([address, port, method]) => ({
    key: { address, port },
    settings: { ...defaultDestinationSettings, method },
    active: 0,
    inactive: 0,
    persistent: 0,
    statistics: noStatistics,
  })),
});

const tcp = (address: string, port: number): ServiceKey => ({ by: 'address', protocol: 'tcp', address, port });
const services = [
  service(tcp('10.9.0.1', 80), [['10.2.0.11', 80, 'masquerade']], 360),
  service(tcp('10.9.0.1', 81), [['10.2.0.11', 81, 'direct-route']]),
  service(tcp('10.9.0.2', 21), [['10.2.0.11', 21, 'masquerade']], 200),
  service(tcp('10.9.0.3', 0), [['10.2.0.12', 0, 'tunnel']]),
  service({ by: 'fwmark', family: 'ip4', mark: 7 }, [['10.2.0.13', 0, 'direct-route']], 100),
];

function describe(line: string): { connection: SyncConnection; guessed: number } {
  const describer = new Describer(services);
  let connection: SyncConnection | undefined;
  const reader = new TableReader((row) => (connection = describer.describe(row)));
  reader.push(Buffer.from(`header\n${line}\n`));
  if (connection === undefined) throw new Error(line);
  return { connection, guessed: describer.guessed };
}

/** Flags: method 0 to 3, 0x80 no output, 0x100 inactive, 0x800 no client port, 0x1000 template. */
const rows: readonly (readonly [what: string, line: string, expected: Partial<SyncConnection>])[] = [
  [
    'established NAT',
    'TCP 0A010002 9C41 0A090001 0050 0A02000B 0050 ESTABLISHED 891',
    { flags: 0, state: 1, timeoutSeconds: 891, mark: 0 },
  ],
  [
    'not established',
    'TCP 0A010002 9C41 0A090001 0050 0A02000B 0050 FIN_WAIT 91',
    { flags: 0x100, state: 4, timeoutSeconds: 91 },
  ],
  ['direct routing', 'TCP 0A010002 9C41 0A090001 0051 0A02000B 0051 ESTABLISHED 891', { flags: 0x83 }],
  ['all ports, tunnel', 'TCP 0A010002 9C41 0A090003 1234 0A02000C 1234 ESTABLISHED 891', { flags: 0x82 }],
  ['by a mark', 'UDP 0A010002 9C41 0A090009 1234 0A02000D 1234 UDP 8', { flags: 0x183, mark: 7, timeoutSeconds: 8 }],
  [
    'a template has its whole time',
    'TCP 0A010002 0000 0A090001 0050 0A02000B 0050 ASSURED 5',
    { flags: 0x1000, state: 1, timeoutSeconds: 360 },
  ],
  [
    'one that is kept by a connection',
    'TCP 0A010002 0000 0A090001 0050 0A02000B 0050 NONE 400',
    { timeoutSeconds: 400 },
  ],
  ['of an FTP service', 'TCP 0A010002 0000 0A090002 0000 0A02000B 0000 NONE 4', { flags: 0x1000, timeoutSeconds: 200 }],
  [
    'of a mark',
    'IP  0A010002 0000 00000007 0000 0A02000D 0000 NONE 4',
    { flags: 0x1083, mark: 7, timeoutSeconds: 100 },
  ],
  ['FTP data', 'TCP 0A010002 0000 0A090002 1234 0A02000B 1234 LISTEN 40', { flags: 0x900, state: 9 }],
  ['time is over', 'TCP 0A010002 9C41 0A090001 0050 0A02000B 0050 CLOSE 0', { timeoutSeconds: 1 }],
];

for (const [what, line, expected] of rows)
  t.test(what, (t) => {
    const { connection, guessed } = describe(line);
    t.match(connection, expected);
    t.equal(guessed, 0);
    t.end();
  });

t.test('a service that is gone: the method is a guess, and counted', (t) => {
  const { connection, guessed } = describe('TCP 0A010002 9C41 0A0900FF 0050 0A0200FF 0050 ESTABLISHED 891');
  t.match(connection, { flags: 0, mark: 0 });
  t.equal(guessed, 1);
  t.end();
});
