import t from 'tap';
import {
  type Document,
  documentsFor,
  documentsOf,
  fingerprintOfDocuments,
  keysOf,
  readDocuments,
} from '../../../src/fleet/documents.js';
import { site } from '../../helpers/configuration.js';

const item = (key: string, value = '') => ({ key, value, createRevision: 1, modRevision: 2, version: 3 });
const document = (name: string, only: string | null, text: string): Document => ({
  name,
  only,
  text,
  modRevision: 1,
  version: 1,
});
const me = { director: 'd1', allowScripts: false };
const web = (vip: string): string => site({ vip }).replace(/^global_defs \{\n\n\}\n/, '');

t.test('keys', (t) => {
  const keys = keysOf('/lvsd');
  t.equal(keys.document('web', null), '/lvsd/configuration/web');
  t.equal(keys.document('web', 'd1'), '/lvsd/configuration-of/d1/web');
  t.equal(keys.director('d1'), '/lvsd/directors/d1');
  const within = (key: string): boolean => key >= keys.documents.from && key < keys.documents.end;
  t.ok(
    within(keys.document('web', null)) && within(keys.document('web', 'd1')),
    'one range has both kinds of documents',
  );
  t.notOk(within(keys.director('d1')) || within(keys.note('web', null)), 'and nothing else');
  t.end();
});

t.test('what is a document', (t) => {
  const items = [
    item('/lvsd/configuration/web', 'x'),
    item('/lvsd/configuration-of/d1/web', 'y'),
    ...['/lvsd/configuration', '/lvsd/configuration/', '/lvsd/configuration/a/b', '/lvsd/configuration/.hidden'].map(
      (key) => item(key),
    ),
    ...[
      '/lvsd/configuration-of/web',
      '/lvsd/configuration-of/d1/a/b',
      '/lvsd/configurations/web',
      '/lvsd/configuration-of/d 1/web',
    ].map((key) => item(key)),
  ];
  t.same(documentsOf('/lvsd', items), [
    { name: 'web', only: null, text: 'x', modRevision: 2, version: 3 },
    { name: 'web', only: 'd1', text: 'y', modRevision: 2, version: 3 },
  ]);
  t.end();
});

t.test('a document for one director takes the place of that of all', (t) => {
  const all = [
    document('web', 'd1', 'mine'),
    document('web', null, 'all'),
    document('mail', null, 'm'),
    document('new', 'd1', 'n'),
  ];
  const texts = (director: string): readonly string[] => documentsFor(director, all).map(({ text }) => text);
  t.same(texts('d1'), ['m', 'n', 'mine']);
  t.same(texts('d2'), ['m', 'all']);
  t.not(fingerprintOfDocuments(documentsFor('d1', all)), fingerprintOfDocuments(documentsFor('d2', all)));
  t.end();
});

t.test('all of them are one configuration', (t) => {
  const { configuration, errors } = readDocuments(
    [
      { name: 'groups', text: 'virtual_server_group web {\n192.0.2.1 80\n192.0.2.2 80\n}\n' },
      { name: 'web', text: web('192.0.2.1').replace('192.0.2.1 80', 'group web') },
      { name: 'mail', text: web('192.0.2.3') },
    ],
    me,
  );
  t.same(errors, []);
  t.same(
    configuration?.virtualServers.map(({ name }) => name),
    ['group web', '192.0.2.3 80'],
  );
  t.end();
});

t.test('lines for one director', (t) => {
  const text = `@d1 virtual_server_group a {\n@d1 192.0.2.1 80\n@d1 }\n${web('192.0.2.9')}`;
  t.same(readDocuments([{ name: 'a', text }], me).errors, []);
  t.same(readDocuments([{ name: 'a', text: web('192.0.2.9').replace('rr', 'rr\n@d2 nonsense') }], me).errors, []);
  t.match(readDocuments([{ name: 'a', text: web('192.0.2.9').replace('rr', 'rr\n@d1 nonsense') }], me).errors, [
    /nonsense/,
  ]);
  t.end();
});

const refused: readonly (readonly [name: string, text: string, error: RegExp])[] = [
  [
    'a mistake, at its place',
    web('192.0.2.1').replace('lb_algo', 'lb_algos'),
    /^fleet\/web:2:1: 'lb_algos' is no keyword of virtual_server/,
  ],
  ['globals', 'global_defs {\nrouter_id x\n}\n', /^fleet\/web:1:1: 'global_defs' stands in the file of a machine/],
  [
    'a virtual router',
    'vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\npriority 1\n}\n',
    /'vrrp_instance' stands in the file/,
  ],
  ['an api', 'api {\nlisten unix:/x\n}\n', /'api' stands in the file/],
  ['another fleet', 'fleet {\netcd http://a:1\n}\n', /'fleet' stands in the file/],
  ['a file of the machine', 'include /etc/passwd\n', /a document of the fleet includes no other: '\/etc\/passwd'/],
  ['itself', 'include fleet\/web\n', /includes itself/],
  [
    'a script',
    site({ service: 'quorum_up /bin/true' }).slice(17),
    /^fleet\/web:\d+:1: virtual_server 192\.0\.2\.1 80 runs scripts/,
  ],
  [
    'a check that is a script',
    site({ servers: { 1: 'MISC_CHECK {\nmisc_path /bin/true\n}' } }).slice(17),
    /runs scripts/,
  ],
  ['the same service in two documents', `${web('192.0.2.1')}${web('192.0.2.1')}`, /192\.0\.2\.1/],
];
for (const [name, text, error] of refused)
  t.test(`refused: ${name}`, (t) => {
    const read = readDocuments([{ name: 'web', text }], me);
    t.equal(read.configuration, undefined);
    t.ok(
      read.errors.some((one) => error.test(one)),
      read.errors.join('\n'),
    );
    t.end();
  });

t.test("scripts, where the director's file allows them", (t) => {
  const text = site({ service: 'quorum_up /bin/true' }).slice(17);
  t.same(readDocuments([{ name: 'web', text }], { ...me, allowScripts: true }).errors, []);
  t.end();
});
