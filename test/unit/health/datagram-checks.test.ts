/** DNS_CHECK, UDP_CHECK and PING_CHECK against servers that are functions; time and chance are the test's own. */
import fc from 'fast-check';
import t from 'tap';
import type { DnsCheck, PingCheck, UdpCheck } from '../../../src/config/check.js';
import type { Failure, Outcome } from '../../../src/health/check.js';
import { attemptDns } from '../../../src/health/dns.js';
import { attemptPing } from '../../../src/health/ping.js';
import type { DatagramEvents } from '../../../src/health/ports.js';
import { beginsWith } from '../../../src/health/reply-pattern.js';
import { attemptUdp } from '../../../src/health/udp.js';
import { errnoError, FakeDatagrams, from, type Peer } from '../../helpers/fake-datagrams.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { anyCheck, probePorts, targetAt } from '../../helpers/probe-ports.js';

const never = new AbortController().signal;
const target = targetAt(53, { address: '192.0.2.1' });
const dns: DnsCheck = { is: 'dns', ...anyCheck, target, type: 'A', name: 'www.example' };
const ping: PingCheck = { is: 'ping', ...anyCheck, target: { ...target, port: 0 } };
const udp: UdpCheck = { is: 'udp', ...anyCheck, target, payload: '00ff', minReplyLength: 0, maxReplyLength: 255 };

const why = (outcome: Outcome): Failure | 'alive' | 'inconclusive' =>
  outcome.is === 'failed' ? outcome.why : outcome.is;

/** A world whose servers do this. */
function world(peer: Peer) {
  const clock = new FakeClock();
  const datagrams = new FakeDatagrams(peer);
  return { clock, datagrams, ports: { ...probePorts(clock, 0.5), openDatagram: datagrams.openDatagram } };
}

const silent: Peer = () => undefined;
/** The query with some of its bytes changed. */
const answering =
  (...changes: readonly (readonly [at: number, value: number])[]): Peer =>
  (bytes, back) => {
    const answer = Uint8Array.from(bytes);
    for (const [at, value] of changes) answer[at] = value;
    back.message(answer, from);
  };
const response = [2, 0x81] as const;
const code = (value: number): Peer => answering(response, [3, value]);
const sending =
  (...answers: readonly Uint8Array[]): Peer =>
  (_, back) => {
    for (const answer of answers) back.message(answer, from);
  };
const failing =
  (errno: string): Peer =>
  (_, back) =>
    back.error(errnoError(errno));

const dnsRows: [name: string, peer: Peer, verdict: Failure | 'alive' | 'inconclusive', detail: RegExp][] = [
  ['NOERROR', code(0), 'alive', /^NOERROR for A of www\.example, 0 records$/],
  ['a truncated answer', answering([2, 0x83]), 'alive', /truncated/],
  ['FORMERR', code(1), 'answer', /FORMERR/],
  ['SERVFAIL', code(2), 'answer', /SERVFAIL/],
  ['NXDOMAIN', code(3), 'answer', /^NXDOMAIN for A of www\.example$/],
  ['REFUSED', code(5), 'answer', /REFUSED/],
  ['a closed port', failing('ECONNREFUSED'), 'refused', /ECONNREFUSED/],
  ['no route', failing('EHOSTUNREACH'), 'unreachable', /EHOSTUNREACH/],
  ['no memory', failing('ENOBUFS'), 'inconclusive', /ENOBUFS/],
];
for (const [name, peer, verdict, detail] of dnsRows)
  t.test(`DNS: ${name} is found at once`, async (t) => {
    const { clock, datagrams, ports } = world(peer);
    const outcome = await attemptDns(dns, ports, never);
    t.equal(why(outcome), verdict);
    t.match(outcome.detail, detail);
    t.strictSame([datagrams.open, clock.pending], [0, 0], 'nothing is left');
  });

const ignored: [name: string, peer: Peer, reason: RegExp][] = [
  ['silence', silent, /^no answer within 1000 ms$/],
  ['a wrong id', answering([0, 1], response), /1 datagram ignored, the last for another id/],
  ['our own query', answering(), /being a query/],
  ['a short packet', sending(Uint8Array.of(1, 2, 3)), /3 bytes, too short/],
  ['another question', answering(response, [13, 0x78]), /another question/],
  [
    'garbage',
    sending(...Array.from({ length: 9 }, (_, i) => new Uint8Array(1 + 100 * i).fill(i))),
    /9 datagrams ignored/,
  ],
];
for (const [name, peer, reason] of ignored)
  t.test(`DNS: ${name} is no answer: a timeout, not a moment earlier`, async (t) => {
    const { clock, datagrams, ports } = world(peer);
    const outcome = attemptDns(dns, ports, never);
    clock.advance(999);
    t.strictSame([datagrams.open, clock.pending], [1, 1], 'still waiting');
    clock.advance(1);
    t.equal(why(await outcome), 'timeout');
    t.match((await outcome).detail, reason);
    t.strictSame([datagrams.open, clock.pending], [0, 0], 'nothing is left');
  });

