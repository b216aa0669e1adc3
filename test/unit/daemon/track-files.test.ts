import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { TrackFiles } from '../../../src/daemon/track-files.js';
import { configurationOf } from '../../helpers/configuration.js';
import { MemoryLog } from '../../helpers/memory-log.js';

t.test('init_file is written once, and over what is there only with overwrite', async (t) => {
  const folder = t.testdir({ there: '7', old: '7' });
  symlinkSync(`${folder}/there`, `${folder}/link`);
  const log = new MemoryLog();
  const files = new TrackFiles(log);
  const track = (name: string, more: string): string => `track_file ${name} {\nfile ${folder}/${name}\n${more}\n}\n`;
  const text = [
    'global_defs {\numask 0177\n}\n',
    track('new', 'init_file 5'),
    track('there', 'init_file 5'),
    track('old', 'init_file -3 overwrite'),
    track('none', ''),
    track('link', 'init_file 1 overwrite'),
  ].join('');
  await files.follow(configurationOf(text));
  const says = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8');
  t.equal(says('new'), '5\n');
  t.equal(statSync(`${folder}/new`).mode & 0o777, 0o600);
  t.equal(says('there'), '7');
  t.equal(says('old'), '-3\n');
  t.throws(() => says('none'), { code: 'ENOENT' });
  t.match(log.named('daemon.track-file-failed'), [{ path: `${folder}/link`, reason: /ELOOP/ }]);
  writeFileSync(`${folder}/old`, '9');
  await files.follow(configurationOf(`${text}# reloaded\n`));
  t.equal(says('old'), '9');
  t.equal(log.events.length, 1);
});
