import t from 'tap';
import type { BfdCheck } from '../../../src/config/check.js';
import { readConfiguration } from '../../../src/config/read.js';
import { says, server } from './says.js';

const instance = (name: string, ...lines: readonly string[]): string =>
  [`bfd_instance ${name} {`, 'neighbor_ip 192.0.2.1', ...lines, '}', ''].join('\n');

const checksOf = (text: string): readonly BfdCheck[] => {
  const { configuration } = readConfiguration({ file: 'f', text });
  const checks = configuration?.virtualServers[0]?.realServers[0]?.checks ?? [];
  return checks.filter((check) => check.is === 'bfd');
};

t.test('BFD_CHECK has the session of its bfd_instance, wherever that stands', (t) => {
  const check = server('BFD_CHECK {', 'name rack', '}');
  const rack = instance('rack', 'min_rx 100', 'multiplier 3', 'weight 5');
  const expected = {
    name: 'rack',
    neighbor: '192.0.2.1',
    minReceiveMs: 100,
    minTransmitMs: 10,
    idleTransmitMs: 1000,
    multiplier: 3,
    passive: false,
    ttl: 255,
    maxHops: 0,
    multihop: false,
  };
  t.same(
    checksOf(rack + check).map(({ session }) => session),
    [expected],
  );
  t.same(
    checksOf(check + rack).map(({ session }) => session),
    [expected],
  );
  t.end();
});

t.test('it is told at once: retry and delay_loop of the server are not its own, alpha and damping are', (t) => {
  const text = instance('rack') + server('retry 7', 'alpha', 'flap_damping 3 60 120', 'BFD_CHECK {', 'name rack', '}');
  t.match(checksOf(text), [
    { pace: { retries: 0, rise: 1, alpha: true, damping: { falls: 3, withinSeconds: 60, holdSeconds: 120 } } },
  ]);
  t.match(checksOf(instance('rack') + server('alpha', 'BFD_CHECK {', 'name rack', 'alpha no', '}')), [
    { pace: { alpha: false } },
  ]);
  t.end();
});

const rows: readonly [what: string, text: string, says: string][] = [
  [
    'no such session',
    instance('rack') + server('BFD_CHECK {', 'name rock', '}'),
    "10:6: 'rock' is no bfd_instance of this file; did you mean 'rack'?",
  ],
  [
    'no name',
    instance('rack') + server('BFD_CHECK {', '}'),
    "9:1: 'BFD_CHECK' names no session, expected 'name BFD_INSTANCE'",
  ],
  [
    'a session for VRRP only',
    instance('rack', 'vrrp') + server('BFD_CHECK {', 'name rack', '}'),
    "11:6: the bfd_instance 'rack' is for VRRP only, expected 'checker' in it, or neither 'vrrp' nor 'checker'",
  ],
  [
    'a session that could not be read is not said to be missing',
    'bfd_instance rack {\nneighbor_ip nowhere\n}\n' + server('BFD_CHECK {', 'name rack', '}'),
    "2:13: 'nowhere' is no value of neighbor_ip, expected an IPv4 or IPv6 address",
  ],
];
for (const [what, text, expected] of rows)
  t.test(`BFD_CHECK: ${what}`, (t) => {
    t.same(says(text), [expected]);
    t.end();
  });
