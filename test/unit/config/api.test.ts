import * as fc from 'fast-check';
import t from 'tap';
import { Diagnostics } from '../../../src/config/diagnostics.js';
import { parse } from '../../../src/config/parse.js';
import { printTree } from '../../../src/config/print.js';
import { readConfiguration, shape } from '../../../src/config/read.js';
import { readTokenFile } from '../../../src/config/token-file.js';
import { configurationOf } from '../../helpers/configuration.js';
import { says } from './says.js';

const api = (...lines: readonly string[]): string => ['api {', ...lines, '}', ''].join('\n');
const PLACE = 'expected unix: and an absolute path of at most 90 bytes, or an address and a port';
const ADDRESS = 'expected an address and a port, such as 10.0.0.1 8443; everywhere: 0.0.0.0 or ::';
const WHAT_FOR = "'token', 'token_file', or 'client_ca' and 'allow certificate'";
const tls = (...lines: readonly string[]): readonly string[] => [
  'listen 10.0.0.1 8443 {',
  'tls {',
  'certificate /c.pem',
  'key /c.key',
  ...lines,
  '}',
  '}',
];
const HASH = `sha256:${'0a'.repeat(32)}`;
const TOKEN = `token t read ${HASH}`;

const complaints: readonly (readonly [name: string, text: string, says: readonly string[]])[] = [
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
  [
    'the network without TLS',
    api('listen 10.0.0.1 8443'),
    [
      "2:1: to the network the API is served by TLS only: 'listen' without 'tls', expected 'tls { certificate /PATH; key /PATH }', or the path of a socket",
    ],
  ],
  [
    'no port',
    api(TOKEN, ...tls()).replace(' 8443', ''),
    ["3:8: 'listen' lacks a value, expected a whole number from 1 to 65535"],
  ],
  [
    'port 0',
    api(TOKEN, ...tls()).replace(' 8443', ' 0'),
    ["3:17: '0' is no value of listen, expected a whole number from 1 to 65535"],
  ],
  [
    'address and port as one',
    api(TOKEN, ...tls()).replace(' 8443', ':8443'),
    [`3:8: '10.0.0.1:8443' is no value of listen, ${ADDRESS}`],
  ],
  ['brackets', api(TOKEN, ...tls()).replace('10.0.0.1', '[::1]'), [`3:8: '[::1]' is no value of listen, ${ADDRESS}`]],
  [
    'everywhere as a star',
    api(TOKEN, ...tls()).replace('10.0.0.1', '*'),
    [`3:8: '*' is no value of listen, ${ADDRESS}`],
  ],
  ['no key', api(TOKEN, ...tls()).replace('key /c.key\n', ''), ["4:1: 'tls' without 'key', expected 'key /PATH'"]],
  [
    'a relative path',
    api(TOKEN, ...tls()).replace('/c.pem', 'c.pem'),
    ["5:13: 'c.pem' is no value of certificate, expected the absolute path of a PEM file"],
  ],
  [
    'a word of TLS that is none',
    api(TOKEN, ...tls('client_cq /x')),
    ["7:1: 'client_cq' is no keyword of tls; did you mean 'client_ca'?"],
  ],
  [
    'who must have a certificate',
    api(TOKEN, ...tls('client_ca /x mandatory')),
    ["7:14: 'mandatory' is no value of client_ca, expected 'required', or nothing"],
  ],
  [
    'a list of revoked ones of nobody',
    api(TOKEN, ...tls('client_crl /x')),
    ["7:12: 'client_crl' without 'client_ca', expected 'client_ca /PATH'"],
  ],
  [
    'a place twice',
    api(TOKEN, ...tls(), ...tls()),
    ["9:8: '10.0.0.1 8443' is there already, in line 3, expected each place once"],
  ],
  ['nobody can be known', api(...tls()), [`2:8: warning: nobody may use the API here, expected ${WHAT_FOR}`]],
  [
    'nobody of the authority is named',
    api(...tls('client_ca /x')),
    [`2:8: warning: nobody may use the API here, expected ${WHAT_FOR}`],
  ],
  [
    'nobody is asked for a certificate',
    api(TOKEN, ...tls(), 'allow certificate cn:a read'),
    ["9:7: warning: nobody is asked for a certificate, expected 'client_ca /PATH' in a 'tls'"],
  ],
  [
    'a group without a role',
    api('listen unix:/a 0660 lvs'),
    ["2:8: warning: who is in group 'lvs' may connect here, and then nothing, expected 'allow group lvs ROLE'"],
  ],
  [
    'a role without a way in',
    api('listen unix:/a', 'allow user anna read'),
    ["3:7: warning: only the user of lvsd may connect to the socket, expected 'listen unix:/PATH 0660 GROUP'"],
  ],
  [
    'a block of a socket',
    api('listen unix:/a {', 'tls {', '}', '}'),
    ['2:15: a socket has no block, expected the end of the line'],
  ],
  [
    'allow: who',
    api('allow users anna read'),
    ["2:7: 'users' is no value of allow, expected user, group or certificate; did you mean 'user'?"],
  ],
  ['allow: nobody', api('allow user'), ["2:7: 'allow' lacks a value, expected a user"]],
  ['allow: no role', api('allow user anna'), ["2:12: 'allow' lacks a value, expected read, operate or admin"]],
  [
    'allow: a role that is none',
    api('allow user anna root'),
    ["2:17: 'root' is no value of allow, expected read, operate or admin"],
  ],
  [
    'allow: a service that is none',
    api('listen unix:/a 0660 g', 'allow user anna operate 192.0.2.1:80'),
    [
      "3:25: '192.0.2.1:80' is no value of allow, expected the id of a service, such as tcp-192.0.2.1-80, or its beginning and a *: tcp-192.0.2.1-*",
    ],
  ],
  [
    'allow: a certificate by nothing',
    api(...tls('client_ca /x'), 'allow certificate anna read'),
    [
      "9:19: 'anna' is no value of allow, expected a name that is in the certificate: 'dns:NAME', 'email:ADDRESS', 'uri:URI' or 'cn:NAME'",
    ],
  ],
  [
    'token: a text that is no hash',
    api('token t read lvsd_abc'),
    [
      "2:14: 'lvsd_abc' is no value of token, expected sha256: and 64 hex digits: 'lvsd token NAME ROLE' makes a token and prints this line",
    ],
  ],
  [
    'token: a name that is none',
    api(`token a/b read ${HASH}`),
    ["2:7: 'a/b' is no value of token, expected a name of at most 64 letters, digits and _ . @ -"],
  ],
  ['token: twice', api(TOKEN, TOKEN), ["3:7: 't' is there already, in line 2, expected another name"]],
  [
    'token: a day that is none',
    api(`${TOKEN} {`, 'expires 2027-02-30', '}'),
    [
      "3:9: '2027-02-30' is no value of expires, expected a day such as 2027-12-31, or a moment such as 2027-12-31T18:00Z",
    ],
  ],
  [
    'token: a prefix that is none',
    api(`${TOKEN} {`, 'from 10.0.0.0/33', '}'),
    ["3:6: '10.0.0.0/33' is no value of from, expected an address or a prefix, such as 10.0.0.0/8"],
  ],
  [
    'token: a word that is none',
    api(`${TOKEN} {`, 'expire 2027-02-20', '}'),
    ["3:1: 'expire' is no keyword of token; did you mean 'expires'?"],
  ],
  [
    'a relative file of tokens',
    api('token_file tokens'),
    ["2:12: 'tokens' is no value of token_file, expected the absolute path of a file"],
  ],
  [
    'an audit log without end',
    api('audit_log /a 0'),
    ["2:14: '0' is no value of audit_log, expected a whole number from 1 to 10000"],
  ],
  [
    'a rate of nothing',
    api('rate_limit 0'),
    ["2:12: '0' is no value of rate_limit, expected a whole number from 1 to 100000"],
  ],
  [
    'off and on',
    `api off\n${api('listen unix:/a')}`,
    ["1:5: 'api off', and in line 2 it is on, expected one of the two"],
  ],
  ['off with more', 'api off now\n', ["1:9: warning: 'now' is more than 'api' takes; it has no effect"]],
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
    ['2:16: warning: everybody on this machine may connect to this socket, expected a mode such as 0660, and a group'],
  ],
  [
    'a word too many',
    api('listen unix:/a 0660 lvs more'),
    [
      "2:8: warning: who is in group 'lvs' may connect here, and then nothing, expected 'allow group lvs ROLE'",
      "2:25: warning: 'more' is more than 'listen' takes; it has no effect",
    ],
  ],
  [
    'twice',
    api('listen unix:/a', 'listen unix:/b') + api('listen unix:/a 0660'),
    ["6:8: 'unix:/a' is there already, in line 2, expected each place once"],
  ],
  ['another word', api('listne unix:/a'), ["2:1: 'listne' is no keyword of api; did you mean 'listen'?"]],
];
for (const [name, text, expected] of complaints)
  t.test(name, (t) => {
    t.same(says(text), expected);
    t.end();
  });

