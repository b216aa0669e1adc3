import t from 'tap';
import { vrrpArguments, vrrpLine, vrrpMail, type VrrpSubject } from '../../../src/notify/vrrp-words.js';

const instance: VrrpSubject = { kind: 'INSTANCE', name: 'V1', priority: 150 };
const group: VrrpSubject = { kind: 'GROUP', name: 'G 1', priority: 0 };

t.test('lines of the pipes, byte for byte', (t) => {
  t.equal(vrrpLine(instance, 'MASTER'), 'INSTANCE "V1" MASTER 150\n');
  t.equal(vrrpLine({ ...instance, priority: 90 }, 'BACKUP_PRIORITY'), 'INSTANCE "V1" BACKUP_PRIORITY 90\n');
  t.equal(vrrpLine(instance, 'MASTER_RX_LOWER_PRI'), 'INSTANCE "V1" MASTER_RX_LOWER_PRI 150\n');
  t.equal(vrrpLine(group, 'FAULT'), 'GROUP "G 1" FAULT 0\n');
  t.end();
});

t.test('arguments behind those of a script', (t) => {
  t.same(vrrpArguments(instance, 'STOP'), ['INSTANCE', 'V1', 'STOP', '150']);
  t.same(vrrpArguments(group, 'BACKUP'), ['GROUP', 'G 1', 'BACKUP', '0']);
  t.end();
});

t.test('mails, in the words of keepalived', (t) => {
  const of = (subject: VrrpSubject, state: 'MASTER' | 'BACKUP' | 'FAULT' | 'STOP'): readonly (string | undefined)[] => {
    const mail = vrrpMail('LB1', subject, state);
    return [mail?.subject, mail?.body];
  };
  t.same(of(instance, 'MASTER'), [
    '[LB1] VRRP Instance V1 - Entering MASTER state',
    '=> VRRP Instance is now owning VRRP VIPs <=\n',
  ]);
  t.same(of(instance, 'BACKUP'), [
    '[LB1] VRRP Instance V1 - Entering BACKUP state',
    '=> VRRP Instance is no longer owning VRRP VIPs <=\n',
  ]);
  t.same(of(instance, 'FAULT'), [
    '[LB1] VRRP Instance V1 - Entering FAULT state',
    '=> VRRP Instance is no longer owning VRRP VIPs <=\n',
  ]);
  t.same(of(instance, 'STOP'), ['[LB1] VRRP Instance V1 - Stopping', '=> VRRP Instance stopping <=\n']);
  t.same(of(group, 'MASTER'), [
    '[LB1] VRRP Group G 1 - Entering MASTER state',
    '=> All VRRP group instances are now in MASTER state <=\n',
  ]);
  t.same(of(group, 'FAULT'), [
    '[LB1] VRRP Group G 1 - Entering FAULT state',
    '=> All VRRP group instances are now in FAULT state <=\n',
  ]);
  t.same(of(group, 'STOP'), ['[LB1] VRRP Group G 1 - Stopping', '=> All VRRP group instances are now stopping <=\n']);
  t.equal(vrrpMail('LB1', instance, 'DELETED'), undefined);
  t.end();
});
