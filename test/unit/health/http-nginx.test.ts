/** HTTP_GET and SSL_GET against Debian's nginx, and digests against keepalived's genhash. */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { HttpCheck, HttpUrl, TlsSettings } from '../../../src/config/check.js';
import type { Failure } from '../../../src/health/check.js';
import { attemptHttp } from '../../../src/health/http.js';
import { systemClock, wallMs } from '../../../src/system/clock.js';
import { httpCheck, never, patient, why } from '../../helpers/attempts.js';
import { makeAuthority } from '../../helpers/certificates.js';
import { freePort, isOpen, nginx } from '../../helpers/nginx.js';
import { probePorts } from '../../helpers/probe-ports.js';
import { findProgram, running, stop, temporaryDirectory, unlessInstalled } from '../../helpers/program.js';

const world = probePorts(systemClock);
const DAY_MS = 86_400_000;

t.test('nginx', { skip: unlessInstalled('nginx') }, async (t) => {
  const directory = temporaryDirectory(t);
  const authority = makeAuthority(directory);
  const good = authority.issue('good', 20);
  const ended = authority.issue('ended', -1);
  const client = authority.issue('client', 20);
  const [plain, tls, expired, mutual, h2c] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const places = `
    location /alive { return 200 "hello"; }
    location /gone { return 404 "hello"; }
    location /moved { return 301 /alive; }
    location /large { default_type text/plain; return 200 "${'x'.repeat(3000)}"; }
    location /host { return 200 "host=$http_host sni=$ssl_server_name protocol=$server_protocol"; }`;
  const secure = ({ certificate, key }: { certificate: string; key: string }): string =>
    `ssl_certificate ${certificate}; ssl_certificate_key ${key};`;
  const server = await nginx(
    t,
    plain,
    `server { listen 127.0.0.1:${plain}; ${places} }
     server { listen 127.0.0.1:${tls} ssl http2; ${secure(good)} ${places} }
     server { listen 127.0.0.1:${expired} ssl; ${secure(ended)} ${places} }
     server { listen 127.0.0.1:${mutual} ssl; ${secure(good)} ssl_client_certificate ${authority.certificate};
              ssl_verify_client on; ${places} }
     server { listen 127.0.0.1:${h2c} http2; ${places} }`,
  );

  const ask = (check: HttpCheck): Promise<Failure | 'alive' | 'inconclusive'> =>
    attemptHttp(patient(check), 0, world, never).then(why);

  for (const protocol of ['1.0', '1.0C', '1.1', '2'] as const) {
    const port = protocol === '2' ? h2c : plain;
    const hello = '5d41402abc4b2a76b9719d911017c592';
    const rows: [url: Partial<HttpUrl>, verdict: Failure | 'alive'][] = [
      [{}, 'alive'],
      [{ path: '/gone' }, 'status'],
      [{ path: '/moved' }, 'status'],
      [{ path: '/gone', statusCodes: [[400, 404]] }, 'alive'],
      [{ digest: hello }, 'alive'],
      [{ digest: hello.replace('5', '6') }, 'digest'],
      [{ path: '/large', digest: '79ef2b3b10c33bd7d8d9b60a5ab4f0d6' }, 'digest'],
      [{ path: '/host', host: 'a.example:81', pattern: { regex: /host=a\.example:81 sni=/, absent: false } }, 'alive'],
      [{ pattern: { regex: /[Ss]erver: nginx/, absent: false } }, 'alive'],
      [{ pattern: { regex: /hello/, absent: true } }, 'pattern'],
    ];
    for (const [url, verdict] of rows)
      t.equal(await ask(httpCheck(port, url, protocol)), verdict, `HTTP ${protocol} ${JSON.stringify(url)}`);
  }
  t.equal(await ask(httpCheck(plain, {}, '2')), 'malformed', 'HTTP/2 to a server of HTTP/1');

  await t.test('the digest is the one of genhash', { skip: unlessInstalled('genhash') }, async (t) => {
    for (const path of ['/alive', '/large', '/gone']) {
      const { stdout } = spawnSync(findProgram('genhash')!, ['-s', '127.0.0.1', '-p', String(plain), '-u', path], {
        encoding: 'utf8',
      });
      const [digest] = /[0-9a-f]{32}/.exec(stdout) ?? [];
      t.type(digest, 'string', stdout);
      const statusCodes: HttpUrl['statusCodes'] = [[200, 404]];
      t.equal(await ask(httpCheck(plain, { path, digest: digest ?? '', statusCodes })), 'alive', path);
    }
  });

  await t.test('TLS', async (t) => {
    const verified = { authority: authority.certificate, name: 'www.example.com' };
    const rows: [name: string, port: number, settings: TlsSettings, verdict: Failure | 'alive'][] = [
      ['nobody looks at the certificate', tls, {}, 'alive'],
      ['not even at one that has ended', expired, {}, 'alive'],
      ['an authority that issued it', tls, { verify: verified }, 'alive'],
      ['its address is in it', tls, { verify: { ...verified, name: '127.0.0.1' } }, 'alive'],
      ['another name', tls, { verify: { ...verified, name: 'other.example.com' } }, 'certificate'],
      ['another address', tls, { verify: { ...verified, name: '127.0.0.2' } }, 'certificate'],
      ['the authorities of the machine', tls, { verify: { name: 'www.example.com' } }, 'certificate'],
      ['an authority that cannot be read', tls, { verify: { ...verified, authority: '/nowhere.pem' } }, 'tls'],
      ['a certificate that has ended', expired, { verify: verified }, 'certificate'],
      ['its end is looked at without its issuer', expired, { failDays: 0 }, 'certificate'],
      ['enough days', tls, { failDays: 19 }, 'alive'],
      ['too few days', tls, { failDays: 21 }, 'certificate'],
      ['a server that wants a certificate of us', mutual, {}, 'status'],
      ['and gets it', mutual, { client }, 'alive'],
      ['plain HTTP', plain, {}, 'tls'],
    ];
    for (const [name, port, settings, verdict] of rows)
      t.equal(await ask(httpCheck(port, {}, '1.1', settings)), verdict, name);

    const names = { serverName: 'b.example' };
    const pattern = { regex: /sni=b\.example protocol=HTTP\/2/, absent: false };
    t.equal(await ask(httpCheck(tls, { path: '/host', pattern }, '2', names)), 'alive', 'HTTP/2 with SNI');
    t.equal(await ask(httpCheck(expired, {}, '2', {})), 'tls', 'a server that does not take h2');
    const none = { regex: /sni= protocol/, absent: false };
    t.equal(await ask(httpCheck(tls, { path: '/host', pattern: none }, '1.1', {})), 'alive', 'no SNI');

    const later = { ...world, wallMs: () => wallMs() + 10 * DAY_MS };
    t.match(await attemptHttp(patient(httpCheck(tls, {}, '1.1', { warnDays: 10, failDays: 5 })), 0, later, never), {
      is: 'alive',
      warning: /^the certificate ends in 9 days \(\d{4}-\d\d-\d\d\)$/,
    });
    t.match(await attemptHttp(patient(httpCheck(tls, {}, '1.1', { warnDays: 10, failDays: 10 })), 0, later, never), {
      is: 'failed',
      detail: /^the certificate ends in 9 days/,
    });
    const said = execFileSync('openssl', ['x509', '-noout', '-enddate', '-in', good.certificate], { encoding: 'utf8' });
    t.notOk(Number.isNaN(Date.parse(said.split('=')[1] ?? '')), said);
  });

  server.kill('SIGSTOP');
  for (const [check, what] of [
    [httpCheck(plain), 'no answer'],
    [httpCheck(tls, {}, '1.1', {}), 'no TLS handshake'],
    [httpCheck(h2c, {}, '2'), 'no answer'],
  ] as const) {
    const hasty = { ...check, target: { ...check.target, timeoutSeconds: 0.2 } };
    const outcome = { is: 'failed', why: 'timeout', detail: `${what} within 200 ms` };
    t.match(await attemptHttp(hasty, 0, world, never), outcome, 'stopped, but the kernel still accepts');
  }
  server.kill('SIGCONT');
  t.equal(await ask(httpCheck(plain)), 'alive', 'when it goes on');

  await stop(server);
  t.equal(await ask(httpCheck(plain)), 'refused', 'when it is down');
});

t.test('nghttpd, HTTP/2 with prior knowledge', { skip: unlessInstalled('nghttpd') }, async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'alive'), 'hello');
  const port = await freePort();
  const server = await running(t, 'nghttpd', ['--no-tls', '-d', directory, '-a', '127.0.0.1', String(port)], () =>
    isOpen(port),
  );
  const ask = (url: Partial<HttpUrl>): Promise<Failure | 'alive' | 'inconclusive'> =>
    attemptHttp(patient(httpCheck(port, url, '2')), 0, world, never).then(why);
  t.equal(await ask({ digest: '5d41402abc4b2a76b9719d911017c592' }), 'alive');
  t.equal(await ask({ path: '/gone' }), 'status');
  t.equal(await ask({ path: '/caf\u00e9', statusCodes: [[404, 404]] }), 'alive');
  t.equal(await ask({ host: 'a b\u0001' }), 'reset', 'a header that the server does not take');
  await stop(server);
  t.equal(await ask({}), 'refused');
});
