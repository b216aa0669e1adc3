import fc from 'fast-check';
import t from 'tap';
import { BadFrame, FrameDecoder, SESSION_RECORD_BYTES } from '../../../src/dataplane/protocol.js';
import {
  decodeSessions,
  encodeSessions,
  type SessionRecord,
  sessionStates,
} from '../../../src/dataplane/session-record.js';
import {
  decodeSync,
  encodeSync,
  LONGEST_SYNC_PAYLOAD,
  packRecords,
  prolong,
  type SyncFrame,
  syncDecoder,
  unpackRecords,
} from '../../../src/dataplane/sync-codec.js';

const port = fc.integer({ min: 0, max: 65_535 });
const word = fc.integer({ min: 1, max: 65_535 });
const v4 = fc.integer({ min: 1, max: 254 }).map((n) => `10.0.${n}.${n}`);
const v6 = fc.tuple(word, word).map(([a, b]) => `2001:db8:${a.toString(16)}::${b.toString(16)}`);
const endpoint = (address: fc.Arbitrary<string>) => fc.record({ address, port });

const session: fc.Arbitrary<SessionRecord> = fc
  .tuple(fc.boolean(), fc.integer({ min: 0, max: sessionStates.length - 1 }), fc.boolean())
  .chain(([is6, state, gone]) => {
    const own = endpoint(is6 ? v6 : v4);
    return fc.record({
      client: own,
      vip: own,
      destination: gone ? fc.constant(undefined) : endpoint(fc.oneof(v4, v6)),
      snat: gone ? fc.constant(undefined) : fc.option(endpoint(fc.oneof(v4, v6)), { nil: undefined }),
      protocol: fc.integer({ min: 0, max: 255 }),
      state: fc.constant(sessionStates[state]!),
      affinity: fc.constant(sessionStates[state] === 'affinity'),
      gone: fc.constant(gone),
      remainingMs: gone ? fc.constant(0) : fc.integer({ min: 1, max: 0xffff_ffff }),
      service: fc.constant(undefined),
      hash: fc.constant(0n),
    });
  });

t.test('what is packed is unpacked, whatever it is', (t) => {
  fc.assert(
    fc.property(fc.array(session, { maxLength: 40 }), fc.integer({ min: 79, max: 500 }), (sessions, longest) => {
      const payloads = packRecords(encodeSessions(sessions), longest);
      t.ok(payloads.every((payload) => payload.length <= longest));
      const back = Buffer.concat(payloads.map((payload) => unpackRecords(payload)!));
      t.equal(back.toString('hex'), Buffer.from(encodeSessions(sessions)).toString('hex'));
    }),
  );
  t.end();
});

const one = (fields: Partial<SessionRecord> = {}): Uint8Array =>
  encodeSessions([
    {
      client: { address: '198.51.100.7', port: 40_000 },
      vip: { address: '10.0.0.1', port: 80 },
      destination: { address: '192.168.0.2', port: 8080 },
      snat: undefined,
      protocol: 6,
      state: 'established',
      affinity: false,
      gone: false,
      remainingMs: 900_000,
      service: 3,
      hash: 5n,
      ...fields,
    },
  ]);

t.test('bytes on the wire', (t) => {
  const wire = '01 01 06 a0bb0d00 c6336407 0a000001 409c 5000 c0a80002 901f'.replace(/ /g, '');
  t.equal(Buffer.from(packRecords(one())[0]!).toString('hex'), wire);
  t.equal(packRecords(one({ gone: true }))[0]!.length, 15);
  t.same(packRecords(one({ destination: undefined })), [], 'one whose server is forgotten says nothing');
  t.end();
});

t.test('hostile bytes are no sessions, and never thrown', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const records = unpackRecords(bytes);
      if (records === undefined) return;
      t.equal(records.length % SESSION_RECORD_BYTES, 0);
      decodeSessions(records);
    }),
    { numRuns: 3000 },
  );
  const good = packRecords(one())[0]!;
  for (let cut = 1; cut < good.length; cut++) t.equal(unpackRecords(good.subarray(0, cut)), undefined);
  const with_ = (at: number, ...bytes: readonly number[]): Uint8Array => {
    const changed = good.slice();
    changed.set(bytes, at);
    return changed;
  };
  t.equal(unpackRecords(with_(0, 7)), undefined, 'a template’s state without a template');
  t.equal(unpackRecords(with_(0, 0x41)), undefined, 'a bit that has no meaning');
  t.equal(unpackRecords(with_(1, 0)), undefined, 'no destination');
  t.equal(unpackRecords(with_(1, 2)), undefined, 'the family of no destination');
  t.equal(unpackRecords(with_(7, 0, 0, 0, 0)), undefined, 'no client');
  const six = packRecords(
    one({ client: { address: '2001:db8::1', port: 1 }, vip: { address: '2001:db8::2', port: 2 } }),
  )[0]!;
  six.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 7);
  t.equal(unpackRecords(six), undefined, 'IPv4 that says it is IPv6');
  t.end();
});

t.test('the time that is left', (t) => {
  const records = Buffer.concat([one(), one({ gone: true }), one({ remainingMs: 0xffff_fff0, state: 'udp' })]);
  prolong(
    records,
    sessionStates.map((_, i) => 1000 * i),
  );
  t.strictSame(
    decodeSessions(records).map(({ remainingMs }) => remainingMs),
    [901_000, 900_000, 0xffff_ffff],
  );
  t.end();
});

t.test('frames', (t) => {
  const frames: readonly SyncFrame[] = [
    { kind: 'hello', version: 1, beatMs: 1000 },
    { kind: 'begin', table: 3 },
    { kind: 'records', table: 3, number: 1, payload: packRecords(one())[0]! },
    { kind: 'end', table: 3, number: 2 },
    { kind: 'beat', table: 3, number: 2 },
    { kind: 'ack', table: 3, bytes: 25, taken: 1, refused: 0 },
    { kind: 'again', table: 3 },
  ];
  const decoder = syncDecoder();
  const back: unknown[] = [];
  for (const byte of Buffer.concat(frames.map(encodeSync)))
    decoder.push(Uint8Array.of(byte), (f) => back.push(decodeSync(f)));
  t.same(back, frames);
  t.equal(decodeSync({ type: 9, status: 0, id: 0, payload: new Uint8Array(4) }), undefined);
  t.equal(decodeSync({ type: 2, status: 0, id: 0, payload: new Uint8Array(5) }), undefined);
  t.equal(decodeSync({ type: 1, status: 0, id: 0, payload: new Uint8Array(12) }), undefined, 'another magic');
  t.throws(() => syncDecoder().push(encodeSync(frames[0]!).fill(255, 0, 4), () => undefined), BadFrame);
  t.ok(FrameDecoder.length <= 1 && LONGEST_SYNC_PAYLOAD === 65_536);
  t.end();
});
