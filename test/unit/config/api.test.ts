import t from 'tap';
import { configurationOf } from '../../helpers/configuration.js';
import { says } from './says.js';

const api = (...lines: readonly string[]): string => ['api {', ...lines, '}', ''].join('\n');
const PLACE = 'expected unix: and an absolute path of at most 90 bytes';
const NETWORK = (where: string): string =>
  `2:8: '${where}' is of the network, and for that the API lacks tls and tokens, which lvsd does not have yet, expected unix: and the path of a socket`;

const complaints: readonly (readonly [name: string, text: string, says: readonly string[]])[] = [
  ['nothing in it', api(), ["1:1: 'api' without 'listen', expected 'listen unix:/run/lvsd/api.sock'"]],
  ['no block', 'api\n', ["1:4: 'api' without its block, expected '{'"]],
  ['no place', api('listen'), [`2:1: 'listen' lacks a value, ${PLACE}`]],
  ['a path without unix:', api('listen /run/api.sock'), [`2:8: '/run/api.sock' is no value of listen, ${PLACE}`]],
  ['a relative path', api('listen unix:api.sock'), [`2:8: 'unix:api.sock' is no value of listen, ${PLACE}`]],
  ['a folder', api('listen unix:/run/'), [`2:8: 'unix:/run/' is no value of listen, ${PLACE}`]],
  [
    'a path that is too long',
    api(`listen unix:/${'x'.repeat(90)}`),
    [`2:8: 'unix:/${'x'.repeat(90)}' is no value of listen, ${PLACE}`],
  ],
  ['an address', api('listen 10.0.0.1 8080'), [NETWORK('10.0.0.1')]],
  ['an IPv6 address', api('listen 2001:db8::1 8080'), [NETWORK('2001:db8::1')]],
  ['address and port', api('listen 10.0.0.1:8080'), [NETWORK('10.0.0.1:8080')]],
  ['brackets', api('listen [::1]:8080'), [NETWORK('[::1]:8080')]],
  ['everywhere', api('listen *:8080'), [NETWORK('*:8080')]],
  ['a port', api('listen 8080'), [NETWORK('8080')]],
  [
    'a mode that is none',
    api('listen unix:/a 0699'),
    ["2:16: '0699' is no value of listen, expected a mode such as 0660"],
  ],
  [
    'a mode as a number',
    api('listen unix:/a 6600'),
    ["2:16: '6600' is no value of listen, expected a mode such as 0660"],
  ],
  [
    'everybody',
    api('listen unix:/a 0666'),
    [
      '2:16: warning: everybody on this machine may do everything through this socket, expected a mode such as 0660, and a group',
    ],
  ],
  [
    'a word too many',
    api('listen unix:/a 0660 lvs more'),
    ["2:25: warning: 'more' is more than 'listen' takes; it has no effect"],
  ],
  [
    'twice',
    api('listen unix:/a', 'listen unix:/b') + api('listen unix:/a 0660'),
    ["6:8: 'unix:/a' is there already, in line 2, expected each socket once"],
  ],
  ['another word', api('listne unix:/a'), ["2:1: 'listne' is no keyword of api; did you mean 'listen'?"]],
];
for (const [name, text, expected] of complaints)
  t.test(name, (t) => {
    t.same(says(text), expected);
    t.end();
  });

t.test('where it is served, and who may', (t) => {
  const { api: listeners } = configurationOf(
    `${api('listen unix:/run/a', 'listen unix:/run/b 0640', 'listen unix:/run/c 0666 lvs')}${api('listen unix:/run/d lvs', 'listen unix:/run/e 600 0')}`,
  );
  t.same(
    listeners.map(({ path, mode, group }) => [path, mode.toString(8), group]),
    [
      ['/run/a', '600', undefined],
      ['/run/b', '640', undefined],
      ['/run/c', '666', 'lvs'],
      ['/run/d', '660', 'lvs'],
      ['/run/e', '600', '0'],
    ],
  );
  t.same(configurationOf('').api, [], 'nowhere, if it is not said');
  t.end();
});

t.test('an instance may be called api', (t) => {
  t.same(
    says(`vrrp_instance api {
  interface eth0
  virtual_router_id 1
  virtual_ipaddress {
    10.0.0.1
  }
}
vrrp_sync_group g {
  group {
    api
  }
}
`).filter((line) => line.includes("'api'")),
    [],
  );
  t.end();
});
