import fc from 'fast-check';
import t from 'tap';
import { connectionOf, type SessionPlace, sessionOf } from '../../../src/connsync/engine-records.js';
import { connectionFlag } from '../../../src/connsync/kernel-words.js';
import { decodeMessage, MessageWriter, type SyncConnection } from '../../../src/connsync/message.js';
import {
  decodeSessions,
  encodeSessions,
  type Endpoint,
  type SessionRecord,
} from '../../../src/dataplane/session-record.js';
import { formatIp6 } from '../../../src/model/address.js';
import type { ForwardingMethod } from '../../../src/model/destination.js';

const byte = fc.integer({ min: 0, max: 255 });
const port = fc.integer({ min: 1, max: 65_535 });
const ip4 = fc.tuple(fc.integer({ min: 1, max: 223 }), byte, byte, byte).map((bytes) => bytes.join('.'));
const ip6 = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .filter((bytes) => bytes[0] !== 0xff && bytes[0] !== 0)
  .map((bytes) => formatIp6(bytes, 0));
const remainingMs = fc.integer({ min: 1, max: 2_000_000 }).map((seconds) => seconds * 1000);

const kinds = fc.oneof(
  fc.record({ protocol: fc.constant(6), state: fc.constantFrom('established', 'fin', 'closed') }),
  fc.constant({ protocol: 17, state: 'udp' }),
  fc.constant({ protocol: 132, state: 'other' }),
  fc.record({ protocol: fc.constantFrom(6, 17, 132), state: fc.constant('affinity') }),
) as fc.Arbitrary<Pick<SessionRecord, 'protocol' | 'state'>>;

const endpoint = (address: fc.Arbitrary<string>, number: fc.Arbitrary<number>): fc.Arbitrary<Endpoint> =>
  fc.record({ address, port: number }, { noNullPrototype: true });

/** Those that IPVS can express. */
const expressible: fc.Arbitrary<SessionRecord> = fc.tuple(fc.boolean(), kinds).chain(([isIp6, kind]) => {
  const address = isIp6 ? ip6 : ip4;
  const affinity = kind.state === 'affinity';
  const fields = {
    client: endpoint(address, affinity ? fc.constant(0) : port),
    vip: endpoint(address, port),
    destination: endpoint(address, port),
    snat: fc.constant(undefined),
    protocol: fc.constant(kind.protocol),
    state: fc.constant(kind.state),
    affinity: fc.constant(affinity),
    gone: fc.constant(false),
    remainingMs,
    service: fc.constant(undefined),
    hash: fc.constant(0n),
  };
  return fc.record(fields, { noNullPrototype: true });
});

const nat: SessionPlace = { method: 'masquerade', persistenceSeconds: 0 };
const web: SessionRecord = {
  client: { address: '198.51.100.7', port: 40_000 },
  vip: { address: '192.0.2.1', port: 80 },
  destination: { address: '10.0.0.1', port: 8080 },
  snat: undefined,
  protocol: 6,
  state: 'established',
  affinity: false,
  gone: false,
  remainingMs: 900_000,
  service: 0,
  hash: 7n,
};

function told(session: SessionRecord, place = nat): SyncConnection {
  const connection = connectionOf(session, place);
  if (typeof connection === 'string') throw new Error(connection);
  return connection;
}

t.test('what can be told is taken as it was, by way of a message and of the engine', (t) => {
  const methods = fc.constantFrom<ForwardingMethod>('masquerade', 'direct-route', 'tunnel', 'local');
  const property = fc.property(fc.array(expressible, { minLength: 1, maxLength: 30 }), methods, (sessions, method) => {
    const writer = new MessageWriter(3, 65_000);
    for (const session of sessions) writer.add(told(session, { method, persistenceSeconds: 0 }));
    const message = decodeMessage(writer.flush() ?? new Uint8Array());
    if (typeof message === 'string') throw new Error(message);
    const taken = message.connections.map((connection) => {
      const session = sessionOf(connection);
      if (typeof session === 'string') throw new Error(session);
      return session;
    });
    t.strictSame(taken, sessions);
    t.strictSame(decodeSessions(encodeSessions(taken)), sessions);
  });
  fc.assert(property, { numRuns: 200 });
  t.end();
});

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const anything = fc.constantFrom(4, 16).chain((length) => {
  const address = fc.oneof(
    fc.uint8Array({ minLength: length, maxLength: length }),
    fc.constantFrom(new Uint8Array(length), new Uint8Array(length).fill(0xff)),
  );
  const shift = fc.record({ initial: u32, delta: fc.constantFrom(0, 1), previousDelta: fc.constantFrom(0, 2) });
  return fc.record({
    protocol: fc.oneof(byte, fc.constantFrom(6, 17, 132)),
    flags: fc.oneof(u32, fc.constantFrom(0, connectionFlag.template)),
    state: fc.oneof(u16, fc.integer({ min: 0, max: 15 })),
    clientPort: fc.oneof(u16, fc.constant(0)),
    virtualPort: u16,
    destinationPort: u16,
    mark: u32,
    timeoutSeconds: u32,
    client: address,
    virtual: address,
    destination: address,
    sequence: fc.option(fc.record({ incoming: shift, outgoing: shift }), { nil: undefined }),
  });
});

