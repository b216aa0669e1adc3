import fc from 'fast-check';
import t from 'tap';
import { TableReader } from '../../../src/connsync/table-reader.js';

const header = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';
const lines = [
  'TCP 0A010002 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED     891',
  'TCP 0A010002 0000 0A090001 0050 0A02000B 1F90 ASSURED         300',
  'TCP 0A010002 0000 0A090001 1400 0A02000B 1400 LISTEN          120',
  'UDP 0A010002 9C41 0A090001 0035 0A02000B 0035 UDP             299',
  'SCTP 0A010002 9C41 0A090001 0035 0A02000B 0035 S-ACK-SENT      29',
  'IP  AC140007 0000 00000007 0000 0A02000B 0000 NONE            18446744073709551',
  'UDP 0A010002 0000 0A090001 13C4 0A02000B 13C4 NONE            291 sip call 1  of @x',
  'TCP fd00:0001:0000:0000:0000:0000:0000:0002 9C42 fd00:0001:0000:0000:0000:0000:0000:0001 0035 fd00:0002:0000:0000:0000:0000:0000:0011 0035 SYN_RECV         55',
];
const bad = [
  'TCP 0A010002 9C41 0A090001 0050 fd00:0002:0000:0000:0000:0000:0000:0011 1F90 ESTABLISHED     891',
  'TCP 0A01000Z 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED     891',
  'TCP 0A010002 9C41 0A090001 0050 0A02000B 1F90 NOVELTY         891',
  'WHAT 0A010002 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED     891',
  'TCP 0A010002 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED     8x1',
  'TCP 0A010002 9C41',
  '',
];

interface Seen {
  readonly protocol: number;
  readonly state: number;
  readonly isTemplate: boolean;
  readonly expires: number;
  readonly ports: readonly number[];
  readonly addresses: readonly string[];
  readonly persistence: string | undefined;
  readonly identity: string;
}

function readAll(text: string, sizes: readonly number[] = []): { seen: Seen[]; refused: number } {
  const seen: Seen[] = [];
  const reader = new TableReader((row) =>
    seen.push({
      protocol: row.protocol,
      state: row.state,
      isTemplate: row.isTemplate,
      expires: row.expiresSeconds,
      ports: [row.clientPort, row.virtualPort, row.destinationPort],
      addresses: [row.client, row.virtual, row.destination].map((one) => one.toString('hex')),
      persistence:
        row.persistence && `${row.persistence.engine}=${Buffer.from(row.persistence.data).toString('latin1')}`,
      identity: row.bytes.identity.toString('hex'),
    }),
  );
  const bytes = Buffer.from(text, 'latin1');
  let at = 0;
  for (const size of sizes) {
    // the reader's caller uses one buffer again and again
    const part = Buffer.from(bytes.subarray(at, at + size));
    reader.push(part);
    part.fill(0x41);
    at += part.length;
  }
  reader.push(bytes.subarray(at));
  reader.end();
  return { seen, refused: reader.refused };
}

t.test('each kind of line', (t) => {
  const { seen, refused } = readAll(`${header}${lines.join('\n')}\n`);
  t.equal(refused, 0);
  const brief = seen.map((row) => [
    row.protocol,
    row.state,
    row.isTemplate,
    row.expires,
    row.ports[0],
    row.persistence,
  ]);
  t.strictSame(brief, [
    [6, 1, false, 891, 40001, undefined],
    [6, 1, true, 300, 0, undefined],
    [6, 9, false, 120, 0, undefined],
    [17, 0, false, 299, 40001, undefined],
    [132, 11, false, 29, 40001, undefined],
    [0, 0, true, 0, 0, undefined],
    [17, 0, true, 291, 0, 'sip=call 1  of @x'],
    [6, 3, false, 55, 40002, undefined],
  ]);
  t.strictSame(seen[0]?.addresses, ['0a010002', '0a090001', '0a02000b']);
  t.strictSame(seen[0]?.ports, [40001, 80, 8080]);
  t.equal(seen[7]?.addresses[2], 'fd000002000000000000000000000011');
  t.equal(seen[0]?.identity, '01009c410a010002' + '060000500a090001' + '00001f900a02000b');
  t.equal(new Set(seen.map(({ identity }) => identity)).size, lines.length);
  t.end();
});

t.test('lines that are none are counted, and those after them read', (t) => {
  const { seen, refused } = readAll(`${header}${[...bad, lines[0]].join('\n')}\n`);
  t.equal(refused, bad.length);
  t.equal(seen.length, 1);
  t.end();
});

t.test('it does not matter where the bytes are cut', (t) => {
  const text = `${header}${lines.join('\n')}`;
  const whole = readAll(text);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 30 }), (sizes) => {
      t.strictSame(readAll(text, sizes), whole);
    }),
    { numRuns: 50 },
  );
  t.end();
});

t.test('any bytes are read or refused', (t) => {
  const character = fc.constantFrom(...'TCPUD IP0123456789ABCDEF:\n ESTABLISHED\0\xff');
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 400 }), (text) => {
      readAll(header + text);
      readAll(text, [7]);
    }),
  );
  const { refused, seen } = readAll(`${header}${'A'.repeat(10_000)}`);
  t.strictSame([seen.length, refused > 0], [0, true], 'a line without end is not kept');
  t.end();
});
