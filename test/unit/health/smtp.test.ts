/** SMTP_CHECK against scripted servers, kind and hostile, and against a real one (exim4). */
import { ip } from '../../helpers/own-namespace.js';
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import type { SmtpCheck } from '../../../src/config/check.js';
import type { Failure, Outcome } from '../../../src/health/check.js';
import { attemptSmtp } from '../../../src/health/smtp.js';
import { systemClock } from '../../../src/system/clock.js';
import { serving } from '../../helpers/scripted-server.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { anyCheck, probePorts, targetAt } from '../../helpers/probe-ports.js';
import { running, stop, temporaryDirectory, unlessInstalled } from '../../helpers/program.js';

ip('addr add 127.0.0.2/8 dev lo'); // so that there is more than one address to bind to

const never = new AbortController().signal;
/** No time passes: nobody is late, however busy this machine is. */
const world = probePorts(new FakeClock());
const why = (outcome: Outcome): Failure | 'alive' | 'inconclusive' =>
  outcome.is === 'failed' ? outcome.why : outcome.is;

const smtp = (port: number, more: Partial<SmtpCheck> = {}): SmtpCheck => ({
  is: 'smtp',
  ...anyCheck,
  target: targetAt(port),
  heloName: 'checker.example',
  ...more,
});

/** Says its first text at once, and each other one after a line of the client. `undefined` closes. */
const script =
  (heard: string[], ...texts: readonly (string | undefined)[]) =>
  (socket: Socket): void => {
    const say = (text: string | undefined): void => {
      if (text === undefined) socket.end();
      else socket.write(text, 'latin1');
    };
    let at = 0;
    say(texts[at++]);
    socket.on('data', (bytes) => {
      for (const line of bytes.toString('latin1').split('\r\n').slice(0, -1)) {
        heard.push(line);
        if (at < texts.length) say(texts[at++]);
      }
    });
  };

