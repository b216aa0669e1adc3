import { mkdtempSync, openSync, readSync, closeSync, rmSync, constants, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { VrrpConfiguration } from '../../../src/config/vrrp/vrrp.js';
import type { RunScript, SendMails } from '../../../src/notify/ports.js';
import { VrrpNotify, type VrrpNotifyGlobals } from '../../../src/notify/vrrp-notify.js';
import type { MailText } from '../../../src/notify/words.js';
import { configurationOf } from '../../helpers/configuration.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const V1 = `vrrp_instance V1 {
interface eth0
virtual_router_id 51
virtual_ipaddress { 192.0.2.50
}
notify_master "/m a"
notify_backup /b
notify_fault /f
notify_stop /s
notify_deleted /d
notify "/n x" web
notify_master_rx_lower_pri /lower
smtp_alert
}
vrrp_sync_group G {
group { V1
}
notify_master /gm
notify /gn
}`;

interface Scene {
  readonly notify: VrrpNotify;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly ran: string[];
  /** Scripts under way, in the order of their beginnings. */
  readonly running: (() => Promise<void>)[];
  readonly limits: (number | undefined)[];
  readonly mails: MailText[];
  readonly vrrp: VrrpConfiguration;
  readonly globals: VrrpNotifyGlobals;
}

async function scene({ globals = '', finish = true } = {}): Promise<Scene> {
  const [clock, log] = [new FakeClock(), new MemoryLog()];
  const [ran, running, mails, limits] = [
    [] as string[],
    [] as Scene['running'],
    [] as MailText[],
    [] as Scene['limits'],
  ];
  const run: RunScript = ({ argv, user }, { timeoutMs, signal }) => {
    ran.push(`${argv.join(' ')}${user === undefined ? '' : ` as ${user.user}`}`);
    limits.push(timeoutMs);
    if (finish) return Promise.resolve({ status: 0 });
    return new Promise((resolve) => {
      running.push(async () => {
        resolve({ status: 0 });
        await settled();
      });
      signal?.addEventListener('abort', () => resolve({ failed: 'stopped' }));
    });
  };
  const send: SendMails = (_settings, texts) => {
    mails.push(...texts);
    return Promise.resolve(texts.map(() => undefined));
  };
  const notify = new VrrpNotify({ clock, log, run, send, pipeOwner: () => Promise.resolve('us') });
  const mail = 'router_id LB1\nsmtp_server 127.0.0.1\nnotification_email { a@example.org\n}';
  const configuration = configurationOf(`global_defs {\n${mail}\n${globals}\n}\n${V1}`);
  await notify.follow(configuration.globals);
  return {
    notify,
    clock,
    log,
    ran,
    running,
    limits,
    mails,
    vrrp: configuration.vrrp,
    globals: configuration.globals,
  };
}

t.test('the script of the state, then the one for all, with its arguments', async (t) => {
  const { notify, ran, vrrp } = await scene({ globals: 'script_user ops' });
  const [v1, group] = [vrrp.instances[0]!, vrrp.syncGroups[0]!];
  notify.instance(v1, 'BACKUP', 100);
  notify.instance(v1, 'MASTER', 150);
  notify.heardLower(v1, 150);
  notify.instance(v1, 'FAULT', 150);
  notify.instance(v1, 'DELETED', 150);
  notify.instance(v1, 'STOP', 150);
  await settled();
  t.same(ran, [
    '/b as ops',
    '/n x INSTANCE V1 BACKUP 100 as web',
    '/m a as ops',
    '/n x INSTANCE V1 MASTER 150 as web',
    '/lower as ops',
    '/f as ops',
    '/n x INSTANCE V1 FAULT 150 as web',
    '/d as ops',
    '/n x INSTANCE V1 DELETED 150 as web',
    '/s as ops',
    '/n x INSTANCE V1 STOP 150 as web',
  ]);
  ran.length = 0;
  notify.group(group, 'MASTER');
  notify.group(group, 'BACKUP');
  await settled();
  t.same(ran, ['/gm as ops', '/gn GROUP G MASTER 0 as ops', '/gn GROUP G BACKUP 0 as ops']);
});

t.test('one script at a time and none lost, however long one takes', async (t) => {
  const { notify, ran, running, vrrp } = await scene({ finish: false });
  const v1 = vrrp.instances[0]!;
  notify.instance(v1, 'MASTER', 150);
  notify.instance(v1, 'BACKUP', 150);
  t.same(ran, ['/m a']);
  for (let i = 0; i < 4; i++) await running[i]!();
  t.same(
    ran.map((one) => one.split(' ')[0]),
    ['/m', '/n', '/b', '/n'],
  );
});

t.test(
  'a stop: its scripts have a second each; what has not ended some seconds later is cut, and that is said',
  async (t) => {
    const { notify, clock, log, limits, vrrp } = await scene({ finish: false });
    notify.instance(vrrp.instances[0]!, 'STOP', 150);
    t.same(limits, [1000]);
    const stopped = notify.stop();
    await clock.run(6000);
    await stopped;
    t.match(log.named('notify.cut'), [{ name: 'vrrp_instance V1', dropped: 1 }]);
  },
);

t.test('mail: each state once until another one was mailed; none for faults with no_email_faults', async (t) => {
  const subjects = async (globals: string): Promise<readonly string[]> => {
    const { notify, mails, vrrp } = await scene({ globals });
    for (const state of ['BACKUP', 'MASTER', 'FAULT', 'MASTER', 'MASTER', 'STOP'] as const)
      notify.instance(vrrp.instances[0]!, state, 150);
    await notify.stop();
    return mails.map(({ subject }) => subject.replace('[LB1] VRRP Instance V1 - ', ''));
  };
  const [backup, master, fault] = ['BACKUP', 'MASTER', 'FAULT'].map((state) => `Entering ${state} state`);
  t.same(await subjects(''), [backup, master, fault, master, 'Stopping']);
  t.same(await subjects('no_email_faults'), [backup, master, 'Stopping']);
});

t.test('pipes: both get each line, whole and in order', async (t) => {
  const { paths, read } = pipes(t);
  const { notify, vrrp, globals, log } = await scene({
    globals: `notify_fifo ${paths.all}\nnotify_fifo_script /reader\nvrrp_notify_fifo ${paths.vrrp}\nlvs_notify_fifo ${paths.lvs}`,
  });
  const [v1, group] = [vrrp.instances[0]!, vrrp.syncGroups[0]!];
  notify.instance(v1, 'MASTER', 150);
  notify.group(group, 'MASTER');
  notify.heardLower(v1, 150);
  notify.write({ kind: 'INSTANCE', name: 'V1', priority: 90 }, 'MASTER_PRIORITY');
  const lines =
    'INSTANCE "V1" MASTER 150\nGROUP "G" MASTER 0\nINSTANCE "V1" MASTER_RX_LOWER_PRI 150\nINSTANCE "V1" MASTER_PRIORITY 90\n';
  t.equal(read(paths.all), lines);
  t.equal(read(paths.vrrp), lines);
  t.notOk(existsSync(paths.lvs), 'that one is not for us');
  rmSync(paths.all);
  await notify.follow(globals);
  notify.instance(v1, 'BACKUP', 90);
  t.equal(
    read(paths.all),
    'INSTANCE "V1" BACKUP 90\n',
    'whoever removed it: it is made anew with the next configuration',
  );
  t.equal(read(paths.vrrp), 'INSTANCE "V1" BACKUP 90\n');
  await notify.stop();
  t.same(log.named('notify.pipe-dropped'), []);
});

function pipes(t: Test): {
  readonly paths: { readonly all: string; readonly vrrp: string; readonly lvs: string };
  readonly read: (path: string) => string;
} {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const read = (path: string): string => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(4096);
      return bytes.toString('utf8', 0, readSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
  };
  return { paths: { all: join(folder, 'all'), vrrp: join(folder, 'vrrp'), lvs: join(folder, 'lvs') }, read };
}
