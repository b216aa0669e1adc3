import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { BadFrame, SESSION_RECORD_BYTES } from '../../../src/dataplane/protocol.js';
import {
  decodeSessions,
  encodeSessions,
  type Endpoint,
  type SessionRecord,
  sessionStates,
} from '../../../src/dataplane/session-record.js';

const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/#.*$/gm, '').replace(/\s/g, ''), 'hex'));

/** Of the sources; this runs in build/. */
const source = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');

// one record as native/engine writes it, field by field
const wire = `
  00000000 00000000 0000ffff c6336407  # client 198.51.100.7
  00000000 00000000 0000ffff 0a000001  # vip 10.0.0.1
  00000000 00000000 0000ffff c0a80002  # destination 192.168.0.2
  00000000 00000000 0000ffff 0a010001  # snat 10.1.0.1
  409c 5000 901f 0104                  # ports 40000, 80, 8080, 1025
  06 01 00 00                          # TCP, established, no template, not gone
  a0bb0d00                             # 900000 ms
  03000000 00000000                    # service 3
  0807060504030201                     # hash
  0000000000000000`;
const session: SessionRecord = {
  client: { address: '198.51.100.7', port: 40_000 },
  vip: { address: '10.0.0.1', port: 80 },
  destination: { address: '192.168.0.2', port: 8080 },
  snat: { address: '10.1.0.1', port: 1025 },
  protocol: 6,
  state: 'established',
  affinity: false,
  gone: false,
  remainingMs: 900_000,
  service: 3,
  hash: 0x0102_0304_0506_0708n,
};

t.test('a record as the engine writes it is read, and written the same', (t) => {
  t.same(decodeSessions(fromHex(wire)), [session]);
  t.same(encodeSessions([session]), fromHex(wire));
  t.same(decodeSessions(new Uint8Array()), []);
  t.end();
});

t.test('IPv6, a template, one that has ended, without NAT, destination and service', (t) => {
  const other: SessionRecord = {
    client: { address: '2001:db8::', port: 0 },
    vip: { address: '2001:db8:1::1', port: 443 },
    destination: undefined,
    snat: undefined,
    protocol: 17,
    state: 'affinity',
    affinity: true,
    gone: true,
    remainingMs: 0,
    service: undefined,
    hash: 1n,
  };
  t.same(decodeSessions(encodeSessions([session, other, session])), [session, other, session]);
  t.equal(Buffer.from(encodeSessions([other])).readUInt32LE(80), 0xffff_ffff);
  t.end();
});

t.test('what is no record is refused', (t) => {
  const bytes = fromHex(wire);
  t.throws(() => decodeSessions(bytes.subarray(1)), BadFrame);
  t.throws(() => decodeSessions(bytes.with(73, sessionStates.length)), BadFrame);
  t.throws(() => decodeSessions(Uint8Array.from(bytes).fill(0, 0, 16)), BadFrame);
  t.throws(() => decodeSessions(Uint8Array.from(bytes).fill(0, 16, 32)), BadFrame);
  t.end();
});

t.test('records that are a view into other memory are read where they are', (t) => {
  const memory = new Uint8Array(SESSION_RECORD_BYTES + 7);
  memory.set(fromHex(wire), 5);
  t.same(decodeSessions(memory.subarray(5, 5 + SESSION_RECORD_BYTES)), [session]);
  t.end();
});

t.test('states and size are those of the engine', (t) => {
  const states = /enum class SessionState : std::uint8_t \{([^}]*)\}/.exec(source('native/engine/session_state.h'));
  t.same(
    states?.[1]?.split(',').map((word) => word.trim()),
    sessionStates,
  );
  t.match(source('native/engine/sessions.h'), `static_assert(sizeof(SessionRecord) == ${SESSION_RECORD_BYTES})`);
  t.end();
});

const port = fc.integer({ min: 0, max: 65_535 });
const address = fc.oneof(
  fc.ipV4(),
  fc.integer({ min: 1, max: 65_535 }).map((last) => `2001:db8::${last.toString(16)}`),
);
const endpoint: fc.Arbitrary<Endpoint> = fc.record({ address: address.filter((text) => text !== '0.0.0.0'), port });
const anySession: fc.Arbitrary<SessionRecord> = fc.record({
  client: endpoint,
  vip: endpoint,
  destination: fc.option(endpoint, { nil: undefined }),
  snat: fc.option(endpoint, { nil: undefined }),
  protocol: fc.integer({ min: 0, max: 255 }),
  state: fc.constantFrom(...sessionStates),
  affinity: fc.boolean(),
  gone: fc.boolean(),
  remainingMs: fc.integer({ min: 0, max: 0xffff_ffff }),
  service: fc.option(fc.integer({ min: 0, max: 0xffff_fffe }), { nil: undefined }),
  hash: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});

t.test('whatever is written is read back', (t) => {
  fc.assert(
    fc.property(fc.array(anySession, { maxLength: 5 }), (sessions) => {
      t.same(decodeSessions(encodeSessions(sessions)), sessions);
    }),
    { seed: 104 },
  );
  t.end();
});

t.test('any bytes of the right length are read or refused, never anything else', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: SESSION_RECORD_BYTES, maxLength: SESSION_RECORD_BYTES }), (bytes) => {
      try {
        return decodeSessions(bytes).length === 1;
      } catch (error) {
        return error instanceof BadFrame;
      }
    }),
    { seed: 104 },
  );
  t.pass('1 record or BadFrame');
  t.end();
});
