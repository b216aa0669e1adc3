import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import t from 'tap';
import { CaptureFile, decisionText } from '../../../src/dataplane/capture.js';
import { enhancedPacket, interfaceDescription, type PcapPacket, sectionHeader } from '../../../src/dataplane/pcapng.js';
import { blocksOf, optionsOf, packetOf, text } from '../../helpers/pcapng.js';
import { findProgram, temporaryDirectory } from '../../helpers/program.js';

t.test('packets read back as they were written', (t) => {
  const packets = fc.record({
    interface: fc.nat(3),
    realtimeNs: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    frame: fc.uint8Array({ maxLength: 200 }),
    direction: fc.constantFrom('in' as const, 'out' as const),
    comment: fc.string({ maxLength: 60, unit: 'grapheme' }),
  });
  fc.assert(
    fc.property(packets, (packet: PcapPacket) => {
      const [block] = blocksOf(enhancedPacket(packet));
      t.equal(block!.type, 6);
      const got = packetOf(block!);
      t.equal(got.flags, packet.direction === 'in' ? 1 : 2);
      t.same(
        [got.interface, got.realtimeNs, [...got.frame], got.originalLength, got.comment],
        [packet.interface, packet.realtimeNs, [...packet.frame], packet.frame.length, packet.comment],
      );
    }),
    { numRuns: 100 },
  );
  t.end();
});

t.test('section and interfaces say what they are', (t) => {
  const [section, ...interfaces] = blocksOf(
    Buffer.concat([sectionHeader('lvsd'), interfaceDescription('eth0', 'clients'), interfaceDescription('eth1')]),
  );
  t.equal(section!.type, 0x0a0d0d0a);
  t.same([...section!.body.subarray(0, 8)], [0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0], 'little-endian, version 1.0');
  t.equal(text(optionsOf(section!.body, 16).get(4)), 'lvsd');
  t.same(
    interfaces.map(({ type }) => type),
    [1, 1],
  );
  const options = optionsOf(interfaces[0]!.body, 8);
  t.same([text(options.get(2)), [...options.get(9)!], text(options.get(1))], ['eth0', [9], 'clients']);
  t.end();
});

t.test('an option that is too long is cut, not wrong', (t) => {
  const [block] = blocksOf(
    enhancedPacket({ interface: 0, realtimeNs: 0n, frame: new Uint8Array(1), comment: 'x'.repeat(70_000) }),
  );
  t.equal(packetOf(block!).comment.length, 65_535);
  t.end();
});

/** 64 bytes of UDP from 10.0.0.2:4000 to 10.0.0.1:80. */
const udp = Uint8Array.from(
  Buffer.from(`02000000000202000000000108004500001c00010000401166cf0a0000020a0000010fa0005000080000`, 'hex'),
);

function capture(): Uint8Array {
  const parts: Uint8Array[] = [];
  const file = new CaptureFile(
    (bytes) => parts.push(bytes),
    (port) => ['eth0', 'eth1'][port],
  );
  const decision = JSON.stringify({ verdict: 'forward', service: 'udp 10.0.0.1:80' });
  file.packet({ realtimeNs: 1_700_000_000_123_456_789n, before: udp, after: udp, decision, portIn: 0, portOut: 1 });
  file.packet({
    realtimeNs: 1_700_000_001_000_000_000n,
    before: udp.subarray(0, 40),
    after: new Uint8Array(0),
    decision: 'dropped',
    portIn: 0,
    portOut: undefined,
  });
  return Buffer.concat(parts);
}

t.test('a capture has each packet as it came and as it went', (t) => {
  const blocks = blocksOf(capture());
  t.same(
    blocks.map(({ type }) => type),
    [0x0a0d0d0a, 1, 6, 1, 6, 6],
  );
  const [first, second, third] = blocks.filter(({ type }) => type === 6).map(packetOf);
  t.same([first!.interface, first!.flags, first!.comment], [0, 1, 'verdict: forward\nservice: udp 10.0.0.1:80']);
  t.same([second!.interface, second!.flags], [1, 2]);
  t.same([third!.comment, third!.frame.length, third!.originalLength], ['dropped', 40, 42], 'cut, and it says so');
  t.equal(decisionText('[1]'), '[1]');
  t.end();
});

const tcpdump = findProgram('tcpdump');
t.test('tcpdump reads it', { skip: tcpdump === undefined ? 'tcpdump is not installed' : false }, (t) => {
  const path = join(temporaryDirectory(t), 'capture.pcapng');
  writeFileSync(path, capture());
  const read = execFileSync(tcpdump!, ['-n', '-tt', '--nano', '-r', path], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.match(read, /1700000000\.123456789 IP 10\.0\.0\.2\.4000 > 10\.0\.0\.1\.80: UDP, length 0/);
  t.equal(read.trim().split('\n').length, 3);
  t.end();
});

const tshark = findProgram('tshark');
t.test('tshark reads its comments', { skip: tshark === undefined ? 'tshark is not installed' : false }, (t) => {
  const path = join(temporaryDirectory(t), 'capture.pcapng');
  writeFileSync(path, capture());
  const read = execFileSync(
    tshark!,
    ['-r', path, '-T', 'fields', '-e', 'frame.interface_name', '-e', 'frame.comment'],
    { encoding: 'utf8' },
  );
  t.match(read, 'eth1');
  t.match(read, 'service: udp 10.0.0.1:80');
  t.end();
});