t.test("whatever strangers tell is refused for a reason, or a session that the engine's records can say", (t) => {
  let taken = 0;
  const property = fc.property(anything, (connection) => {
    const session = sessionOf(connection);
    if (typeof session === 'string') return;
    taken++;
    t.strictSame(decodeSessions(encodeSessions([session])), [session]);
    t.ok(session.remainingMs > 0 && session.remainingMs <= 0x7fff_ffff, String(session.remainingMs));
    t.equal(session.affinity, session.state === 'affinity');
  });
  fc.assert(property, { numRuns: 2000 });
  t.ok(taken > 0);
  t.end();
});

t.test('in the words of the kernel', (t) => {
  t.match(told(web), { flags: 0, state: 1, timeoutSeconds: 900, mark: 0 }, 'NAT, ESTABLISHED');
  t.match(told({ ...web, state: 'fin', remainingMs: 119_001 }), { flags: 0x100, state: 4, timeoutSeconds: 120 });
  t.match(told({ ...web, state: 'closed', remainingMs: 3 }), { flags: 0x100, state: 6, timeoutSeconds: 1 });
  const flagsOf = (method: ForwardingMethod): number => told(web, { method, persistenceSeconds: 0 }).flags;
  t.strictSame((['local', 'tunnel', 'direct-route'] as const).map(flagsOf), [0x81, 0x82, 0x83], 'answers go past it');
  t.match(told({ ...web, protocol: 17, state: 'udp' }), { flags: 0x100, state: 0 });
  t.match(told({ ...web, protocol: 132, state: 'other' }), { flags: 0, state: 8 }, 'SCTP, ESTABLISHED');
  const template = { ...web, affinity: true, state: 'affinity', client: { ...web.client, port: 0 } } as const;
  t.match(
    told({ ...template, remainingMs: 100_000 }, { ...nat, persistenceSeconds: 300 }),
    { flags: 0x1000, state: 1, timeoutSeconds: 300 },
    'a template, ASSURED, with its whole time',
  );
  t.end();
});

t.test('what IPVS cannot express is left out for a reason', (t) => {
  const why = (change: Partial<SessionRecord>, place: SessionPlace | undefined = nat): unknown =>
    connectionOf({ ...web, ...change }, place);
  t.equal(why({ gone: true }), 'ended');
  t.equal(why({ state: 'syn' }), 'half-open');
  t.equal(why({ protocol: 1, state: 'icmp' }), 'protocol');
  t.equal(why({ protocol: 50, state: 'other' }), 'protocol');
  t.equal(why({ protocol: 0, state: 'affinity', affinity: true }), 'protocol', 'of a service of any protocol');
  for (const method of ['l3dsr', 'full-nat', 'bypass', 'method-5'] as const)
    t.equal(why({}, { ...nat, method }), 'method', method);
  t.equal(why({ destination: undefined }), 'no-destination');
  t.equal(connectionOf(web, undefined), 'no-destination');
  t.end();
});

t.test('what the engine cannot take is refused for a reason', (t) => {
  const given = told(web);
  const shift = { initial: 1, delta: 0, previousDelta: 0 };
  const rows: [unknown, Partial<SyncConnection>][] = [
    ['protocol', { protocol: 1, state: 0 }],
    ['protocol', { protocol: 50, state: 0, flags: connectionFlag.template, clientPort: 0 }],
    ['state', { state: 11 }],
    ['state', { protocol: 17, state: 1 }],
    ['state', { protocol: 132, state: 14 }],
    ['mark', { protocol: 0, flags: connectionFlag.template, clientPort: 0 }],
    ['persistence-engine', { persistence: { engine: 'sip', data: Uint8Array.of(1) } }],
    ['sequence', { sequence: { incoming: shift, outgoing: { ...shift, delta: 5 } } }],
    ['port', { clientPort: 0 }],
    ['port', { virtualPort: 0 }],
    ['port', { flags: connectionFlag.template }],
    ['address', { client: new Uint8Array(4) }],
    ['address', { virtual: Uint8Array.of(224, 0, 0, 81) }],
    ['address', { destination: Uint8Array.of(0, 1, 2, 3) }],
    ['address', { client: Buffer.from('00000000000000000000ffff0a000001', 'hex') }],
    ['address', { client: Buffer.from('ff020000000000000000000000000081', 'hex') }],
  ];
  for (const [why, change] of rows) t.equal(sessionOf({ ...given, ...change }), why, JSON.stringify(change));
  t.match(sessionOf({ ...given, sequence: { incoming: shift, outgoing: shift } }), { state: 'established' });
  t.match(sessionOf({ ...given, mark: 9 }), { state: 'established' }, 'its address is enough');
  t.end();
});

t.test("the kernel's states become ours, and a time that is not told is the usual one", (t) => {
  const given = { ...told(web), timeoutSeconds: 0 };
  const states = Array.from({ length: 11 }, (_, state) => {
    const session = sessionOf({ ...given, state });
    return typeof session === 'string' ? session : `${session.state} ${session.remainingMs / 1000}`;
  });
  t.strictSame(states, [
    'syn 60', // NONE
    'established 900',
    'syn 60',
    'syn 60',
    'fin 120', // FIN_WAIT
    'fin 120',
    'closed 10', // CLOSE
    'fin 120',
    'fin 120',
    'syn 60', // LISTEN
    'syn 60',
  ]);
  t.match(sessionOf({ ...given, timeoutSeconds: 0xffff_ffff }), { remainingMs: 0x7fff_ffff });
  t.match(sessionOf({ ...given, protocol: 132, state: 8 }), { state: 'other', remainingMs: 600_000 });
  t.end();
});
