import t from 'tap';
import { configurationOf } from '../../helpers/configuration.js';
import { Diagnostics } from '../../../src/config/diagnostics.js';
import { parse } from '../../../src/config/parse.js';
import { printTree } from '../../../src/config/print.js';
import { shape } from '../../../src/config/read.js';
import { says } from './says.js';

const fleet = (...lines: readonly string[]): string => ['fleet {', ...lines, '}', ''].join('\n');
const URL = 'expected http:// or https://, a host and a port, and nothing behind it: https://10.0.0.1:2379';

const complaints: readonly (readonly [name: string, text: string, says: readonly string[]])[] = [
  ['no etcd', fleet('prefix /a'), ["1:1: 'fleet' without 'etcd', expected 'etcd https://10.0.0.1:2379'"]],
  ['no URL', fleet('etcd 10.0.0.1:2379'), [`2:6: '10.0.0.1:2379' is no value of etcd, ${URL}`]],
  ['a path', fleet('etcd http://a:2379/v3'), [`2:6: 'http://a:2379/v3' is no value of etcd, ${URL}`]],
  [
    'a password in it',
    fleet('etcd http://me:secret@a:2379'),
    [`2:6: 'http://me:secret@a:2379' is no value of etcd, ${URL}`],
  ],
  [
    'a prefix that ends with a slash',
    fleet('etcd http://a:1', 'prefix /lvsd/'),
    ["3:8: '/lvsd/' is no value of prefix, expected a path such as /lvsd, without a slash at its end"],
  ],
  [
    'a name with a slash',
    fleet('etcd http://a:1', 'name a/b'),
    ["3:6: 'a/b' is no value of name, expected letters, digits, points, - and _, at most 63"],
  ],
  [
    'a router_id that is no name',
    `global_defs {\nrouter_id "two words"\n}\n${fleet('etcd http://a:1')}`,
    [
      "4:1: the router_id 'two words' is no name in a fleet, expected 'name' with letters, digits, points, - and _, at most 63",
    ],
  ],
  [
    'files of TLS without it',
    fleet('etcd http://a:1', 'tls_ca /a.pem'),
    ["3:8: 'tls_ca' is for https:// only, expected https:// for every etcd"],
  ],
  [
    'a password in the clear',
    fleet('etcd http://a:1', 'user me secret'),
    ['3:6: warning: the password crosses the network in the clear, expected https:// for every etcd'],
  ],
  [
    'a user without a password',
    fleet('etcd https://a:1', 'user me'),
    ["3:6: 'user' lacks a value, expected a password, or file:/path"],
  ],
  [
    'too short a lease',
    fleet('etcd https://a:1', 'lease 1'),
    ["3:7: '1' is no value of lease, expected seconds from 3 to 3600"],
  ],
  [
    'twice',
    fleet('etcd http://a:1') + fleet('etcd http://a:1'),
    ["4:1: 'fleet' is given twice, first in line 1, expected it once"],
  ],
];
for (const [name, text, expected] of complaints)
  t.test(name, (t) => {
    t.same(says(text), expected);
    t.end();
  });

const everything = fleet(
  'etcd https://10.0.0.1:2379 https://10.0.0.2:2379',
  'etcd https://10.0.0.1:2379',
  'prefix /site/lvsd',
  'name d1',
  'user lvsd file:/etc/lvsd/password',
  'tls_ca /etc/ca.pem',
  'tls_client /etc/me.pem /etc/me.key',
  'lease 5',
  'allow_scripts',
);

t.test('what is said', (t) => {
  t.same(configurationOf(everything).fleet, {
    endpoints: ['https://10.0.0.1:2379', 'https://10.0.0.2:2379'],
    prefix: '/site/lvsd',
    name: 'd1',
    login: { user: 'lvsd', password: { file: '/etc/lvsd/password' } },
    tls: { authority: '/etc/ca.pem', client: { certificate: '/etc/me.pem', key: '/etc/me.key' } },
    leaseSeconds: 5,
    allowScripts: true,
  });
  t.end();
});

t.test('what is meant where nothing is said', (t) => {
  const { fleet: found } = configurationOf(`global_defs {\nrouter_id d7\n}\n${fleet('etcd http://a:2379')}`);
  t.same(found, {
    endpoints: ['http://a:2379'],
    prefix: '/lvsd',
    name: 'd7',
    login: undefined,
    tls: undefined,
    leaseSeconds: 10,
    allowScripts: false,
  });
  t.equal(configurationOf(fleet('etcd http://a:2379')).fleet?.name, undefined);
  t.equal(configurationOf('').fleet, undefined);
  t.end();
});

t.test('printed and read again it means the same', (t) => {
  const text = `${everything}announce {\n bird\n only 192.0.2.0/24\n}\n`;
  const printed = printTree(parse({ file: 'f', text }, {}, shape, new Diagnostics()));
  t.not(printed, text);
  const [before, after] = [configurationOf(text), configurationOf(printed)];
  t.same(after.fleet, before.fleet);
  t.same(after.announce, before.announce);
  t.end();
});
