import { createServer, type Server, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { MailSettings } from '../../../src/config/global-settings.js';
import { sendBySmtp } from '../../../src/notify/smtp.js';
import { systemClock } from '../../../src/system/clock.js';

interface Relay {
  readonly port: number;
  /** All that clients said, connection by connection. */
  readonly said: string[];
}

/** A relay that answers each line as the table says; `undefined` is silence. */
async function relay(t: Test, answer: (line: string) => string | undefined, greeting = '220 relay'): Promise<Relay> {
  const said: string[] = [];
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    const index = said.push('') - 1;
    let inData = false;
    let rest = '';
    if (greeting !== '') socket.write(`${greeting}\r\n`);
    socket.setEncoding('utf8').on('data', (text: string) => {
      said[index] = `${said[index] ?? ''}${text}`;
      const lines = `${rest}${text}`.split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (inData && line !== '.') continue;
        const reply = line === '.' ? answer('.') : answer(line);
        inData = line === 'DATA' && reply?.startsWith('354') === true;
        if (reply !== undefined && !socket.destroyed) socket.write(`${reply}\r\n`);
        if (line === 'QUIT') socket.end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, said };
}

const polite = (line: string): string =>
  line.startsWith('EHLO')
    ? '250-relay\r\n250 8BITMIME'
    : line === 'DATA'
      ? '354 go on'
      : line === 'QUIT'
        ? '221 bye'
        : '250 fine';

const settingsFor = (port: number, more: Partial<MailSettings> = {}): MailSettings => ({
  server: '127.0.0.1',
  port,
  timeoutSeconds: 60,
  heloName: 'lb1.example.org',
  from: 'Load Balancer <lb1@example.org>',
  to: ['ops@example.org', 'Night Shift <night@example.org>'],
  ...more,
});
const never = new AbortController().signal;
const mails = [1, 2, 3].map((n) => ({
  subject: `[lb1] mail ${n} - DOWN`,
  body: `=> TCP CHECK failed on service ${n} <=\n`,
}));

t.test('all of them over one connection, to all recipients', async (t) => {
  const { port, said } = await relay(t, polite);
  t.same(await sendBySmtp(settingsFor(port), mails, never), [undefined, undefined, undefined]);
  t.equal(said.length, 1);
  const [text = ''] = said;
  t.match(text, /^EHLO lb1\.example\.org\r\n/);
  t.equal(text.match(/^MAIL FROM:<lb1@example.org>/gm)?.length, 3);
  t.equal(text.match(/^RCPT TO:<night@example.org>/gm)?.length, 3);
  t.match(text, /^To: ops@example\.org, Night Shift <night@example\.org>\r$/m);
  t.match(text, /^Subject: \[lb1\] mail 2 - DOWN\r$/m);
  t.match(text, /\r\n=> TCP CHECK failed on service 3 <=\r\n/);
});

t.test('a mail that is refused for good does not keep the others back', async (t) => {
  let count = 0;
  const { port } = await relay(t, (line) =>
    line.startsWith('MAIL') && ++count === 2 ? '550 not this one' : polite(line),
  );
  const [first, second, third] = await sendBySmtp(settingsFor(port), mails, never);
  t.same([first, third], [undefined, undefined]);
  t.match(second, { forever: true, reason: /550 not this one/ });
});

t.test('for now: nobody there, busy, silent, gone', async (t) => {
  const silent = await relay(t, () => undefined, '');
  const busy = await relay(t, polite, '421 too busy');
  const stuck = await relay(t, (line) => (line === '.' ? undefined : polite(line)));
  for (const port of [1, silent.port, busy.port, stuck.port]) {
    const refusals = await sendBySmtp(settingsFor(port, { timeoutSeconds: 0.3 }), mails, never);
    t.equal(refusals.length, 3);
    for (const refusal of refusals) t.match(refusal, { forever: false, reason: /./ });
  }
  for (const { said } of [silent, busy, stuck]) t.equal(said.length, 1, 'the first one decides for all');
});

t.test('it ends soon after the signal', async (t) => {
  const { port } = await relay(t, () => undefined);
  const stop = new AbortController();
  systemClock.after(50, () => stop.abort());
  const began = performance.now();
  const refusals = await sendBySmtp(settingsFor(port, { timeoutSeconds: 60 }), mails, stop.signal);
  t.ok(performance.now() - began < 30_000);
  t.match(refusals, [{ forever: false }, { forever: false }, { forever: false }]);
});

t.test('no line of a mail begins a header or a command of its own', async (t) => {
  const { port, said } = await relay(t, polite);
  const evil = { subject: 'a\r\nBcc: evil@example.org', body: 'x\r\n.\r\nMAIL FROM:<evil@example.org>\r\n' };
  await sendBySmtp(settingsFor(port), [evil], never);
  t.notMatch(said[0], /^Bcc:/m);
  t.equal(
    said[0]?.match(/^MAIL FROM/gm)?.length,
    2,
    'one command, and one line of text behind the dot that was doubled',
  );
  t.match(said[0], /\r\n\.\.\r\nMAIL FROM:<evil/);
});
