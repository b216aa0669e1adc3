/** Mail through a real relay: exim takes it and delivers into a file. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { sendBySmtp } from '../../../src/notify/smtp.js';
import { systemClock } from '../../../src/system/clock.js';

const isThere = spawnSync('exim4', ['-bV']).status === 0;
const missing = !isThere ? 'exim4 is not installed' : process.geteuid?.() === 0 ? undefined : 'exim4 needs root';

const eximUser = (): string =>
  /^exim_user = (.*)$/m.exec(spawnSync('exim4', ['-bP', 'exim_user'], { encoding: 'utf8' }).stdout)?.[1] ?? 'mail';

const pause = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.after(ms, () => resolve()));

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });

/** Delivering as somebody else takes rights that exim gives up under a configuration of others. */
const configuration = (folder: string, user: string): string => `
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
pid_file_path = ${folder}/pid
primary_hostname = relay.example.org
acl_smtp_rcpt = acl_rcpt
tls_advertise_hosts =
keep_environment =
begin acl
acl_rcpt:
  accept
begin routers
all:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  file = ${folder}/box/all
  user = ${user}
  return_path_add
  envelope_to_add
`;

t.test('exim delivers what we send', missing === undefined ? {} : { skip: missing }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  chmodSync(folder, 0o755);
  for (const name of ['spool', 'log', 'box']) {
    mkdirSync(`${folder}/${name}`);
    chmodSync(`${folder}/${name}`, 0o777);
  }
  writeFileSync(`${folder}/exim.conf`, configuration(folder, eximUser()), { mode: 0o644 });
  const port = await freePort();
  const exim = spawn('exim4', ['-C', `${folder}/exim.conf`, '-bdf', '-oX', `127.0.0.1.${port}`], { stdio: 'ignore' });
  t.teardown(async () => {
    const ended = new Promise((resolve) => exim.once('exit', resolve));
    exim.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  for (let i = 0; i < 1200 && !(await answers(port)); i++) await pause(50);

  const settings = {
    server: '127.0.0.1',
    port,
    timeoutSeconds: 60,
    heloName: 'lb1.example.org',
    from: 'lb1@example.org',
    to: ['ops@example.org', 'Night Shift <night@example.org>'],
  };
  const mails = [
    {
      subject: '[lb1] Realserver [10.9.8.5]:tcp:80 of virtual server [10.0.8.5]:tcp:80 - DOWN',
      body: '=> TCP CHECK failed on service <=\n',
    },
    { subject: '[lb1] Virtualserver [10.0.8.5]:tcp:80 - DOWN', body: '=> Lost quorum 4+0=4 <= 3 <=\n' },
  ];
  t.same(await sendBySmtp(settings, mails, new AbortController().signal), [undefined, undefined]);
  const box = (): string => (existsSync(`${folder}/box/all`) ? readFileSync(`${folder}/box/all`, 'utf8') : '');
  const count = (pattern: RegExp): number => box().match(pattern)?.length ?? 0;
  // each of two mails to each of two people, in whatever order
  for (let i = 0; i < 1200 && count(/^=> (?:Lost|TCP)/gm) < 4; i++) await pause(50);
  for (const pattern of [
    /^Envelope-to: night@example\.org$/gm,
    /^Subject: \[lb1\] Realserver \[10\.9\.8\.5\]:tcp:80 of virtual server\s+\[10\.0\.8\.5\]:tcp:80 - DOWN$/gm,
    /^=> TCP CHECK failed on service <=$/gm,
    /^=> Lost quorum 4\+0=4 <= 3 <=$/gm,
  ])
    t.equal(count(pattern), 2, `${pattern.source}\n${box()}`);
  t.equal(count(/^From: lb1@example\.org$/gm), 4);
  t.equal(count(/^To: ops@example\.org, Night Shift <night@example\.org>$/gm), 4);
});