t.test('where it is served', (t) => {
  const { api: settings } = configurationOf(
    `${api('listen unix:/run/a', 'listen unix:/run/b 0640', 'listen unix:/run/c 0666 lvs')}${api('listen unix:/run/d lvs', 'listen unix:/run/e 600 0', ...tls('client_ca /ca.pem required', 'client_crl /crl.pem'))}`,
  );
  t.match(settings.listeners, [
    { at: 'socket', path: '/run/a', mode: 0o600, group: undefined },
    { at: 'socket', path: '/run/b', mode: 0o640, group: undefined },
    { at: 'socket', path: '/run/c', mode: 0o666, group: 'lvs' },
    { at: 'socket', path: '/run/d', mode: 0o660, group: 'lvs' },
    { at: 'socket', path: '/run/e', mode: 0o600, group: '0' },
    {
      at: 'network',
      address: '10.0.0.1',
      port: 8443,
      tls: { certificate: '/c.pem', key: '/c.key', clientCa: '/ca.pem', clientMust: true, clientCrl: '/crl.pem' },
    },
  ]);
  t.equal(configurationOf('').api.listeners, 'usual', 'at its usual socket, if it is not said');
  t.equal(configurationOf(api('rate_limit 5')).api.listeners, 'usual');
  t.same(configurationOf('api off\n').api.listeners, [], 'nowhere');
  t.end();
});

