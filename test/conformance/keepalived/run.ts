/**
 * `npm run conformance:keepalived -- DIR`: what lvsd says about the files of a folder, against what keepalived said: DIR/index.tsv with
 * DIR/corpus/ID.conf, and DIR/negatives.jsonl. Prints a line for each disagreement, then `N passed, N failed`; exit status 1 if any failed.
 * Without DIR, or where it has no corpus, our own broken files beside this program are all that is looked at.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { disagreement } from './agreement.js';
import { type Case, corpusOf, negativesOf } from './cases.js';

const own = fileURLToPath(new URL('../../../../test/conformance/keepalived/', import.meta.url));
const folder = process.argv[2] ?? own;
const corpus = corpusOf(folder);
if (corpus === undefined) console.log(`the corpus is skipped: ${join(folder, 'index.tsv')} is not there`);
const negatives = join(existsSync(join(folder, 'negatives.jsonl')) ? folder : own, 'negatives.jsonl');
const cases: readonly Case[] = [...(corpus ?? []), ...negativesOf(negatives)];

let failed = 0;
for (const one of cases) {
  const reason = disagreement(one);
  if (reason === undefined) continue;
  failed++;
  console.log(`${one.id} (${one.title}): ${reason}`);
}
console.log(`${cases.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 || cases.length === 0 ? 1 : 0;