const hello = '220 mail.example\r\n';
const ok = '250 mail.example\r\n';
const rows: [name: string, texts: (string | undefined)[], verdict: Failure | 'alive', detail: RegExp][] = [
  ['all three answers', [hello, ok, '221 bye\r\n'], 'alive', /^221 bye$/],
  ['a banner without text', ['220\r\n', ok, '221\r\n'], 'alive', /221/],
  ['a banner of several lines', ['220-a\r\n220-b\r\n220 c\r\n', ok, '221 bye\r\n'], 'alive', /221/],
  ['an answer to HELO of several lines', [hello, '250-a\r\n250 b\r\n', '221 bye\r\n'], 'alive', /221/],
  ['500 to QUIT', [hello, ok, '500 what?\r\n'], 'alive', /500 what\?/],
  ['nonsense to QUIT', [hello, ok, 'adieu\r\n'], 'alive', /HELO was answered/],
  ['a close instead of an answer to QUIT', [hello, ok, undefined], 'alive', /closed without an answer to QUIT/],
  ['421 for a greeting', ['421 too busy\r\n'], 'answer', /^greeting: 421 too busy$/],
  ['554 for a greeting', ['554-no service\r\n554 for you\r\n'], 'answer', /554 no service for you/],
  ['250 for a greeting', [ok], 'answer', /250/],
  ['550 to HELO', [hello, '550 go away\r\n'], 'answer', /^HELO: 550 go away$/],
  ['421 to HELO', [hello, '421 later\r\n'], 'answer', /421/],
  ['a close without a greeting', [undefined], 'closed', /without a greeting/],
  ['a close after half a greeting', ['220 mai', undefined], 'closed', /without a greeting/],
  ['a close without an answer to HELO', [hello, undefined], 'closed', /without an answer to HELO/],
  ['a web server', ['HTTP/1.1 400 Bad Request\r\n\r\n'], 'malformed', /not a reply: 'HTTP/],
  ['an SSH server', ['SSH-2.0-OpenSSH_9.2\r\n'], 'malformed', /not a reply: 'SSH/],
  ['two answers at once', [hello + ok], 'malformed', /more than one reply/],
];
for (const [name, texts, verdict, detail] of rows)
  t.test(`SMTP: ${name}`, async (t) => {
    const heard: string[] = [];
    // what comes before `undefined` without a question between is said at once
    const [first, second] = texts;
    const says =
      first === '220 mai' && second === undefined
        ? (socket: Socket) => void socket.end(first)
        : script(heard, ...texts);
    const outcome = await attemptSmtp(smtp(await serving(t, says)), world, never);
    t.equal(why(outcome), verdict, outcome.detail);
    t.match(outcome.detail, detail);
    if (verdict === 'alive') t.strictSame(heard, ['HELO checker.example', 'QUIT']);
  });

t.test('SMTP: replies that come byte by byte', async (t) => {
  const port = await serving(t, (socket) => {
    socket.setNoDelay(true);
    const drip = (text: string): void => {
      socket.write(text.slice(0, 1));
      if (text.length > 1) setImmediate(() => drip(text.slice(1)));
    };
    drip('220-a\r\n220 b\r\n');
    socket.on('data', (line) => drip(line.toString().startsWith('HELO') ? '250-c\r\n250 d\r\n' : '221 e\r\n'));
  });
  t.equal(why(await attemptSmtp(smtp(port), world, never)), 'alive');
});

t.test('SMTP: a server that closes without having read our QUIT', async (t) => {
  const port = await serving(t, (socket) => {
    socket.write(hello);
    socket.once('data', () => {
      socket.pause();
      socket.write(ok, () => setTimeout(() => socket.resetAndDestroy(), 50));
    });
  });
  const outcome = await attemptSmtp(smtp(port), world, never);
  t.match(outcome, { is: 'alive', detail: /closed without an answer to QUIT/ });
});

t.test('SMTP: a reset before that is one', async (t) => {
  const port = await serving(t, (socket) => void setTimeout(() => socket.resetAndDestroy(), 20));
  t.equal(why(await attemptSmtp(smtp(port), world, never)), 'reset');
});

t.test('SMTP: a port nobody listens at, and the source address that was asked for', async (t) => {
  t.equal(why(await attemptSmtp(smtp(9), world, never)), 'refused');
  let remote: string | undefined;
  const port = await serving(t, (socket) => {
    remote = socket.remoteAddress;
    script([], hello, ok, '221\r\n')(socket);
  });
  const target = targetAt(port, { bindAddress: '127.0.0.2' });
  t.equal(why(await attemptSmtp(smtp(port, { target }), world, never)), 'alive');
  t.equal(remote, '127.0.0.2');
});

t.test('SMTP: banners without end cost little', async (t) => {
  for (const [text, detail] of [
    ['220 a line without end', /a line of more than/],
    ['220-a reply without end\r\n', /a reply of more than|more than one reply/],
    ['\0\xff', /a line of more than/],
  ] as const) {
    let written = 0;
    const port = await serving(t, (socket) => {
      const flood = (): void => {
        while (!socket.destroyed && socket.write(text.repeat(1000), 'latin1')) written += 1000 * text.length;
      };
      socket.on('drain', flood);
      flood();
    });
    const outcome = await attemptSmtp(smtp(port), world, never);
    t.equal(why(outcome), 'malformed');
    t.match(outcome.detail, detail);
    t.ok(outcome.detail.length < 300);
    t.ok(written < 64 * 1024 * 1024);
  }
});

for (const [name, texts] of [
  ['no greeting', []],
  ['half a greeting', ['220-mail']],
  ['no answer to HELO', [hello]],
  ['no answer to QUIT', [hello, ok]],
] as const)
  t.test(`SMTP: ${name} is a timeout, not a moment earlier`, async (t) => {
    const clock = new FakeClock();
    const heard: string[] = [];
    const connected: Socket[] = [];
    const port = await serving(t, (socket) => {
      connected.push(socket);
      if (texts.length > 0) script(heard, ...texts)(socket);
    });
    const attempt = attemptSmtp(smtp(port), probePorts(clock), never);
    const steps = texts.filter((text) => text.endsWith('\n')).length;
    while (connected.length === 0 || heard.length < steps) await settled();
    for (let i = 0; i < 50; i++) await settled(); // what was sent has come
    clock.advance(999);
    t.equal(clock.pending, 2, 'still waiting');
    clock.advance(1);
    t.equal(why(await attempt), 'timeout');
    t.equal(clock.pending, 0);
  });

t.test('SMTP: a server that drips for ever has failed at the deadline', async (t) => {
  const clock = new FakeClock();
  const connected: Socket[] = [];
  const port = await serving(t, (socket) => {
    connected.push(socket);
    const timer = setInterval(() => socket.write('220-still\r\n'), 5);
    socket.on('close', () => clearInterval(timer));
  });
  const attempt = attemptSmtp(smtp(port), probePorts(clock), never);
  while (connected.length === 0) await settled();
  let outcome: Outcome | undefined;
  void attempt.then((found) => (outcome = found));
  for (let i = 0; i < 10_000 && outcome === undefined; i++) {
    clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 6));
  }
  t.equal(outcome && why(outcome), 'timeout');
  t.equal(clock.pending, 0);
});