t.test('DNS: a right answer counts after wrong ones, and ids come from chance', async (t) => {
  const { ports } = world((bytes, back) => {
    t.equal((bytes[0]! << 8) | bytes[1]!, 0x8000, 'half of 65536');
    answering([0, 0], response)(bytes, back);
    code(0)(bytes, back);
  });
  t.equal(why(await attemptDns(dns, ports, never)), 'alive');
});

t.test('a server that floods us with nonsense is not heard to the end of its time', async (t) => {
  let sent = 0;
  const { clock, ports } = world((_, back) => {
    for (; sent < 5000; sent++) back.message(new Uint8Array(12), from);
  });
  const outcome = await attemptDns(dns, ports, never);
  t.equal(why(outcome), 'malformed');
  t.match(outcome.detail, /^1000 datagrams and no answer/);
  t.equal(clock.now(), 0);
});

t.test('the socket is what the target says', async (t) => {
  const { datagrams, ports } = world(code(0));
  const more = { bindAddress: '2001:db8::9', bindPort: 99, bindInterface: 'eth0', mark: 7, address: '2001:db8::1' };
  await attemptDns({ ...dns, target: { ...target, ...more } }, ports, never);
  const { address, ...rest } = more;
  t.strictSame(datagrams.opened, [{ kind: 'udp', family: 'ip6', peer: { address, port: 53 }, ...rest }]);
});

t.test('sockets that cannot be had', async (t) => {
  const rows: [code: string, syscall: string, verdict: ReturnType<typeof why>][] = [
    ['EADDRNOTAVAIL', 'bind', 'bind'],
    ['ENETUNREACH', 'connect', 'unreachable'],
    ['EMFILE', 'socket', 'inconclusive'],
    ['EPERM', 'socket', 'inconclusive'],
    ['EPERM', 'sendto', 'unreachable'],
  ];
  for (const [errno, syscall, verdict] of rows) {
    const openDatagram = (): never => {
      throw errnoError(errno, syscall);
    };
    const clock = new FakeClock();
    t.equal(
      why(await attemptPing(ping, { ...probePorts(clock), openDatagram }, never)),
      verdict,
      `${errno} ${syscall}`,
    );
    t.equal(clock.pending, 0);
  }
});

t.test('a send that fails closes the socket', async (t) => {
  const { datagrams, ports } = world(() => {
    throw errnoError('ECONNREFUSED', 'sendto');
  });
  t.equal(why(await attemptUdp(udp, ports, never)), 'refused');
  t.equal(datagrams.open, 0);
});

t.test(
  'an attempt that is stopped ends at once and says nothing; one that was stopped before opens nothing',
  async (t) => {
    for (const attempt of [
      (ports: ReturnType<typeof world>['ports'], signal: AbortSignal) => attemptDns(dns, ports, signal),
      (ports: ReturnType<typeof world>['ports'], signal: AbortSignal) => attemptUdp(udp, ports, signal),
      (ports: ReturnType<typeof world>['ports'], signal: AbortSignal) => attemptPing(ping, ports, signal),
    ]) {
      const { clock, datagrams, ports } = world(silent);
      const stop = new AbortController();
      const outcome = attempt(ports, stop.signal);
      t.equal(datagrams.open, 1);
      stop.abort();
      t.equal(why(await outcome), 'inconclusive');
      t.strictSame([datagrams.open, clock.pending], [0, 0]);
      t.equal(why(await attempt(ports, AbortSignal.abort())), 'inconclusive');
      t.equal(datagrams.opened.length, 1);
    }
  },
);

