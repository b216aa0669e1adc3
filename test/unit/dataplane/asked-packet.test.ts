import * as fc from 'fast-check';
import t from 'tap';
import { type PacketWords, packetName, readAskedPacket } from '../../../src/dataplane/asked-packet.js';
import { frameOf, MAC_OF_NOBODY } from '../../../src/dataplane/frame.js';
import { addressBytes, formatAddress } from '../../../src/model/address.js';

const rows: readonly [words: PacketWords, told: object][] = [
  [
    { flow: 'tcp 198.51.100.7:40000 > 10.0.0.1:80' },
    {
      protocol: 'tcp',
      family: 'ip4',
      client: { address: '198.51.100.7', port: 40000 },
      target: { address: '10.0.0.1', port: 80 },
      flags: ['syn'],
      length: undefined,
      dontFragment: false,
    },
  ],
  [{ flow: 'udp [2001:DB8::7]:1>[2001:db8::1]:53' }, { family: 'ip6', client: { address: '2001:db8::7', port: 1 } }],
  [{ flow: 'icmp 10.0.0.1 > 10.0.0.2' }, { client: { address: '10.0.0.1', port: 0 }, flags: [] }],
  [{ flow: 'ICMP fd00::1 > [fd00::2]' }, { protocol: 'icmp', target: { address: 'fd00::2', port: 0 } }],
  [{ flow: 'tcp 1.2.3.4:5 > 1.2.3.4:6', flags: 'ACK|syn' }, { flags: ['syn', 'ack'] }],
  [{ flow: 'tcp 1.2.3.4:5 > 1.2.3.4:6', flags: '' }, { flags: [] }],
  [
    { flow: 'tcp 1.2.3.4:5 > 1.2.3.4:6', length: '1500', df: true },
    { length: 1500, dontFragment: true },
  ],
  [{ flow: 'tcp 1.2.3.4:5 > 1.2.3.4:6', mac: '02:AA:00:00:00:01' }, { sourceMac: '02:aa:00:00:00:01' }],
  // what is wrong, and what was expected
  [{ flow: '' }, { wrong: /begins with tcp, udp, sctp, icmp, not ''; expected 'tcp 198\.51/ }],
  [{ flow: 'http a > b' }, { wrong: /not 'http'/ }],
  [{ flow: 'tcp 1.2.3.4:5 1.2.3.4:6' }, { wrong: /is not PROTOCOL CLIENT > TARGET/ }],
  [{ flow: 'tcp 1.2.3.4:5 > 1.2.3.4:6 now' }, { wrong: /is not PROTOCOL CLIENT > TARGET/ }],
  [{ flow: 'tcp 1.2.3.4 > 1.2.3.4:6' }, { wrong: "the client is ADDRESS:PORT or [IPv6]:PORT, not '1.2.3.4'" }],
  [{ flow: 'tcp 1.2.3.4:5 > 1.2.3.400:6' }, { wrong: /^the target is/ }],
  [{ flow: 'tcp fd00::1:5 > [fd00::2]:6' }, { wrong: /^the client is/ }],
  [{ flow: 'tcp [1.2.3.4]:5 > 1.2.3.4:6' }, { wrong: /^the client is/ }],
  [{ flow: 'tcp 1.2.3.4:0 > 1.2.3.4:6' }, { wrong: "the client's port is 1 to 65535, not 0" }],
  [{ flow: 'tcp 1.2.3.4:5 > 1.2.3.4:65536' }, { wrong: /target's port/ }],
  [{ flow: 'tcp 1.2.3.4:5 > [fd00::2]:6' }, { wrong: '1.2.3.4 and fd00::2 are not of one family' }],
  [{ flow: 'icmp 1.2.3.4:5 > 1.2.3.4' }, { wrong: /without a port, not '1\.2\.3\.4:5'/ }],
  [{ flow: 'udp 1.2.3.4:5 > 1.2.3.4:6', flags: 'syn' }, { wrong: '--flags goes with tcp, not with udp' }],
  [{ flow: 'tcp 1.2.3.4:5 > 1.2.3.4:6', flags: 'sin' }, { wrong: /'sin' is no flag of tcp: fin, syn/ }],
  [{ flow: 'tcp 1.2.3.4:5 > 1.2.3.4:6', length: '39' }, { wrong: /40 to 65535 here, not '39'/ }],
  [{ flow: 'tcp 1.2.3.4:5 > 1.2.3.4:6', length: '65536' }, { wrong: /not '65536'/ }],
  [{ flow: 'tcp [::1]:5 > [::1]:6', df: true }, { wrong: /--df is for IPv4/ }],
  [{ flow: 'tcp 1.2.3.4:5 > 1.2.3.4:6', mac: '2:1' }, { wrong: /no MAC address/ }],
];
for (const [words, told] of rows)
  t.test(JSON.stringify(words), (t) => {
    t.match(readAskedPacket(words), told);
    t.end();
  });

/** The sum of all 16-bit words, carries folded in: 0xffff where the checksum in them is right. */
function sum(...parts: readonly Uint8Array[]): number {
  let all = 0;
  for (const bytes of parts)
    for (let i = 0; i < bytes.length; i += 2) all += 256 * bytes[i]! + (i + 1 < bytes.length ? bytes[i + 1]! : 0);
  while (all > 0xffff) all = (all % 0x1_0000) + Math.floor(all / 0x1_0000);
  return all;
}

const address4 = fc.ipV4();
const address6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(formatAddress);
const port = fc.integer({ min: 1, max: 65_535 });
const flow = fc
  .tuple(
    fc.constantFrom('tcp', 'udp', 'icmp'),
    fc.boolean(),
    fc.tuple(address4, address4),
    fc.tuple(address6, address6),
    port,
    port,
    fc.option(fc.integer({ min: 100, max: 3000 }), { nil: undefined }),
  )
  .map(([protocol, is6, four, six, from, to, length]) => {
    const [client, target] = is6 ? six : four;
    const end = (address: string, at: number): string =>
      protocol === 'icmp' ? address : is6 ? `[${address}]:${at}` : `${address}:${at}`;
    return {
      flow: `${protocol} ${end(client, from)} > ${end(target, to)}`,
      ...(length === undefined ? {} : { length: `${length}` }),
    };
  });

t.test('the frame of any packet: what was asked, and checksums that are right', (t) => {
  fc.assert(
    fc.property(flow, (words) => {
      const packet = readAskedPacket(words);
      if ('wrong' in packet) throw new Error(packet.wrong);
      t.equal(packetName(packet), words.flow);
      const frame = frameOf(packet, '02:00:00:00:00:0a');
      const is4 = packet.family === 'ip4';
      const ip = frame.subarray(14);
      const headerBytes = is4 ? 20 : 40;
      const transport = ip.subarray(headerBytes);
      const view = new DataView(frame.buffer);
      t.equal(view.getUint16(12), is4 ? 0x0800 : 0x86dd);
      t.equal(is4 ? view.getUint16(16) : view.getUint16(18) + 40, ip.length);
      if (packet.length !== undefined) t.equal(ip.length, packet.length);
      if (is4) t.equal(sum(ip.subarray(0, 20)), 0xffff, 'of the IPv4 header');
      const protocol = is4 ? ip[9]! : ip[6]!;
      const ends = [packet.client.address, packet.target.address].map(addressBytes);
      const pseudo =
        packet.protocol === 'icmp' && is4
          ? []
          : [...ends, Uint8Array.of(0, protocol, transport.length >> 8, transport.length & 0xff)];
      t.equal(sum(...pseudo, transport), 0xffff, `of ${words.flow}`);
      t.same(
        [...ip.subarray(is4 ? 12 : 8, headerBytes)],
        ends.flatMap((bytes) => [...bytes]),
      );
    }),
    { numRuns: 200 },
  );
  t.end();
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function frame(words: PacketWords): Uint8Array {
  const packet = readAskedPacket(words);
  if ('wrong' in packet) throw new Error(packet.wrong);
  return frameOf(packet, '02:00:00:00:00:0a');
}

t.test('a TCP SYN byte by byte', (t) => {
  t.equal(
    hex(frame({ flow: 'tcp 198.51.100.7:40000 > 10.0.0.1:80', df: true, mac: '02:00:00:00:00:0b' })),
    [
      '02000000000a02000000000b0800',
      `450000280000400040060695c63364070a000001`,
      `9c40005000000001000000005002ffffdf150000`,
    ].join(''),
  );
  t.equal(hex(frame({ flow: 'tcp 1.1.1.1:1 > 1.1.1.1:1' }).subarray(6, 12)), MAC_OF_NOBODY.replaceAll(':', ''));
  t.end();
});

t.test('an SCTP INIT, short and with padding, with the CRC of RFC 9260', (t) => {
  // the reflected CRC by its definition: long division, a bit at a time, most significant bit first
  const crc = (bytes: Uint8Array): number => {
    const reflect = (value: number, bits: number): number =>
      Array.from({ length: bits }, (_, i) => ((value >>> i) & 1) * 2 ** (bits - 1 - i)).reduce((a, b) => a + b, 0);
    let rest = 0xffff_ffff;
    for (const byte of bytes) {
      rest = (rest ^ (reflect(byte, 8) << 24)) >>> 0;
      for (let bit = 0; bit < 8; bit++)
        rest = rest >= 0x8000_0000 ? ((rest << 1) ^ 0x1edc_6f41) >>> 0 : (rest << 1) >>> 0;
    }
    return (reflect(rest, 32) ^ 0xffff_ffff) >>> 0;
  };
  t.equal(crc(new TextEncoder().encode('123456789')), 0xe306_9283, 'the check value of CRC-32C');
  for (const length of [undefined, '60', '1500'] as const) {
    const flow = 'sctp 10.0.0.1:7 > 10.0.0.2:8';
    const packet = frame({ flow, ...(length === undefined ? {} : { length }) }).slice(34);
    const view = new DataView(packet.buffer);
    const told = view.getUint32(8, true);
    view.setUint32(8, 0);
    t.equal(told, crc(packet));
    t.equal(view.getUint16(14), packet.length - 12, 'the chunk is all of it');
    if (length !== undefined) t.equal(view.getUint16(34), packet.length - 32, 'and its padding too');
  }
  t.end();
});
