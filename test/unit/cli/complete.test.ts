/** What may stand where the cursor is. */
import t from 'tap';
import { candidates, candidatesText, placeOf } from '../../../src/cli/complete.js';
import { commands } from '../../../src/cli/lvsctl-commands.js';
import { scriptedApi } from '../../helpers/scripted-api.js';
import { dns, one, resolver, site, two, web } from '../../helpers/scripted-site.js';

const wordsAt = (...typed: readonly string[]): readonly string[] => {
  const place = placeOf(typed, commands);
  return 'words' in place ? place.words.map(({ word }) => word) : [];
};
const fillsAt = (...typed: readonly string[]): unknown => {
  const place = placeOf(typed, commands);
  return 'words' in place ? undefined : place.of;
};

t.test('commands, and options that every command takes', (t) => {
  for (const name of ['status', 'services', 'lb-add', 'help']) t.ok(wordsAt('').includes(name), name);
  t.ok(wordsAt('--control', '/x', '--json', 'se').includes('services'));
  t.same(wordsAt('--'), ['--control', '--api', '--json', '--help']);
  t.equal(fillsAt('--control', ''), 'file');
  t.equal(fillsAt('--control=/r'), 'file');
  t.end();
});

t.test('options of a command: its own and those that it makes use of', (t) => {
  t.same(wordsAt('failover', '--'), ['--to', '--control', '--json', '--help']);
  t.same(fillsAt('failover', '--to', ''), ['here', 'peer']);
  t.same(fillsAt('events', '--level='), ['info', 'warn', 'error']);
  t.equal(fillsAt('push', '-f', ''), 'file');
  t.equal(fillsAt('push', '--at', ''), 'nothing');
  t.end();
});

t.test('words by their place, whatever options stand between', (t) => {
  t.equal(fillsAt('services', ''), 'service');
  t.same(fillsAt('maintenance', ''), ['on', 'off']);
  t.equal(fillsAt('maintenance', 'on', '--dry-run', ''), 'server');
  t.equal(fillsAt('drain', '--within', '60', ''), 'server');
  t.same(fillsAt('completion', ''), ['bash', 'zsh', 'fish']);
  t.equal(fillsAt('help', ''), 'command');
  t.equal(fillsAt('status', ''), 'nothing');
  t.equal(fillsAt('lb', ''), 'nothing');
  t.equal(fillsAt('nonsense', ''), 'nothing');
  t.end();
});

t.test('names of what the director has', async (t) => {
  const { path } = await scriptedApi(t, {
    ...site(),
    'GET /v1/vrrp': () => ({ instances: [{ name: 'VI_1', role: 'master' }], groups: [] }),
  });
  const usual = { control: '/nowhere', api: path };
  const found = async (...typed: readonly string[]): Promise<unknown> => {
    const all = await candidates(typed, commands, usual);
    return all === 'file' ? all : all.map(({ word }) => word);
  };
  t.same(await found('services', ''), [web.id, dns.id]);
  t.same(await found('services', 'u'), [dns.id]);
  t.same(await found('connections', '--service=t'), [`--service=${web.id}`]);
  t.same(await found('failover', 'V'), ['VI_1']);
  t.same(await found('drain', ''), [one.id, two.id, resolver.id]);
  t.same(await found('weight', 'tcp 192.0.2.1:80 -> 10.0.0.2'), [two.server]);
  t.same(await found('help', 'ser'), ['services']);
  t.equal(await found('apply', ''), 'file');
  t.same(await candidates(['--api', path, 'services', 't'], commands, { ...usual, api: '/nowhere' }), [
    { word: web.id, means: web.name },
  ]);
  t.same(
    await candidates(['services', ''], commands, { ...usual, api: '/nowhere' }),
    [],
    'nobody answers, nothing is said',
  );
  t.equal(candidatesText([{ word: 'a', means: 'b c' }]), 'a\tb c\n');
  t.equal(candidatesText('file'), ':file\n');
});