t.test('SMTP: an attempt that is stopped ends at once and says nothing', async (t) => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const port = await serving(t, () => undefined);
  const attempt = attemptSmtp(smtp(port), probePorts(clock), stop.signal);
  await settled();
  stop.abort();
  t.equal(why(await attempt), 'inconclusive');
  t.equal(clock.pending, 0);
});

const EXIM_PORT = 2525;
const eximConfiguration = (directory: string): string => `
keep_environment =
primary_hostname = mail.example
spool_directory = ${directory}
log_file_path = ${directory}/%slog
pid_file_path = ${directory}/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${EXIM_PORT}
smtp_banner = mail.example ESMTP\\nmind the rules of the house
smtp_accept_max = 1
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts =
acl_smtp_helo = helo
begin acl
helo:
  deny message = we do not know you
       condition = \${if eq{$sender_helo_name}{stranger.example}}
  accept
begin routers
begin transports
`;

/** Whether anybody greets there. */
const greets = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    setTimeout(() => socket.destroy(), 2000).unref();
    socket.once('data', () => socket.end('QUIT\r\n'));
  });

t.test('SMTP: exim4', { skip: unlessInstalled('exim4') }, async (t) => {
  const directory = temporaryDirectory(t);
  const own = join(directory, 'own'); // exim's user writes there; its configuration has to be ours
  mkdirSync(own);
  const { uid, gid } = statSync('/var/spool/exim4');
  chownSync(own, uid, gid);
  const file = join(directory, 'exim.conf');
  writeFileSync(file, eximConfiguration(own), { mode: 0o640 });
  chmodSync(directory, 0o755);
  const exim = await running(t, 'exim4', ['-bdf', '-C', file], () => greets(EXIM_PORT));
  const check = smtp(EXIM_PORT);
  /** exim still counts the connection before for a moment, and answers 421. */
  const notBusy = async (heloName: string): Promise<Outcome> => {
    for (let i = 0; ; i++) {
      const outcome = await attemptSmtp({ ...check, heloName }, world, never);
      if (!outcome.detail.includes('421') || i === 2000) return outcome;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  t.match(await notBusy('checker.example'), { is: 'alive', detail: /^221 mail\.example closing connection/ });
  t.match(await notBusy('stranger.example'), { is: 'failed', why: 'answer', detail: 'HELO: 550 we do not know you' });

  await notBusy('checker.example');
  const guest = connect(EXIM_PORT, '127.0.0.1');
  await new Promise((resolve) => guest.once('data', resolve));
  t.match(await attemptSmtp(check, world, never), { is: 'failed', why: 'answer', detail: /^greeting: 421 Too many/ });
  guest.destroy();
  t.match(await notBusy('checker.example'), { is: 'alive' });

  exim.kill('SIGSTOP'); // the kernel still accepts
  const quick = smtp(EXIM_PORT, { target: targetAt(EXIM_PORT, { timeoutSeconds: 0.3 }) });
  t.equal(why(await attemptSmtp(quick, probePorts(systemClock), never)), 'timeout');
  exim.kill('SIGCONT');
  await stop(exim);
  // what was in its backlog when it ended is reset, what comes later is refused
  t.match(why(await attemptSmtp(check, world, never)), /^(refused|reset)$/);
});
