import fc from 'fast-check';
import t from 'tap';
import { decodeMessage, headerOf, MessageWriter, type SyncConnection } from '../../../src/connsync/message.js';

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const shift = fc.record({ initial: u32, delta: u32, previousDelta: u32 });
const engine = fc.string({ minLength: 1, maxLength: 16, unit: fc.constantFrom(...'abcdefgh_') });

const connection = fc.constantFrom(4, 16).chain((width) => {
  const address = fc.uint8Array({ minLength: width, maxLength: width });
  return fc.record(
    {
      protocol: u8,
      flags: u32,
      state: u16,
      clientPort: u16,
      virtualPort: u16,
      destinationPort: u16,
      mark: u32,
      timeoutSeconds: u32,
      client: address,
      virtual: address,
      destination: address,
      sequence: fc.record({ incoming: shift, outgoing: shift }),
      persistence: fc.record({ engine, data: fc.uint8Array({ minLength: 1, maxLength: 255 }) }),
    },
    {
      requiredKeys: [
        'protocol',
        'flags',
        'state',
        'clientPort',
        'virtualPort',
        'destinationPort',
        'mark',
        'timeoutSeconds',
        'client',
        'virtual',
        'destination',
      ],
    },
  );
});

function messagesOf(connections: readonly SyncConnection[], syncId: number, maxLength: number): Uint8Array[] {
  const writer = new MessageWriter(syncId, maxLength);
  const messages = connections.flatMap((one) => {
    const full = writer.add(one);
    if (full === 'too-long') throw new Error('too long');
    return full ?? [];
  });
  return [...messages, ...[writer.flush() ?? []].flat()] as Uint8Array[];
}

/** The longest connection has 373 bytes. */
const LONGEST = 381;

t.test('what was encoded is decoded, in messages that are no longer than may be', (t) => {
  const some = fc.array(connection, { maxLength: 300 });
  const property = fc.property(some, u8, fc.integer({ min: LONGEST, max: 9000 }), (connections, syncId, maxLength) => {
    const messages = messagesOf(connections, syncId, maxLength);
    const decoded = messages.map((bytes) => {
      if (bytes.length > maxLength) throw new Error(`${bytes.length} bytes`);
      const message = decodeMessage(bytes);
      if (typeof message === 'string') throw new Error(message);
      if (message.syncId !== syncId) throw new Error('sync id');
      t.match(headerOf(bytes), { syncId, count: message.connections.length });
      return message.connections;
    });
    const plain = (one: SyncConnection): unknown =>
      JSON.parse(JSON.stringify(one, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value)));
    t.strictSame(decoded.flat().map(plain), connections.map(plain));
  });
  fc.assert(property, { numRuns: 60 });
  t.end();
});

t.test('bytes of strangers are refused for a reason, or are a message; nothing is thrown', (t) => {
  const mutated = fc
    .tuple(fc.array(connection, { minLength: 1, maxLength: 4 }), fc.array(fc.tuple(u16, u8), { maxLength: 6 }), u16)
    .map(([connections, changes, cut]) => {
      const [message = new Uint8Array()] = messagesOf(connections, 1, 9000);
      for (const [at, value] of changes) message[at % message.length] = value;
      return cut % 3 === 0 ? message.subarray(0, cut % (message.length + 1)) : message;
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      const message = decodeMessage(bytes);
      if (typeof message === 'string') return message.length > 0;
      // what was taken survives another round
      return decodeMessage(messagesOf(message.connections, message.syncId, 0xffff)[0] ?? bytes) !== 'short';
    }),
    { numRuns: 2000 },
  );
  t.end();
});

/** By the drawing in ip_vs_sync.c: one TCP connection, sync id 5. */
const golden = [
  ...['00050030', '01010000'], // reserved, sync id, 48 bytes · one connection, version 1
  ...['00060028', '00000100'], // IPv4, TCP, 40 bytes with 4 of options · flags: inactive
  ...['00019c41', '00500050'], // ESTABLISHED, client port · service and destination port
  ...['00000007', '00000384'], // mark 7 · 900 s
  ...['0a010002', '0a010064', '0a02000b'],
  'c102abcd', // an option that need not be known
].join('');

t.test('each refusal', (t) => {
  const bytes = (change: (bytes: Buffer) => void = () => undefined): Buffer => {
    const message = Buffer.from(golden, 'hex');
    change(message);
    return message;
  };
  const good = decodeMessage(bytes());
  t.match(good, {
    syncId: 5,
    connections: [{ flags: 0x100, state: 1, clientPort: 40001, mark: 7, timeoutSeconds: 900 }],
  });
  const rows: readonly (readonly [string, (bytes: Buffer) => void])[] = [
    ['length', (all) => all.writeUInt16BE(47, 2)],
    ['version', (all) => (all[5] = 0)],
    ['version', (all) => (all[0] = 1)],
    ['version', (all) => (all[7] = 1)],
    ['short', (all) => (all[4] = 2)],
    ['trailing', (all) => (all[4] = 0)],
    ['type', (all) => (all[8] = 2)],
    ['connection-version', (all) => (all[10] = 0x10)],
    ['short', (all) => (all[11] = 41)],
    ['connection-length', (all) => (all[11] = 35)],
    ['connection-length', (all) => (all[8] = 1)],
    ['option-length', (all) => (all[45] = 3)],
    ['option-length', (all) => (all[45] = 0)],
    ['option-length', (all) => (all[44] = 1)],
    ['option-unknown', (all) => (all[44] = 9)],
    ['persistence', (all) => (all[44] = 2)],
    ['persistence', (all) => (all[44] = 3)],
  ];
  for (const [why, change] of rows) t.equal(decodeMessage(bytes(change)), why);
  t.equal(decodeMessage(bytes().subarray(0, 7)), 'short');
  t.end();
});

t.test('a connection that no message can hold is left out', (t) => {
  const [one] = fc.sample(connection, 1);
  if (one === undefined) throw new Error('no sample');
  t.equal(new MessageWriter(1, 40).add(one as SyncConnection), 'too-long');
  t.end();
});
