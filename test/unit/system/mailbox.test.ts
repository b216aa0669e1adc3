import t from 'tap';
import { Mailbox, MailboxClosed } from '../../../src/system/mailbox.js';

t.test('jobs run one after another, whatever they wait for', async (t) => {
  const mailbox = new Mailbox();
  const log: string[] = [];
  const job = (name: string) => async (): Promise<void> => {
    log.push(`${name} starts`);
    await Promise.resolve();
    log.push(`${name} ends`);
  };
  await Promise.all([mailbox.post(job('a')), mailbox.post(job('b'))]);
  t.same(log, ['a starts', 'a ends', 'b starts', 'b ends']);
});

t.test('a failing job is told to its caller and does not stop the next', async (t) => {
  const mailbox = new Mailbox();
  const bad = mailbox.post(() => {
    throw new Error('no');
  });
  const good = mailbox.post(() => 2);
  await t.rejects(bad, { message: 'no' });
  t.equal(await good, 2);
});

t.test('closing waits for what was accepted and refuses the rest', async (t) => {
  const mailbox = new Mailbox();
  let done = false;
  const job = mailbox.post(async () => {
    await Promise.resolve();
    done = true;
  });
  await mailbox.close();
  t.equal(done, true);
  await t.rejects(
    mailbox.post(() => 1),
    new MailboxClosed(),
  );
  await job;
});
