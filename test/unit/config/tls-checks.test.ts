/** What lvsd adds to checks over TLS, and GRPC_CHECK. */
import t from 'tap';
import type { Check, TlsSettings } from '../../../src/config/check.js';
import { hostWithoutPort } from '../../../src/config/checks/tls.js';
import { readConfiguration } from '../../../src/config/read.js';
import { says, server } from './says.js';

function checkOf(text: string): Check {
  const { configuration, diagnostics } = readConfiguration({ file: 'f', text });
  const [check] = configuration?.virtualServers[0]?.realServers[0]?.checks ?? [];
  if (check === undefined) throw new Error(JSON.stringify(diagnostics));
  return check;
}
const url = ['url {', 'path /', '}'];
const sslGet = (...lines: readonly string[]): string => server('SSL_GET {', ...lines, ...url, '}');

const rows: readonly (readonly [name: string, lines: readonly string[], tls: TlsSettings])[] = [
  ['nothing said: as keepalived', [], {}],
  ['a virtual host alone sends no name', ['virtualhost a.example'], {}],
  ['enable_sni', ['virtualhost a.example:8443', 'enable_sni'], { serverName: 'a.example' }],
  ['enable_sni without a name', ['enable_sni'], {}],
  ['sni_name', ['virtualhost a.example', 'sni_name b.example'], { serverName: 'b.example' }],
  ['sni_name without a name', ['virtualhost a.example', 'sni_name'], { serverName: 'a.example' }],
  ['SNI has no addresses', ['sni_name 192.0.2.1'], {}],
  [
    'tls_verify: the name of the virtual host, which is sent too',
    ['virtualhost a.example:8443', 'tls_verify'],
    { serverName: 'a.example', verify: { name: 'a.example' } },
  ],
  ['tls_verify without a virtual host: the address', ['tls_verify'], { verify: { name: '10.1.0.1' } }],
  [
    'tls_verify without SNI',
    ['virtualhost a.example', 'tls_verify', 'enable_sni no'],
    { verify: { name: 'a.example' } },
  ],
  [
    'all of it',
    ['tls_verify', 'tls_ca /etc/ca.pem', 'tls_verify_name b.example', 'certificate_warn 30', 'certificate_fail 0'],
    { serverName: 'b.example', verify: { name: 'b.example', authority: '/etc/ca.pem' }, warnDays: 30, failDays: 0 },
  ],
];
for (const [name, lines, tls] of rows)
  t.test(name, (t) => {
    t.strictSame(says(sslGet(...lines)), []);
    const check = checkOf(sslGet(...lines));
    t.strictSame(check.is === 'http' ? check.tls : undefined, tls);
    t.end();
  });

t.test('the SSL block: a certificate of our own, and an authority for who verifies', (t) => {
  const ssl = 'SSL {\nca /etc/ca.pem\ncertificate /etc/our.pem\nkey /etc/our.key\npassword x\n}\n';
  const client = { certificate: '/etc/our.pem', key: '/etc/our.key', password: 'x' };
  const plain = checkOf(ssl + sslGet());
  t.strictSame(plain.is === 'http' ? plain.tls : undefined, { client });
  const verified = checkOf(ssl + sslGet('tls_verify'));
  t.strictSame(verified.is === 'http' ? verified.tls : undefined, {
    verify: { name: '10.1.0.1', authority: '/etc/ca.pem' },
    client,
  });
  t.end();
});

t.test('HTTP/2', (t) => {
  const check = checkOf(server('HTTP_GET {', 'http_protocol 2', ...url, '}'));
  t.match(check, { is: 'http', protocol: '2', tls: undefined });
  t.end();
});

t.test('GRPC_CHECK', (t) => {
  const { position: _, pace, ...plain } = { ...checkOf(server('GRPC_CHECK {', '}')) };
  t.match(pace, { retries: 1, retryDelaySeconds: 1 });
  t.match(plain, { is: 'grpc', service: '', authority: '10.1.0.1:80', tls: undefined });
  const words = ['service pkg.Web', 'authority web.example:443', 'tls', 'tls_verify', 'connect_port 443', 'retry 0'];
  t.match(checkOf(server('GRPC_CHECK {', ...words, '}')), {
    is: 'grpc',
    service: 'pkg.Web',
    authority: 'web.example:443',
    target: { port: 443 },
    pace: { retries: 0 },
    tls: { serverName: 'web.example', verify: { name: 'web.example' } },
  });
  t.match(checkOf(server('virtualhost rs.example', 'GRPC_CHECK {', 'tls', '}')), {
    authority: 'rs.example',
    tls: { serverName: 'rs.example' },
  });
  t.end();
});

const complaints: readonly (readonly [text: string, says: readonly string[]])[] = [
  [
    sslGet('tls_ca ca.pem', 'tls_verify'),
    ["7:8: 'ca.pem' is no value of tls_ca, expected the absolute path of a file"],
  ],
  [sslGet('tls_ca /ca.pem'), ["7:8: warning: 'tls_ca' has no effect without 'tls_verify'"]],
  [sslGet('tls_verify_name a'), ["7:17: warning: 'tls_verify_name' has no effect without 'tls_verify'"]],
  [
    sslGet('certificate_warn 7', 'certificate_fail 7'),
    ['7:18: warning: nobody is warned: the check fails 7 days before the end of the certificate'],
  ],
  [
    sslGet('certificate_fail -1'),
    ["7:18: '-1' is no value of certificate_fail, expected a whole number from 0 to 36500"],
  ],
  [server('GRPC_CHECK {', 'tls_verify', '}'), ["7:1: warning: 'tls_verify' has no effect without 'tls'"]],
  [server('HTTP_GET {', 'tls_verify', ...url, '}'), ["7:1: 'tls_verify' is no keyword of HTTP_GET"]],
];
for (const [text, expected] of complaints)
  t.test(`complains: ${expected[0] ?? ''}`, (t) => {
    t.strictSame(says(text), expected);
    t.end();
  });

t.test('a host without its port', (t) => {
  for (const [host, name] of [
    ['a.example', 'a.example'],
    ['a.example:8443', 'a.example'],
    ['192.0.2.1:80', '192.0.2.1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
  ] as const)
    t.equal(hostWithoutPort(host), name);
  t.end();
});
