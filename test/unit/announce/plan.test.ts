import fc from 'fast-check';
import t from 'tap';
import { announcements, type Offer, routeChanges } from '../../../src/announce/plan.js';
import { configurationOf } from '../../helpers/configuration.js';

const settings = (...lines: readonly string[]) =>
  configurationOf(`announce {\nbird\n${lines.join('\n')}\n}\n`).announce!;
const offer = (prefixes: readonly string[], hasQuorum: boolean | undefined, hasSorryServer = false): Offer => ({
  prefixes,
  hasQuorum,
  hasSorryServer,
});
const nothing: ReadonlySet<string> = new Set();
const announced = (
  lines: readonly string[],
  offers: readonly Offer[],
  there = nothing,
  withdrawn = false,
): readonly string[] =>
  announcements(settings(...lines), offers, { there, withdrawn })
    .filter((one) => one.announced)
    .map(({ prefix }) => prefix);

const A = '192.0.2.1/32';
const B = '192.0.2.2/32';
const rows: readonly (readonly [
  name: string,
  lines: readonly string[],
  offers: readonly Offer[],
  expected: readonly string[],
])[] = [
  ['a quorum', [], [offer([A], true)], [A]],
  ['none', [], [offer([A], false)], []],
  ['a sorry server is no quorum', [], [offer([A], false, true)], []],
  ['a sorry server serves', ['when serving'], [offer([A], false, true), offer([B], false)], [A]],
  ['configured is enough', ['when configured'], [offer([A], undefined), offer([B], false)], [A, B]],
  ['one of two at an address', [], [offer([A], true), offer([A], false)], [A]],
  ['one of two, and all are needed', ['needs all'], [offer([A], true), offer([A], false)], []],
  ['two of two', ['needs all'], [offer([A], true), offer([A], true)], [A]],
  ['not meant', ['only 192.0.2.2'], [offer([A, B], true)], [B]],
  ['of a prefix', ['only 192.0.2.0/30'], [offer([A, '192.0.2.4/32', '2001:db8::1/128'], true)], [A]],
  [
    'a wider one is not of it',
    ['only 192.0.2.0/25'],
    [offer(['192.0.2.0/24', '192.0.2.128/25', '192.0.2.0/26'], true)],
    ['192.0.2.0/26'],
  ],
  ['a service by mark', [], [offer([], true)], []],
];
for (const [name, lines, offers, expected] of rows)
  t.test(name, (t) => {
    t.same(announced(lines, offers), expected);
    t.end();
  });

t.test('what nobody knows yet stays as it is', (t) => {
  t.same(announced([], [offer([A, B], undefined)], new Set([A])), [A]);
  t.same(announced(['needs all'], [offer([A], undefined), offer([A], true)]), []);
  t.same(
    announced(['needs all'], [offer([A], undefined), offer([A], false)], new Set([A])),
    [],
    'one that is lost is enough',
  );
  t.same(announced([], [offer([A], undefined), offer([A], true)]), [A], 'one that is fine is enough');
  t.end();
});

t.test('an operator withdraws everything, and it is said why', (t) => {
  const all = announcements(settings(), [offer([A], true), offer([B], false)], {
    there: new Set([A]),
    withdrawn: true,
  });
  t.same(
    all.map(({ announced, why }) => [announced, why]),
    [
      [false, 'withdrawn by the operator'],
      [false, 'withdrawn by the operator'],
    ],
  );
  t.end();
});

t.test('the changes make the table what is announced, and nothing else', (t) => {
  const prefixes = fc.uniqueArray(fc.nat(30).map((n) => `192.0.2.${n}/32`));
  const verdict = fc.constantFrom(true, false, undefined);
  fc.assert(
    fc.property(
      prefixes,
      fc.array(fc.record({ prefixes, hasQuorum: verdict, hasSorryServer: fc.boolean() })),
      fc.boolean(),
      (before, offers, withdrawn) => {
        const there = new Set(before);
        const wanted = announcements(settings(), offers, { there, withdrawn });
        const { add, remove } = routeChanges(wanted, there);
        const after = new Set([...before.filter((one) => !remove.includes(one)), ...add]);
        const should = new Set(wanted.filter((one) => one.announced).map(({ prefix }) => prefix));
        t.same([...after].sort(), [...should].sort());
        const again = announcements(settings(), offers, { there: after, withdrawn });
        t.same(routeChanges(again, after), { add: [], remove: [] }, 'twice is once');
      },
    ),
    { numRuns: 200 },
  );
  t.end();
});
