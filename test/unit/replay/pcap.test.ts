import fc from 'fast-check';
import t from 'tap';
import { type CapturedFrame, readCapture, writeCapture } from '../../../src/replay/pcap.js';

const frame = (atUs: number, ...bytes: readonly number[]): CapturedFrame => ({ atUs, bytes: Uint8Array.from(bytes) });

/** A classic file by hand: magic, byte order, fraction of a second. */
function classic(magic: number, little: boolean, fraction: number, linkType = 1): Uint8Array {
  const bytes = new Uint8Array(24 + 16 + 3);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, little);
  view.setUint32(20, linkType, little);
  view.setUint32(24, 1_700_000_000, little);
  view.setUint32(28, fraction, little);
  view.setUint32(32, 3, little);
  view.setUint32(36, 3, little);
  bytes.set([7, 8, 9], 40);
  return bytes;
}

t.test('classic files: micro- and nanoseconds in either byte order', (t) => {
  for (const little of [true, false]) {
    const wanted = { frames: [frame(1_700_000_000_000_123, 7, 8, 9)], remarks: [] };
    t.strictSame(readCapture(classic(0xa1b2c3d4, little, 123)), wanted);
    t.strictSame(readCapture(classic(0xa1b23c4d, little, 123_999)), wanted);
  }
  t.end();
});

const u32 = (...words: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);

t.test('pcapng: resolution of the interface, enhanced and simple blocks, others skipped', (t) => {
  const file = Buffer.concat([
    u32(0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28),
    u32(1, 32, 1, 0, (1 << 16) | 9, 9, 0, 32), // link type 1, no snap length; if_tsresol 9: nanoseconds
    u32(5, 16, 0, 16), // statistics
    u32(6, 36, 0, 0, 5_000, 4, 4, 0x04030201, 36),
    u32(3, 20, 2, 0x0605, 20),
  ]);
  t.strictSame(readCapture(file), { frames: [frame(5, 1, 2, 3, 4), frame(5, 5, 6)], remarks: [] });
  t.end();
});

t.test('what cannot be read, as a sentence', (t) => {
  const rows: readonly (readonly [Uint8Array, RegExp])[] = [
    [new Uint8Array(0), /0 bytes are no capture/],
    [Buffer.from('#!/bin/sh'), /neither pcap nor pcapng/],
    [classic(0xa1b2c3d4, true, 0, 101), /link type is 101/],
    [classic(0xa1b2c3d4, true, 0).subarray(0, 20), /header is cut short/],
    [u32(0x0a0d0d0a, 28, 7, 1, 0, 0, 28), /byte order/],
    [u32(0x0a0d0d0a, 3, 0x1a2b3c4d), /claims 3 bytes/],
  ];
  for (const [file, why] of rows) t.match(readCapture(file), { unreadable: why });
  t.end();
});

t.test('a file that was cut off gives what is whole, and says so', (t) => {
  const file = writeCapture([frame(1, 1, 2, 3), frame(2, 4, 5, 6)]);
  t.match(readCapture(file.subarray(0, file.length - 1)), { frames: [frame(1, 1, 2, 3)], remarks: [/cut short/] });
  const snapped = Uint8Array.from(file);
  snapped[24 + 12] = 60;
  t.match(readCapture(snapped), { remarks: [/1 frame was captured only in part/] });
  t.end();
});

t.test('what is written is read again; no bytes make it throw', (t) => {
  const frames = fc.array(
    fc.record({ atUs: fc.nat({ max: 4_000_000_000_000_000 }), bytes: fc.uint8Array({ maxLength: 80 }) }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(frames, (list) => {
      const back = readCapture(writeCapture(list));
      return (
        'frames' in back &&
        back.remarks.length === 0 &&
        Buffer.compare(writeCapture(back.frames), writeCapture(list)) === 0
      );
    }),
  );
  const starts = [[], [0xd4, 0xc3, 0xb2, 0xa1], [0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a]];
  fc.assert(
    fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 200 }), (start, rest) => {
      readCapture(Uint8Array.from([...start, ...rest]));
    }),
  );
  t.end();
});
