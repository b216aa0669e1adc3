import fc from 'fast-check';
import t from 'tap';
import { Growing, memory } from '../../../src/netlink/bytes.js';
import { splitMessages } from '../../../src/netlink/message.js';
import { type ProcessNews, readProcessNews, writeListen } from '../../../src/netlink/process-events.js';

const HEADER = 16;

/** A datagram as the kernel sends it: nlmsghdr, cn_msg, proc_event. */
function datagram(what: number, data: readonly number[], id: readonly [number, number] = [1, 1]): Uint8Array {
  const bytes = new Uint8Array(HEADER + 20 + 16 + 24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, 3, true);
  view.setUint32(HEADER, id[0], true);
  view.setUint32(HEADER + 4, id[1], true);
  view.setUint32(HEADER + 20, what, true);
  for (const [i, word] of data.entries()) view.setUint32(HEADER + 36 + 4 * i, word, true);
  return bytes;
}

function read(bytes: Uint8Array): readonly (ProcessNews | undefined)[] {
  const found: (ProcessNews | undefined)[] = [];
  splitMessages(memory(bytes), 0, bytes.length, (message) => void found.push(readProcessNews(message)));
  return found;
}

t.test('the wish to listen', (t) => {
  const wish = new Growing();
  writeListen(wish);
  // struct nlmsghdr of 40 bytes, NLMSG_DONE; CN_IDX_PROC, CN_VAL_PROC; 4 bytes of data; PROC_CN_MCAST_LISTEN
  const expected =
    '28000000030000000000000000000000' + '0100000001000000' + '0000000000000000' + '04000000' + '01000000';
  t.equal(Buffer.from(wish.written()).toString('hex'), expected);
  t.end();
});

t.test('what happens to processes, and nothing of their threads', (t) => {
  const rows: readonly [number, readonly number[], ProcessNews | undefined][] = [
    [0, [0], { is: 'answer', errno: 0 }],
    [0, [1], { is: 'answer', errno: 1 }],
    [1, [10, 10, 11, 11], { is: 'fork', pid: 11, parent: 10 }],
    [1, [12, 10, 11, 11], { is: 'fork', pid: 11, parent: 10 }],
    [1, [10, 10, 13, 10], undefined],
    [2, [11, 11], { is: 'exec', pid: 11 }],
    [0x200, [11, 11], { is: 'exec', pid: 11 }],
    [0x200, [13, 11], undefined],
    [0x80000000, [11, 11, 0, 17], { is: 'exit', pid: 11 }],
    [0x80000000, [13, 11, 0, 17], undefined],
    [4, [11, 11, 0, 0], undefined],
  ];
  for (const [what, data, news] of rows) t.same(read(datagram(what, data)), [news], `${what} ${data.join(' ')}`);
  t.same(read(datagram(2, [1, 1], [5, 1])), [undefined], 'of another connector');
  t.end();
});

t.test('any bytes are read or left out', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (body) => {
      const from = memory(body);
      readProcessNews({ type: 3, flags: 0, sequence: 0, from, at: 0, end: body.length });
    }),
  );
  t.end();
});
