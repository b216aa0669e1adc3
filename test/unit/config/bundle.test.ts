import { join } from 'node:path';
import t from 'tap';
import {
  type Bundle,
  bundleOf,
  decodeBundle,
  fingerprintOf,
  placesOf,
  untransportable,
} from '../../../src/config/bundle.js';
import { formatDiagnostic } from '../../../src/config/diagnostics.js';
import { bundleOfFile, readBundle, readConfigurationFile } from '../../../src/config/include.js';

const id = (name: string): string => `global_defs {\n  router_id ${name}\n}\n`;

t.test('the files that a file includes from beside and below it', (t) => {
  const folder = t.testdir({
    here: {
      'main.conf': 'include conf.d/*.conf\ninclude ../elsewhere.conf\ninclude .hidden.conf\n',
      '.hidden.conf': '# this one stays\n',
      'conf.d': { 'b.conf': '# b\n', 'a.conf': '# a\ninclude more/c.conf\n', more: { 'c.conf': '# c\n' } },
    },
    'elsewhere.conf': '# this one stays\n',
  });
  const { sources, diagnostics } = readConfigurationFile(join(folder, 'here/main.conf'));
  t.same(diagnostics, []);
  const bundle = bundleOf(sources);
  t.same(
    bundle?.included.map(({ path }) => path),
    ['conf.d/a.conf', 'conf.d/b.conf', 'conf.d/more/c.conf'],
  );
  t.same(bundle && placesOf(bundle, '/etc/lvsd/lvsd.conf').map(({ file }) => file), [
    '/etc/lvsd/conf.d/a.conf',
    '/etc/lvsd/conf.d/b.conf',
    '/etc/lvsd/conf.d/more/c.conf',
    '/etc/lvsd/lvsd.conf',
  ]);
  t.equal(bundleOf([]), undefined);
  t.end();
});

t.test("what the other machine's lines include goes along, and both machines find the same", (t) => {
  const folder = t.testdir({
    'main.conf': '@one include one.conf\n@two include two.conf\n@^one include not-one.conf\n',
    'one.conf': id('one'),
    'two.conf': id('two'),
    'not-one.conf': '# not one\n',
  });
  const file = join(folder, 'main.conf');
  const [one, two] = ['one', 'two'].map((configId) => {
    const { sources, configuration } = readConfigurationFile(file, { configId });
    t.equal(configuration?.globals.routerId, configId);
    return bundleOfFile(sources, { configId });
  });
  t.same(
    one?.included.map(({ path }) => path),
    ['not-one.conf', 'one.conf', 'two.conf'],
  );
  t.equal(one && fingerprintOf(one), two && fingerprintOf(two));
  t.end();
});

t.test('a bundle is read as if its files lay there, and no others', (t) => {
  const folder = t.testdir({
    here: { 'main.conf': id('old'), 'conf.d': { 'z.conf': 'broken\n' } },
    'elsewhere.conf': 'global_defs {\n  lvs_stop keep\n}\n',
  });
  const main = join(folder, 'here/main.conf');
  const bundle: Bundle = {
    main: 'include conf.d/*.conf\ninclude sub/?/{x,y}.conf\ninclude ../elsewhere.conf\n',
    included: [
      { path: 'conf.d/a.conf', text: id('new') },
      { path: 'sub/1/x.conf', text: 'global_defs {\n  lvs_flush\n}\n' },
      { path: 'sub/1/y.conf', text: 'global_defs {\n  lvs_drift report\n}\n' },
    ],
  };
  const { configuration, diagnostics } = readBundle(bundle, main);
  t.same(diagnostics, []);
  const { routerId, flushAtStart, drift, stop } = configuration?.globals ?? {};
  t.same(
    { routerId, flushAtStart, drift, stop },
    { routerId: 'new', flushAtStart: true, drift: 'report', stop: 'keep' },
  );
  const complaints = (text: Bundle): readonly string[] =>
    readBundle(text, main).diagnostics.map((one) => formatDiagnostic(one).replaceAll(folder, '~'));
  t.same(complaints({ main: 'include conf.d/z.conf\n', included: [] }), [
    '~/here/main.conf:1:9: ~/here/conf.d/z.conf: there is no such file',
  ]);
  t.same(complaints({ main: 'include conf.d/*.conf\n', included: [] }), [
    "~/here/main.conf:1:9: warning: no file matches 'conf.d/*.conf'",
  ]);
  t.same(complaints({ main: 'include a.conf\n', included: [{ path: 'a.conf', text: '\n  broken\n' }] }), [
    "~/here/a.conf:2:3: 'broken' is no keyword of the outermost level",
  ]);
  t.end();
});

t.test('fingerprints are of the texts and their places', (t) => {
  const one: Bundle = { main: 'a', included: [{ path: 'b', text: 'c' }] };
  t.equal(fingerprintOf(one), fingerprintOf(structuredClone(one)));
  t.match(fingerprintOf(one), /^[0-9a-f]{16}$/);
  const others: readonly Bundle[] = [
    { ...one, main: 'b' },
    { ...one, included: [] },
    { ...one, included: [{ path: 'b', text: 'd' }] },
    { ...one, included: [{ path: 'c', text: 'c' }] },
  ];
  t.equal(new Set([one, ...others].map(fingerprintOf)).size, 5);
  t.end();
});

t.test('what another machine sends is looked at', (t) => {
  const one: Bundle = { main: 'a', included: [{ path: 'conf.d/b', text: 'c' }] };
  t.same(decodeBundle(JSON.parse(JSON.stringify(one))), one);
  for (const path of [
    '/etc/passwd',
    '../b',
    'a/../../b',
    'a/./b',
    './b',
    '.hidden',
    'a/.b',
    '',
    'a//b',
    'a/',
    'a\0b',
    '..',
  ])
    t.equal(decodeBundle({ main: '', included: [{ path, text: '' }] }), undefined, path);
  const twice = { path: 'b', text: '' };
  for (const told of [null, 'a', {}, { main: 1, included: [] }, { main: '', included: [{ path: 'b' }] }])
    t.equal(decodeBundle(told), undefined);
  t.equal(decodeBundle({ main: '', included: [twice, twice] }), undefined);
  const many = Array.from({ length: 1001 }, (_, i) => ({ path: `f${i}`, text: '' }));
  t.equal(decodeBundle({ main: '', included: many }), undefined);
  t.end();
});

t.test('a file whose bytes are no text is not carried', (t) => {
  const folder = t.testdir({ 'a.conf': Buffer.from([0x23, 0x20, 0xe4, 0x0a]) });
  const bundle = bundleOf(readConfigurationFile(join(folder, 'a.conf')).sources);
  t.equal(bundle && untransportable(bundle), 'the main file is not UTF-8');
  t.equal(untransportable({ main: '', included: [{ path: 'b', text: '\ufffd' }] }), 'b is not UTF-8');
  t.equal(untransportable({ main: 'ä', included: [] }), undefined);
  t.end();
});