const withoutPlaces = (key: string, value: unknown): unknown => (key === 'position' ? undefined : value);

const everything = api(
  'listen unix:/run/a 0660 lvs',
  ...tls('client_ca /ca.pem'),
  'allow user anna operate',
  'allow group lvs read',
  'allow certificate dns:monitor.example.org read',
  'allow user deploy operate tcp-192.0.2.1-80 tcp-192.0.2.2-*',
  TOKEN,
  `token deploy operate ${HASH} {`,
  'expires 2027-12-31',
  'services tcp-192.0.2.1-* udp-2001:db8::1-53',
  'services fwmark-7-ip4',
  'from 10.0.0.0/8 2001:DB8::/32 192.0.2.9',
  '}',
  'token_file /etc/lvsd/tokens',
  'token_file /etc/lvsd/more',
  'audit_log /var/log/lvsd/audit.log 5 9',
  'rate_limit 50 60',
);

t.test('who may, and what is kept of it', (t) => {
  const { api: settings } = configurationOf(everything);
  t.match(settings.allow, [
    { who: 'user', name: 'anna', role: 'operate', services: 'all' },
    { who: 'group', name: 'lvs', role: 'read', services: 'all' },
    { who: 'certificate', name: 'dns:monitor.example.org', role: 'read', services: 'all' },
    { who: 'user', name: 'deploy', role: 'operate', services: ['tcp-192.0.2.1-80', 'tcp-192.0.2.2-*'] },
  ]);
  const hash = '0a'.repeat(32);
  t.match(settings.tokens, [
    { name: 't', role: 'read', hash, expiresAt: undefined, services: 'all', from: [] },
    {
      name: 'deploy',
      role: 'operate',
      hash,
      expiresAt: Date.UTC(2027, 11, 31),
      services: ['tcp-192.0.2.1-*', 'udp-2001:db8::1-53', 'fwmark-7-ip4'],
      from: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.9/32'],
    },
  ]);
  t.same(settings.tokenFiles, ['/etc/lvsd/tokens', '/etc/lvsd/more']);
  t.same(settings.audit, { path: '/var/log/lvsd/audit.log', longestBytes: 5_000_000, older: 9 });
  t.same(settings.rate, { perSecond: 50, burst: 60 });
  t.same(configurationOf(api('rate_limit 50')).api.rate, { perSecond: 50, burst: 100 });
  t.same(configurationOf(api('audit_log /a')).api.audit, { path: '/a', longestBytes: 16_000_000, older: 4 });
  t.end();
});

