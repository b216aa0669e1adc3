/** Certificates by their end, the files of TLS, and how a connection is closed. */
import { copyFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { attemptHttp } from '../../../src/health/http.js';
import { judgeEnd } from '../../../src/health/tls.js';
import { openTlsContexts } from '../../../src/health/tls-context.js';
import { systemClock } from '../../../src/system/clock.js';
import { httpCheck, never, patient } from '../../helpers/attempts.js';
import { makeAuthority } from '../../helpers/certificates.js';
import { freePort, isOpen } from '../../helpers/nginx.js';
import { probePorts } from '../../helpers/probe-ports.js';
import { running, temporaryDirectory } from '../../helpers/program.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);

const ends: readonly (readonly [
  left: number,
  warnDays: number | undefined,
  failDays: number | undefined,
  told: unknown,
])[] = [
  [30 * DAY, undefined, undefined, undefined],
  [30 * DAY, 29, 10, undefined],
  [30 * DAY, 30, 10, undefined],
  [30 * DAY - 1, 30, 10, 'the certificate ends in 29 days (2026-01-30)'],
  [1.5 * DAY, 30, 1, 'the certificate ends in 1 day (2026-01-02)'],
  [10 * DAY - 1, 30, 10, { is: 'failed', why: 'certificate', detail: 'the certificate ends in 9 days (2026-01-10)' }],
  [0, undefined, 0, undefined],
  [-1, undefined, 0, { is: 'failed', detail: 'the certificate ended 0 days ago (2025-12-31)' }],
  [-DAY, 1, undefined, 'the certificate ended 1 day ago (2025-12-31)'],
  [Number.NaN, 1, undefined, /nobody knows when/],
  [Number.NaN, undefined, 0, { is: 'failed' }],
];
for (const [left, warnDays, failDays, told] of ends)
  t.test(`${left / DAY} days left, warned of ${warnDays}, failing at ${failDays}`, (t) => {
    const settings = {
      ...(warnDays === undefined ? {} : { warnDays }),
      ...(failDays === undefined ? {} : { failDays }),
    };
    const found = judgeEnd(NOW + left, NOW, settings);
    if (told === undefined) t.equal(found, undefined);
    else t.match(found, told);
    t.end();
  });

t.test('files are loaded once, again when they change, and kept when they are broken', (t) => {
  const directory = temporaryDirectory(t);
  const authority = makeAuthority(directory);
  const [one, two] = [authority.issue('one', 5), authority.issue('two', 5)];
  const client = { certificate: join(directory, 'now.pem'), key: join(directory, 'now.key') };
  let changes = 0;
  /** In a second of its own, whatever the clock of the file system. */
  const put = (part: 'certificate' | 'key', from: string): void => {
    copyFileSync(from, client[part]);
    utimesSync(client[part], ++changes, changes);
  };
  const context = openTlsContexts();
  t.throws(() => context({ client }), { code: 'ENOENT' });

  put('certificate', one.certificate);
  put('key', one.key);
  const first = context({ client });
  t.equal(context({ client: { ...client } }), first, 'the same for all checks');
  t.not(context({}), first);
  t.equal(context({}), context({ serverName: 'a' }), 'files make the difference, names do not');

  put('certificate', two.certificate);
  t.equal(context({ client }), first, 'half of a renewal');
  put('key', two.key);
  const second = context({ client });
  t.not(second, first);
  rmSync(client.key);
  t.equal(context({ client }), second, 'a file that is gone');

  writeFileSync(join(directory, 'junk.pem'), 'junk');
  t.throws(() => context({ client: { certificate: join(directory, 'junk.pem'), key: one.key } }));
  t.end();
});

t.test('a check says good-bye: close_notify', async (t) => {
  const directory = temporaryDirectory(t);
  const { certificate, key } = makeAuthority(directory).issue('server', 5);
  const port = await freePort();
  const files = ['-cert', certificate, '-key', key];
  const server = await running(
    t,
    'openssl',
    ['s_server', '-accept', `127.0.0.1:${port}`, ...files, '-msg', '-www'],
    () => isOpen(port),
  );
  let said = '';
  const heard = new Promise<void>((resolve) => {
    server.stdout?.on('data', (bytes: Buffer) => {
      said += bytes.toString();
      if (/<<<.*close_notify/.test(said)) resolve();
    });
  });
  const check = patient(httpCheck(port, { path: '/' }, '1.0', {}));
  const outcome = await attemptHttp(check, 0, probePorts(systemClock), never);
  t.match(outcome, { is: 'alive' });
  await heard;
});
