/** Files with one mistake each, against what keepalived said about them; and that the table of differences has no row for nothing. */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { disagreement } from './agreement.js';
import { negativesOf } from './cases.js';
import { differences } from './differences.js';

const file = fileURLToPath(new URL('../../../../test/conformance/keepalived/negatives.jsonl', import.meta.url));

for (const one of negativesOf(file))
  t.test(`${one.id} ${one.title}`, (t) => {
    t.equal(disagreement(one), undefined);
    t.end();
  });

t.test('each difference says what and why, once', (t) => {
  t.ok(differences.every(({ what, reason }) => what.length > 10 && reason.length > 10));
  t.equal(new Set(differences.map(({ what }) => what)).size, differences.length);
  t.end();
});
