import t from 'tap';
import type { MailSettings } from '../../../src/config/global-settings.js';
import { Mailer } from '../../../src/notify/mailer.js';
import type { MailRefusal, SendMails } from '../../../src/notify/ports.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const settings: MailSettings = {
  server: '192.0.2.25',
  port: 25,
  timeoutSeconds: 30,
  heloName: undefined,
  from: undefined,
  to: ['ops@example.org'],
};
const mail = (subject: string): { subject: string; body: string } => ({ subject, body: 'x' });

interface Scene {
  readonly mailer: Mailer;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  /** The subjects of each connection. */
  readonly connections: string[][];
}

function scene(answer: (subject: string, connection: number) => MailRefusal | undefined = () => undefined): Scene {
  const [clock, log, connections] = [new FakeClock(), new MemoryLog(), [] as string[][]];
  const send: SendMails = (_, mails) => {
    const subjects = mails.map(({ subject }) => subject);
    connections.push(subjects);
    return Promise.resolve(subjects.map((subject) => answer(subject, connections.length)));
  };
  return { mailer: new Mailer({ clock, log, send }), clock, log, connections };
}
const dead = (): MailRefusal => ({ reason: 'nobody answers', forever: false });

t.test('what happens within a second goes over one connection, in order', async (t) => {
  const { mailer, clock, connections, log } = scene();
  mailer.post(settings, mail('1'));
  await clock.run(500);
  mailer.post(settings, mail('2'));
  await clock.run(500);
  mailer.post(settings, mail('3'));
  mailer.post({ ...settings, port: 2525 }, mail('4'));
  mailer.post(settings, mail('5'));
  await clock.run(2000);
  t.same(connections, [['1', '2'], ['3'], ['4'], ['5']]);
  t.same(
    log.named('notify.mailed').map(({ mails }) => mails),
    [2, 1, 1, 1],
  );
  t.equal(clock.pending, 0);
});

t.test('a dead relay is tried four times, then the mail is dropped loudly', async (t) => {
  const { mailer, clock, connections, log } = scene(dead);
  mailer.post(settings, mail('1'));
  await clock.run(600_000, 1000);
  t.equal(connections.length, 4);
  t.same(
    log.named('notify.mail-delayed').map(({ againSeconds }) => againSeconds),
    [10, 60, 300],
  );
  t.match(log.named('notify.mail-lost'), [{ level: 'error', mails: 1, reason: 'nobody answers', subjects: ['1'] }]);
  t.equal(clock.pending, 0);
});

t.test('a mail that is refused for ever is not tried again, the others are sent', async (t) => {
  const { mailer, clock, connections, log } = scene((subject, connection) =>
    subject === '2' ? { reason: '550 no', forever: true } : subject === '3' && connection === 1 ? dead() : undefined,
  );
  for (const subject of ['1', '2', '3']) mailer.post(settings, mail(subject));
  await clock.run(20_000, 1000);
  t.same(connections, [['1', '2', '3'], ['3']]);
  t.match(log.named('notify.mail-lost'), [{ mails: 1, reason: '550 no', subjects: ['2'] }]);
});

t.test('so many wait at most; the oldest go, and it is said', async (t) => {
  const { mailer, clock, connections, log } = scene();
  for (let i = 0; i < 1005; i++) mailer.post(settings, mail(String(i)));
  t.equal(log.named('notify.mail-lost').length, 5);
  await clock.run(3000);
  t.equal(connections.length, 10, 'a hundred over one connection');
  t.equal(connections.flat().length, 1000);
  t.equal(connections[0]?.[0], '5');
});

t.test('a stop sends what waits, once', async (t) => {
  const good = scene();
  good.mailer.post(settings, mail('1'));
  await good.mailer.stop(2000);
  t.same(good.connections, [['1']]);
  t.equal(good.clock.pending, 0);

  const bad = scene(dead);
  bad.mailer.post(settings, mail('1'));
  await bad.mailer.stop(2000);
  t.equal(bad.connections.length, 1);
  t.match(bad.log.named('notify.mail-lost'), [{ mails: 1, reason: 'we stop' }]);
  t.equal(bad.clock.pending, 0);
});

t.test('a relay that never ends a connection is left after a bounded time', async (t) => {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const send: SendMails = (_, mails, signal) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(mails.map(dead))));
  const mailer = new Mailer({ clock, log, send });
  mailer.post({ ...settings, timeoutSeconds: 3 }, mail('1'));
  await clock.run(1000 + 30_000 + 100, 100);
  t.match(log.named('notify.mail-delayed'), [{ mails: 1 }]);
  const stopped = mailer.stop(2000);
  await clock.run(2000, 1000);
  await stopped;
  t.equal(log.named('notify.mail-lost').length, 1);
  t.equal(clock.pending, 0);
});

t.test('a sender that breaks is a relay that is dead, not our end', async (t) => {
  const [clock, log] = [new FakeClock(), new MemoryLog()];
  const mailer = new Mailer({ clock, log, send: () => Promise.reject(new Error('there is no such module')) });
  mailer.post(settings, mail('1'));
  await clock.run(2000);
  t.match(log.named('notify.mail-delayed'), [{ mails: 1, reason: 'there is no such module' }]);
  await mailer.stop(1000);
  t.equal(clock.pending, 0);
});
