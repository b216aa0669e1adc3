import fc from 'fast-check';
import t from 'tap';
import type { Check, HttpCheck } from '../../../src/config/check.js';
import { checkIdentity, monitorSettings, probeKey, sameCheck } from '../../../src/daemon/checks.js';
import { anyCheck, targetAt } from '../../helpers/probe-ports.js';

const position = fc.record({ file: fc.constantFrom('a', 'b'), line: fc.nat(3), column: fc.nat(3) });
const pace = fc.record(
  { retries: fc.nat(1), unsureSeconds: fc.nat(1), damping: fc.record({ falls: fc.nat(1) }) },
  { requiredKeys: [], noNullPrototype: true },
);
const pattern = fc.record({
  regex: fc.constantFrom(/a/, /a/i, /b/),
  absent: fc.boolean(),
});
const urls = fc.array(
  fc.record({ path: fc.constantFrom('/', '/x'), pattern }, { requiredKeys: ['path'], noNullPrototype: true }),
  { maxLength: 2 },
);

/** Few values each, so that many are the same. */
const check = fc
  .record({ position, pace, target: fc.record({ port: fc.nat(1) }), urls, is: fc.constantFrom('http', 'tcp') })
  .map((one) => (one.is === 'http' ? one : { ...one, urls: undefined }) as unknown as Check);

t.test('two checks are the same just when their identities are, wherever they stand', (t) => {
  fc.assert(
    fc.property(check, check, (a, b) => sameCheck(a, b) === (checkIdentity(a) === checkIdentity(b))),
    { numRuns: 2000 },
  );
  t.ok(sameCheck({ is: 'tcp', ...anyCheck, target: targetAt(1) }, { is: 'tcp', ...anyCheck, target: targetAt(1) }));
  t.end();
});

const tcp: Check = { is: 'tcp', ...anyCheck, target: targetAt(80) };

t.test('what is one probe: the same at the same target, but scripts and what goes through a forwarding', (t) => {
  const key = (server: string, check: Check, share = true): string =>
    probeKey(server, check, checkIdentity(check), share);
  t.equal(key('a', tcp), key('b', tcp));
  t.not(key('a', tcp, false), key('b', tcp, false));
  const via: Check = { ...tcp, target: targetAt(80, { viaForwarding: true }) };
  t.not(key('a', via), key('b', via));
  const script: Check = { is: 'misc', ...anyCheck, script: { argv: ['/x'] }, timeoutSeconds: 1, dynamic: false };
  t.not(key('a', script), key('b', script));
  t.end();
});

t.test('seconds become milliseconds, a round of urls a number of successes', (t) => {
  const pace = {
    ...anyCheck.pace,
    rise: 2,
    unsureSeconds: 0.5,
    damping: { falls: 3, withinSeconds: 60, holdSeconds: 300 },
  };
  const url = { path: '/', host: 'x', statusCodes: [] };
  const http = { ...tcp, is: 'http', pace, tls: undefined, protocol: '1.0', fastRecovery: false } as const;
  const check: HttpCheck = { ...http, urls: [url, url, url] };
  t.match(monitorSettings(check), {
    intervalMs: 5000,
    retryDelayMs: 1000,
    rise: 5,
    riseUnseen: 4,
    riseDelayMs: 5000,
    unsureMs: 500,
    damping: { falls: 3, withinMs: 60_000, holdMs: 300_000 },
    fromStart: false,
  });
  t.equal(monitorSettings({ ...check, fastRecovery: true }).riseDelayMs, 0);
  t.match(monitorSettings({ ...tcp, pace }), { rise: 2, riseUnseen: 2 });
  t.end();
});