const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex');
const udpRows: [name: string, check: Partial<UdpCheck>, answer: string, verdict: Failure | 'alive'][] = [
  ['any reply where any is wanted', { reply: '' }, '00', 'alive'],
  ['an empty reply where any is wanted', { reply: '' }, '', 'answer'],
  ['the reply', { reply: '6f6b' }, '6f6b', 'alive'],
  ['a reply that begins as it should', { reply: '6f6b' }, '6f6b00', 'alive'],
  ['a reply that ends too early', { reply: '6f6b' }, '6f', 'answer'],
  ['another reply', { reply: '6f6b' }, '6f6c', 'answer'],
  ['a wildcard for a digit', { reply: '6fxB' }, '6f3b', 'alive'],
  ['a wildcard next to a wrong digit', { reply: '6fx0' }, '6f3b', 'answer'],
  ['too short', { reply: '', minReplyLength: 3 }, '6f6b', 'answer'],
  ['just long enough', { reply: '', minReplyLength: 2 }, '6f6b', 'alive'],
  ['too long', { reply: '6f', maxReplyLength: 1 }, '6f6b', 'answer'],
  ['a reply nobody asked for', {}, '00', 'alive'],
  ['a reply nobody asked for, too short', { minReplyLength: 2 }, '00', 'answer'],
];
for (const [name, check, answer, verdict] of udpRows)
  t.test(`UDP: ${name}`, async (t) => {
    const { ports } = world((sent, back) => {
      t.strictSame([...sent], [0, 255]);
      back.message(bytes(answer), from);
    });
    t.equal(why(await attemptUdp({ ...udp, ...check }, ports, never)), verdict);
  });

t.test('UDP: a wrong reply is shown', async (t) => {
  const { ports } = world(sending(new Uint8Array(20).fill(0xab)));
  const { detail } = await attemptUdp({ ...udp, reply: '00' }, ports, never);
  t.equal(detail, `20 bytes came and do not match: ${'ab'.repeat(16)}…`);
});

t.test('UDP: silence is a timeout with require_reply, and otherwise success that says what it is', async (t) => {
  const { clock, ports } = world(silent);
  const wanted = attemptUdp({ ...udp, reply: '' }, ports, never);
  const unwanted = attemptUdp(udp, ports, never);
  clock.advance(1000);
  t.equal(why(await wanted), 'timeout');
  t.match(await unwanted, { is: 'alive', detail: /silence is taken for success/ });
  const refused = world(failing('ECONNREFUSED'));
  t.equal(why(await attemptUdp(udp, refused.ports, never)), 'refused');
});

t.test('UDP: patterns', (t) => {
  const digits = fc.array(fc.tuple(fc.nat(255), fc.nat(3)), { maxLength: 40 });
  fc.assert(
    fc.property(digits, fc.uint8Array({ maxLength: 8 }), (wanted, more) => {
      // 0: both digits, 1 and 2: one wildcard, 3: two
      const pattern = wanted.map(([byte, wild]) => {
        const [high = '', low = ''] = byte.toString(16).padStart(2, '0');
        return (wild & 1 ? 'x' : high) + (wild & 2 ? 'X' : low);
      });
      const reply = Uint8Array.from([...wanted.map(([byte]) => byte), ...more]);
      t.ok(beginsWith(reply, pattern.join('')));
      const fixed = wanted.findIndex(([, wild]) => wild === 0);
      if (fixed < 0) return;
      reply[fixed]! ^= 0x10;
      t.notOk(beginsWith(reply, pattern.join('')));
    }),
    { numRuns: 200 },
  );
  t.end();
});

const echo =
  (type: number, ...changes: readonly (readonly [at: number, value: number])[]): Peer =>
  (sent, back) => {
    t.equal(sent.length, 136);
    answering([0, type], [4, 9], [5, 9], ...changes)(sent, back);
  };

for (const [family, address, reply] of [
  ['ICMP', '192.0.2.1', 0],
  ['ICMPv6', '2001:db8::1', 129],
] as const)
  t.test(`PING by ${family}`, async (t) => {
    const check = { ...ping, target: { ...ping.target, address } };
    const { datagrams, ports } = world(echo(reply));
    t.equal(why(await attemptPing(check, ports, never)), 'alive');
    t.match(datagrams.opened, [
      { kind: 'icmp', family: family === 'ICMP' ? 'ip4' : 'ip6', peer: { address, port: 0 } },
    ]);
    const strange: [Peer, RegExp][] = [
      [echo(3), /another type/],
      [echo(reply, [1, 1]), /another type/],
      [echo(reply, [7, 1]), /another sequence number/],
      [echo(reply, [135, 0]), /another payload/],
      [(sent, back) => back.message(Uint8Array.from([reply, ...sent.subarray(1, 100)]), from), /another payload/],
      [sending(new Uint8Array(0)), /another type/],
    ];
    for (const [peer, reason] of strange) {
      const { clock, ports } = world(peer);
      const outcome = attemptPing(check, ports, never);
      clock.advance(1000);
      t.match(await outcome, { is: 'failed', why: 'timeout', detail: reason });
    }
  });

t.test('PING says how long it took', async (t) => {
  let answer: () => void = () => undefined;
  const { clock, ports } = world((sent, back: DatagramEvents) => {
    answer = () => answering([0, 0])(sent, back);
  });
  const outcome = attemptPing(ping, ports, never);
  clock.advance(12.34);
  answer();
  t.equal((await outcome).detail, 'answered after 12.3 ms');
});
