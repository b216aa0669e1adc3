import * as fc from 'fast-check';
import t from 'tap';
import { type Connection, parseConnection, parseConnections, parseSyncedConnections } from '../../../src/ipvs/proc.js';

// Recorded from Linux 7.2.7, the persistence lines from injected text that ipvsadm 1.31 was seen to read.
const header = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';
const v4 = {
  clientAddress: '10.1.0.2',
  clientPort: 40001,
  virtualAddress: '10.9.0.1',
  virtualPort: 80,
  destinationAddress: '10.2.0.11',
  destinationPort: 8080,
};
const v6 = {
  clientAddress: 'fd00:1::2',
  clientPort: 40001,
  virtualAddress: 'fd00:9::1',
  virtualPort: 53,
  destinationAddress: 'fd00:2::12',
  destinationPort: 53,
};

const rows: readonly [name: string, line: string, connection: Connection][] = [
  [
    'TCP, IPv4',
    'TCP 0A010002 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED     891',
    { protocol: 'TCP', ...v4, state: 'ESTABLISHED', expiresSeconds: 891 },
  ],
  [
    'UDP, IPv6',
    'UDP fd00:0001:0000:0000:0000:0000:0000:0002 9C41 fd00:0009:0000:0000:0000:0000:0000:0001 0035 fd00:0002:0000:0000:0000:0000:0000:0012 0035 UDP             291',
    { protocol: 'UDP', ...v6, state: 'UDP', expiresSeconds: 291 },
  ],
  [
    'an IPv4 service tunnelled to an IPv6 destination',
    'TCP 0A010002 9C41 0A090001 0050 fd00:0002:0000:0000:0000:0000:0000:0012 1F90 SYN_RECV          3',
    { protocol: 'TCP', ...v4, destinationAddress: 'fd00:2::12', state: 'SYN_RECV', expiresSeconds: 3 },
  ],
  [
    'a template with persistence data',
    'UDP 0A010002 0000 0A090001 0050 0A02000B 1F90 ASSURED          92 sip call-one@client.example',
    {
      protocol: 'UDP',
      ...v4,
      clientPort: 0,
      state: 'ASSURED',
      expiresSeconds: 92,
      persistence: { engine: 'sip', data: 'call-one@client.example' },
    },
  ],
  [
    'blanks within persistence data belong to it',
    'UDP 0A010002 9C41 0A090001 0050 0A02000B 1F90 ASSURED          92 sip a  b c ',
    { protocol: 'UDP', ...v4, state: 'ASSURED', expiresSeconds: 92, persistence: { engine: 'sip', data: 'a  b c ' } },
  ],
  [
    'a protocol without a name',
    '47  0A010002 9C41 0A090001 0050 0A02000B 1F90 NONE              5',
    { protocol: '47', ...v4, state: 'NONE', expiresSeconds: 5 },
  ],
];

for (const [name, line, connection] of rows)
  t.test(`ip_vs_conn: ${name}`, (t) => {
    t.strictSame(parseConnections(`${header}${line}\n`), { rows: [connection], refused: 0 });
    t.end();
  });

const broken: readonly [name: string, line: string][] = [
  ['too short', 'TCP 0A010002 9C41'],
  ['an address that is none', 'TCP ZZZZ 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED     899'],
  ['seven words of IPv6', 'TCP fd00:1:0:0:0:0:2 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED 899'],
  ['a port of five digits', 'TCP 0A010002 9C411 0A090001 0050 0A02000B 1F90 ESTABLISHED     899'],
  ['an expiry that is none', 'TCP 0A010002 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED     8x9'],
  ['an expiry beyond exact numbers', 'TCP 0A010002 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED 99999999999999999999'],
  ['the second half of a call-id with a newline', 'and so on'],
];

for (const [name, line] of broken)
  t.test(`ip_vs_conn refuses ${name} and reads on`, (t) => {
    const listing = parseConnections(`${header}${rows[0]![1]}\n${line}\n\n${rows[1]![1]}\n`);
    t.strictSame(listing, { rows: [rows[0]![2], rows[1]![2]], refused: 1 });
    t.end();
  });

t.test('ip_vs_conn: header only, and nothing at all', (t) => {
  t.strictSame(parseConnections(header), { rows: [], refused: 0 });
  t.strictSame(parseConnections(''), { rows: [], refused: 0 });
  t.end();
});

t.test('ip_vs_conn_sync tells the origin', (t) => {
  const text = `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires
TCP 0A010002 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED LOCAL      891
UDP fd00:0001:0000:0000:0000:0000:0000:0002 9C41 fd00:0009:0000:0000:0000:0000:0000:0001 0035 fd00:0002:0000:0000:0000:0000:0000:0012 0035 UDP         SYNC       291
TCP 0A010002 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED OTHER      891
`;
  t.strictSame(parseSyncedConnections(text), {
    rows: [
      { protocol: 'TCP', ...v4, state: 'ESTABLISHED', expiresSeconds: 891, origin: 'local' },
      { protocol: 'UDP', ...v6, state: 'UDP', expiresSeconds: 291, origin: 'sync' },
    ],
    refused: 1,
  });
  t.end();
});

t.test('any text is read without an exception', (t) => {
  const word = fc.oneof(
    fc.string({ maxLength: 10 }),
    fc.constantFrom('TCP', '0A010002', 'fd00:0001:0000:0000:0000:0000:0000:0002', '0050', 'NONE', '5', '\n', 'LOCAL'),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), fc.constantFrom(' ', '\n', '\t'), (list, glue) => {
      parseConnections(list.join(glue));
      parseSyncedConnections(list.join(glue));
    }),
  );
  t.end();
});

t.test('what is printed the way the kernel does is read back', (t) => {
  const octets = (n: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: n, maxLength: n });
  const hex = (bytes: Uint8Array): string =>
    bytes.length === 4
      ? Buffer.from(bytes).toString('hex').toUpperCase()
      : Buffer.from(bytes)
          .toString('hex')
          .replace(/(....)(?=.)/g, '$1:');
  fc.assert(
    fc.property(
      fc.oneof(octets(4), octets(16)),
      fc.integer({ min: 0, max: 0xffff }),
      fc.nat(),
      fc.string({ minLength: 1 }).filter((text) => !text.includes('\n')),
      (address, port, expires, data) => {
        const end = `${hex(address)} ${port.toString(16).toUpperCase().padStart(4, '0')}`;
        const read = parseConnection(`TCP ${end} ${end} ${end} NONE        ${String(expires).padStart(7)} sip ${data}`);
        if (read === undefined) throw new Error('refused');
        t.equal(read.clientPort, port);
        t.equal(read.destinationAddress, read.clientAddress);
        t.equal(read.expiresSeconds, expires);
        t.equal(read.persistence?.data, data);
      },
    ),
    { numRuns: 50 },
  );
  t.end();
});
