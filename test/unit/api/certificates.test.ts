/** Names in certificates of clients, as openssl(1) makes them. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { allowedByCertificate, clientCertificate } from '../../../src/api/certificates.js';
import { configurationOf } from '../../helpers/configuration.js';

const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
t.teardown(() => rmSync(folder, { recursive: true }));

/** `names` as lines of a section: there a comma in quotes is no separator. */
function made(subject: string, names: readonly string[] = []): X509Certificate {
  const config = join(folder, 'config');
  const sections = ['[req]', 'distinguished_name=dn', 'x509_extensions=x', '[dn]', '[x]', 'basicConstraints=CA:false'];
  const alternatives = names.length === 0 ? [] : ['subjectAltName=@names', '[names]', ...names];
  writeFileSync(config, [...sections, ...alternatives, ''].join('\n'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '/dev/null'];
  const words = ['req', '-x509', ...key, '-days', '2', '-subj', subject, '-config', config];
  return new X509Certificate(execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'ignore'] }));
}
const rulesOf = (...names: readonly string[]) =>
  configurationOf(`api {\n${names.map((name) => `allow certificate ${name} read`).join('\n')}\n}\n`).api.allow;

t.test('all kinds of names', (t) => {
  const { names, name, endsAt } = clientCertificate(
    made('/O=Example/CN=Anna', [
      'DNS=Monitor.example.org',
      'email=anna@example.org',
      'URI=spiffe://example.org/lb',
      'IP=192.0.2.1',
    ]),
  );
  t.same([...names].sort(), [
    'cn:Anna',
    'dns:Monitor.example.org',
    'email:anna@example.org',
    'uri:spiffe://example.org/lb',
  ]);
  t.equal(name, 'dns:Monitor.example.org');
  t.ok(endsAt > Date.now() && endsAt < Date.now() + 3 * 86_400_000);
  t.same([...clientCertificate(made('/')).names], [], 'of nobody');
  t.match(clientCertificate(made('/O=Example')).name, /^certificate [0-9A-F:]{23}$/);
  t.end();
});

t.test('a name that wants to be two', (t) => {
  const { names } = clientCertificate(
    made('/CN=a', ['URI="http://a/, DNS:admin.example.org"', 'URI.2="b\\\", DNS:admin.example.org"']),
  );
  t.ok(names.has('uri:http://a/, DNS:admin.example.org'));
  t.notOk(names.has('dns:admin.example.org'), [...names].join(' '));
  const lines = clientCertificate(made('/O=x\nCN=admin/CN=b'));
  t.notOk(lines.names.has('cn:admin'), [...lines.names].join(' '));
  t.ok(lines.names.has('cn:b'));
  t.end();
});

t.test('the first line that fits; capitals are the same in names of machines only', (t) => {
  const certificate = clientCertificate(made('/CN=Anna', ['DNS=Monitor.example.org', 'email=A@example.org']));
  const name = (...rules: readonly string[]): string | undefined =>
    allowedByCertificate(rulesOf(...rules), certificate)?.name;
  t.equal(name('dns:monitor.EXAMPLE.org'), 'dns:monitor.EXAMPLE.org');
  t.equal(name('cn:Bert', 'cn:Anna', 'dns:monitor.example.org'), 'cn:Anna');
  for (const rule of ['cn:anna', 'cn:Ann', 'dns:Anna', 'email:a@example.org', 'dns:example.org', 'dns:*.example.org'])
    t.equal(name(rule), undefined, rule);
  t.end();
});
