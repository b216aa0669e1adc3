/** Every event of the log is in docs/operating.md, and every event there is in the log. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

t.test('the table of events in docs/operating.md is the events of the source', (t) => {
  const said = new Set<string>();
  for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join(root, 'src', name), 'utf8');
    for (const [, expression = ''] of text.matchAll(/\bevent: ([^,}\n]*(?:\n[^,}]*)?)/g))
      for (const [, event = ''] of expression.matchAll(/'([a-z]+\.[a-z-]+)'/g)) said.add(event);
  }
  const page = readFileSync(join(root, 'docs/operating.md'), 'utf8');
  const told = [...page.matchAll(/^\| `([a-z]+\.[a-z-]+)` \|/gm)].map(([, event = '']) => event);
  t.same(told.sort(), [...said].sort());
  t.end();
});
