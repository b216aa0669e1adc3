/** Pages that are made from the code say what the code says. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { apiClientPage } from '../docs/api-client.js';
import { pages } from '../docs/pages.js';

for (const [path, text] of [...pages(), await apiClientPage()]) {
  t.test(`${path} is what 'npm run docs' writes`, (t) => {
    t.equal(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'), text);
    t.end();
  });
}

t.test("the README's example is examples/web.conf", (t) => {
  const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  t.ok(read('README.md').includes(`\`\`\`\n${read('examples/web.conf')}\`\`\``));
  t.end();
});
