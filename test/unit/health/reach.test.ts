/** PING_CHECK and UDP_CHECK over the kernel's own ICMP: answers, silence, and everything a router says on the way. */
import { ip } from '../../helpers/own-namespace.js';
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { PingCheck, UdpCheck } from '../../../src/config/check.js';
import type { Failure, Outcome } from '../../../src/health/check.js';
import { attemptPing } from '../../../src/health/ping.js';
import { attemptUdp } from '../../../src/health/udp.js';
import { systemClock } from '../../../src/system/clock.js';
import { anyCheck, probePorts, targetAt } from '../../helpers/probe-ports.js';

const never = new AbortController().signal;
const world = probePorts(systemClock, 0.7);
const why = (outcome: Outcome): Failure | 'alive' | 'inconclusive' =>
  outcome.is === 'failed' ? outcome.why : outcome.is;

const ping = (address: string, timeoutSeconds = 30): PingCheck => ({
  is: 'ping',
  ...anyCheck,
  target: targetAt(0, { address, timeoutSeconds }),
});
const udp = (address: string, port: number, reply?: string, timeoutSeconds = 30): UdpCheck => ({
  is: 'udp',
  ...anyCheck,
  target: targetAt(port, { address, timeoutSeconds }),
  payload: '70696e67',
  minReplyLength: 0,
  maxReplyLength: 255,
  ...(reply === undefined ? {} : { reply }),
});

/** A second namespace, behind a veth: a router that knows some addresses and has something to say about the others. */
async function router(): Promise<(words: string) => void> {
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
  t.teardown(() => void holder.kill('SIGKILL'));
  const { pid } = holder;
  const ours = readlinkSync('/proc/self/ns/net');
  while (readlinkSync(`/proc/${pid}/ns/net`) === ours) await new Promise((resolve) => setTimeout(resolve, 10));
  ip('link add inside type veth peer name outside');
  ip(`link set outside netns ${pid}`);
  return (words) => void execFileSync('nsenter', [`--target=${pid}`, '--net', ...words.split(' ')]);
}

const there = await router();
writeFileSync('/proc/sys/net/ipv4/neigh/inside/retrans_time_ms', '100');
writeFileSync('/proc/sys/net/ipv6/neigh/inside/retrans_time_ms', '100');
ip('addr add 198.51.100.1/24 dev inside');
ip('addr add 2001:db8:1::1/64 dev inside nodad');
ip('link set inside up');
there('ip link set lo up');
there('ip addr add 198.51.100.2/24 dev outside');
there('ip addr add 2001:db8:1::2/64 dev outside nodad');
there('ip link set outside up');
ip('route add 203.0.113.0/24 via 198.51.100.2');
ip('route add 2001:db8:2::/64 via 2001:db8:1::2');
there(
  'sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0',
);
for (const [kind, host] of [
  ['unreachable', '1'],
  ['prohibit', '2'],
  ['blackhole', '3'],
]) {
  there(`ip route add ${kind} 203.0.113.${host}`);
  there(`ip route add ${kind} 2001:db8:2::${host}`);
}

const places: [what: string, ip4: string, ip6: string, verdict: Failure | 'alive', seconds: number][] = [
  ['ourselves', '127.0.0.1', '::1', 'alive', 30],
  ['a neighbour', '198.51.100.2', '2001:db8:1::2', 'alive', 30],
  ['an address that a router says is unreachable', '203.0.113.1', '2001:db8:2::1', 'unreachable', 30],
  ['an address that a router will not let us reach', '203.0.113.2', '2001:db8:2::2', 'unreachable', 30],
  ['an address without a neighbour', '198.51.100.99', '2001:db8:1::99', 'unreachable', 30],
  ['an address whose packets vanish', '203.0.113.3', '2001:db8:2::3', 'timeout', 0.3],
];

for (const [range, kind] of [
  ['1 0', 'a raw socket'],
  ['0 0', 'a ping socket'],
] as const)
  for (const [what, ip4, ip6, verdict, seconds] of places)
    t.test(`PING of ${what} through ${kind}`, async (t) => {
      writeFileSync('/proc/sys/net/ipv4/ping_group_range', range);
      for (const address of [ip4, ip6]) {
        const outcome = await attemptPing(ping(address, seconds), world, never);
        t.equal(why(outcome), verdict, `${address}: ${outcome.detail}`);
      }
    });

t.test('PING of an address without any route', async (t) => {
  t.equal(why(await attemptPing(ping('192.0.2.1'), world, never)), 'unreachable');
});

t.test('PING: two hundred at once each hear their own answer', async (t) => {
  for (const range of ['1 0', '0 0']) {
    writeFileSync('/proc/sys/net/ipv4/ping_group_range', range);
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () =>
        attemptPing(ping('198.51.100.2'), probePorts(systemClock, Math.random()), new AbortController().signal),
      ),
    );
    t.strictSame(new Set(outcomes.map(why)), new Set(['alive']), range);
  }
});

for (const [type, address] of [
  ['udp4', '127.0.0.1'],
  ['udp6', '::1'],
] as const)
  t.test(`UDP: servers that answer, answer wrongly, are silent, are gone (${type})`, async (t) => {
    const server = createSocket(type).bind(0, address);
    await once(server, 'listening');
    const { port } = server.address();
    let answer: string | undefined = 'pong';
    server.on('message', (bytes, from) => {
      t.equal(bytes.toString(), 'ping');
      if (answer !== undefined) server.send(answer, from.port, address);
    });
    t.equal(why(await attemptUdp(udp(address, port, '706fxx67'), world, never)), 'alive');
    t.equal(why(await attemptUdp(udp(address, port), world, never)), 'alive');
    answer = 'nope';
    t.equal(why(await attemptUdp(udp(address, port, '706fxx67'), world, never)), 'answer');
    answer = '';
    t.equal(why(await attemptUdp(udp(address, port, ''), world, never)), 'answer');
    answer = undefined;
    t.equal(why(await attemptUdp(udp(address, port, '', 0.2), world, never)), 'timeout');
    t.match(await attemptUdp(udp(address, port, undefined, 0.2), world, never), { is: 'alive', detail: /silence/ });
    server.close();
    t.equal(why(await attemptUdp(udp(address, port, ''), world, never)), 'refused');
    t.equal(why(await attemptUdp(udp(address, port), world, never)), 'refused');
  });

t.test('UDP: what a router says counts without require_reply', async (t) => {
  for (const [, ip4, ip6, verdict] of places.filter(([, , , verdict]) => verdict === 'unreachable'))
    for (const address of [ip4, ip6]) t.equal(why(await attemptUdp(udp(address, 53), world, never)), verdict, address);
});
