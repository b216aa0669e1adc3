/** Routers of one link that are set up differently: where neither can see the other we say what is wrong, and no more is needed than must be. */
// mostly waits
import '../helpers/own-machine.js';
import t from 'tap';
import { agrees, type Misfit, plain, plain2, splits } from './interop/split.js';
import { missingOf } from './interop/trial.js';

t.setTimeout(0); // whoever runs us sets the limit
t.jobs = 4;

const OTHER_KEY = 'ff'.repeat(32);
const withKeeper = [
  { a: 'lvsd', b: 'keepalived' },
  { a: 'keepalived', b: 'lvsd' },
] as const;
const withFrr = [
  { a: 'lvsd', b: 'frr' },
  { a: 'frr', b: 'lvsd' },
] as const;
const alone = { a: 'lvsd', b: 'lvsd' } as const;

const misfits: readonly (Misfit & { readonly what: string })[] = [
  ...[...withKeeper, ...withFrr, alone].flatMap((pair) => [
    // the same second on both: as a backup we hear its adverts, which a keepalived leaves out once ours come more often
    { what: 'version', pair, speech: { ...plain, advertSeconds: 1 }, b: { version: 2 } as const, reason: 'version' },
    { what: 'interval of version 2', pair, speech: plain2, b: { advertSeconds: 2 }, reason: 'interval' },
  ]),
  ...[...withKeeper, alone].flatMap((pair) => {
    const [pass, ah] = (['pass', 'ah'] as const).map((authentication) => ({ ...plain2, authentication }));
    return [
      { what: 'password', pair, speech: pass!, b: { password: 'another1' }, reason: 'password' },
      { what: 'password of AH', pair, speech: ah!, b: { password: 'another1' }, reason: 'ah-mismatch' },
      {
        what: 'one with a password',
        pair,
        speech: plain2,
        a: { authentication: 'pass' } as const,
        reason: 'authentication-type',
      },
    ];
  }),
  {
    what: 'no password',
    pair: withFrr[0],
    speech: { ...plain2, authentication: 'pass' },
    reason: 'authentication-type',
  },
  {
    what: 'key of the signature',
    pair: alone,
    speech: { ...plain, authentication: 'hmac' },
    b: { password: OTHER_KEY },
    reason: 'hmac-mismatch',
  },
];
for (const { what, ...misfit } of misfits) {
  const { a, b } = misfit.pair;
  t.test(`${a} before ${b}: another ${what}`, { buffered: true, timeout: 0, skip: missingOf(misfit.pair) }, (t) =>
    splits(t, misfit),
  );
}

/** RFC 9568's checksum over IPv4, which keepalived calls that of version 2. */
const plainSum = { lines: ['v3_checksum_as_v2'] };
const harmless = [
  { what: 'the checksum of RFC 9568 first', pair: alone, speech: plain, a: plainSum },
  { what: 'the checksum of RFC 9568 second', pair: alone, speech: plain, b: plainSum },
  { what: 'the checksum of RFC 9568 on both', pair: alone, speech: plain, a: plainSum, b: plainSum },
  { what: 'the checksum of RFC 9568, unicast', pair: alone, speech: { ...plain, unicast: true }, a: plainSum },
  ...[...withKeeper, ...withFrr].map((pair) => ({
    what: 'another interval of version 3',
    pair,
    speech: plain,
    b: { advertSeconds: 0.2 },
  })),
];
for (const { what, ...difference } of harmless) {
  const { a, b } = difference.pair;
  t.test(`${a} before ${b}: ${what}`, { buffered: true, timeout: 0, skip: missingOf(difference.pair) }, (t) =>
    agrees(t, difference),
  );
}
