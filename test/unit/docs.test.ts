/** Pages that are made from the code say what the code says. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { pages } from '../docs/pages.js';

for (const [path, text] of pages()) {
  t.test(`${path} is what 'npm run docs' writes`, (t) => {
    t.equal(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'), text);
    t.end();
  });
}
