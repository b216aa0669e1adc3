import fc from 'fast-check';
import t from 'tap';
import { connectionsText, readConnections } from '../../../../src/cli/ipvsadm/connections.js';
import { endpointText } from '../../../../src/cli/ipvsadm/endpoint-text.js';
import { fixtureNames } from './fixtures.js';

const HEADER = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';
const text = endpointText(true, fixtureNames());
const line = (engine: string): string => `UDP 0A010002 0000 0A090001 0050 0A02000B 1F90 ASSURED          92${engine}\n`;

/** Where the original reads lines in pieces of 255 bytes, prints a wrong entry behind them, or dies. */
for (const length of [100, 175, 180, 230, 255])
  t.test(`a Call-ID of ${length} bytes is one entry, printed whole`, (t) => {
    const id = 'y'.repeat(length);
    const read = readConnections(HEADER + line(` sip ${id}`) + line(''));
    t.equal(read?.whole, true);
    t.equal(
      connectionsText(read?.entries ?? [], true, text),
      'IPVS connection entries\n' +
        'pro expire state       source             virtual            destination        pe name          pe_data\n' +
        `UDP 01:32  ASSURED     10.1.0.2:0         10.9.0.1:80        10.2.0.11:8080   sip                ${id}\n` +
        'UDP 01:32  ASSURED     10.1.0.2:0         10.9.0.1:80        10.2.0.11:8080\n',
    );
    t.end();
  });

t.test('scanf(3) takes more than the kernel writes', (t) => {
  const expires = (column: string): number | undefined =>
    readConnections(`${HEADER}tcp 0a010002 0050 0A090001 0x50 fd00:2::12 -1 X ${column}\n`)?.entries[0]?.expiresSeconds;
  t.equal(expires('65'), 65);
  t.equal(expires('-5'), 4294967291);
  t.equal(expires('5x'), 5);
  t.match(readConnections(`${HEADER}  TCP\t0A01 19C41 0A010002ff -1 ZZZZ 50 CLOSE 3`), {
    whole: true,
    entries: [
      {
        source: { address: '0.0.10.1', port: 0x9c41 },
        virtual: { address: '1.0.2.255', port: 65535 },
        destination: { address: '0.0.0.0', port: 0x50 },
      },
    ],
  });
  t.end();
});

t.test('a line that does not scan ends the listing there', (t) => {
  for (const bad of [
    '',
    'TCP',
    'TCP 0A010002 9C41',
    line('').replace('1F90', 'zz').trim(),
    line('').replace('92', 'x').trim(),
  ]) {
    const read = readConnections(`${HEADER}${line('')}${bad}\n${line('')}`);
    t.match(read, { whole: false, entries: { length: 1 } }, JSON.stringify(bad));
  }
  t.end();
});

t.test('an empty file is not even a header', (t) => {
  t.equal(readConnections(''), undefined);
  t.strictSame(readConnections(HEADER), { entries: [], whole: true });
  t.end();
});

t.test('no text makes it throw', (t) => {
  fc.assert(fc.property(fc.string(), (body) => readConnections(`${HEADER}${body}`) !== undefined));
  t.end();
});
