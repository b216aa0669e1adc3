/** docs/fleet.md and the examples of a fleet are what lvsd, BIRD and FRR take. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { announceWords } from '../../../src/config/announce.js';
import { fleetWords } from '../../../src/config/fleet.js';
import { readConfigurationFile } from '../../../src/config/include.js';
import { readDocuments } from '../../../src/fleet/documents.js';
import { findProgram, unlessInstalled } from '../../helpers/program.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read('docs/fleet.md');
const blocks = [...page.matchAll(/^```\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);

t.test('the examples', (t) => {
  const { configuration, diagnostics } = readConfigurationFile(join(root, 'examples/fleet.conf'));
  t.same(diagnostics, []);
  t.match(configuration?.fleet, { name: 'd1', endpoints: { length: 3 } });
  t.match(configuration?.announce, { by: 'bird', table: 179 });
  const documents = [{ name: 'web', text: read('examples/fleet/web.conf') }];
  const { errors, warnings } = readDocuments(documents, { director: 'd1', allowScripts: false });
  t.same([errors, warnings], [[], []]);
  t.end();
});

t.test('every word of the blocks is in the tables', (t) => {
  for (const word of [...Object.keys(fleetWords), ...Object.keys(announceWords)])
    t.match(page, new RegExp(`^\\|.*\`${word}[ \`].*\\|`, 'm'), word);
  t.end();
});

t.test('what there is to copy for BIRD is understood by it', { skip: unlessInstalled('bird') }, (t) => {
  const texts = blocks.filter((text) => text.startsWith('# bird.conf'));
  t.equal(texts.length, 2);
  for (const text of texts) {
    const file = join(t.testdir(), 'bird.conf');
    writeFileSync(file, text);
    const { status, stderr } = spawnSync(findProgram('bird')!, ['-p', '-c', file], { encoding: 'utf8' });
    t.equal(status, 0, stderr);
  }
  t.end();
});