t.test('printed and read again it is the same', (t) => {
  const settingsOf = (text: string): unknown => JSON.parse(JSON.stringify(configurationOf(text).api, withoutPlaces));
  const printed = printTree(parse({ file: 'f', text: everything }, {}, shape, new Diagnostics()));
  t.not(printed, everything);
  t.match(printed, `    token deploy operate ${HASH} {\n        expires 2027-12-31\n`);
  t.same(settingsOf(printed), settingsOf(everything));
  t.same(
    settingsOf(printTree(parse({ file: 'f', text: 'api   off' }, {}, shape, new Diagnostics()))),
    settingsOf('api off\n'),
  );
  t.end();
});

t.test('a file of tokens: what is right counts, whatever stands beside it', (t) => {
  const text = [
    TOKEN,
    'token u root x',
    `token v admin ${HASH} {`,
    'expires never',
    '}',
    `token w read ${HASH}`,
    'rubbish',
  ];
  const { tokens, diagnostics } = readTokenFile({ file: '/t', text: text.join('\n') });
  t.same(
    tokens.map(({ name }) => name),
    ['t', 'w'],
    'not v: without its end it would hold for ever',
  );
  t.same(
    diagnostics.map(({ position: { line } }) => line),
    [2, 4, 7],
  );
  t.end();
});

const word = (...words: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...words);
const line = fc
  .oneof(
    fc.tuple(
      word('allow'),
      word('user', 'group'),
      word('a', '0', 'b-c'),
      word('read', 'operate', 'admin'),
      word('', 'tcp-1.2.3.4-80', 'tcp-*', 'x y'),
    ),
    fc.tuple(
      word('token'),
      word('a', 'b', 'c'),
      word('read', 'admin'),
      word(HASH),
      word('', '{\nexpires 2030-01-01\n}', '{\nfrom 10.0.0.1 ::/0\nservices any-*\n}'),
    ),
    fc.tuple(word('listen'), word('unix:/a', 'unix:/b', 'unix:/c'), word('', '0600', '660'), word('', 'g')),
    fc.tuple(
      word('listen'),
      word('10.0.0.1', '::', '0.0.0.0'),
      word('1', '65535'),
      word('{\ntls {\ncertificate /a\nkey /b\n}\n}', '{\ntls {\ncertificate /a\nkey /b\nclient_ca /c required\n}\n}'),
    ),
    fc.tuple(word('audit_log'), word('/a'), word('', '7'), word('')),
    fc.tuple(word('token_file'), word('/a', '/b')),
    fc.tuple(word('rate_limit'), word('1', '500'), word('', '3')),
  )
  .map((words) => words.filter((one) => one !== '').join(' '));

t.test('whatever stands in it: it is refused at a place, or printed and read again the same', (t) => {
  const read = (text: string): unknown => {
    const { configuration, diagnostics } = readConfiguration({ file: 'f', text });
    for (const { position } of diagnostics)
      if (position.line > text.split('\n').length) throw new Error('a place beyond the end');
    return configuration && JSON.parse(JSON.stringify(configuration.api, withoutPlaces));
  };
  let right = 0;
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const text = api(...lines);
      const wanted = read(text);
      if (wanted !== undefined) right++;
      t.same(read(printTree(parse({ file: 'f', text }, {}, shape, new Diagnostics()))), wanted);
    }),
    { numRuns: 300 },
  );
  t.ok(right > 30, `${right} of them were right`);
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
