import t from 'tap';
import { findAccount, findGroup } from '../../../src/system/accounts.js';

t.test('users and groups by name and number', async (t) => {
  const root = t.testdir({
    passwd: 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:web:/var/www:/bin/sh\nbroken:x:one:2::/:\n',
    group: 'root:x:0:\nstaff:x:50:me,web\nlogs:x:60:web\nothers:x:70:webmaster\n',
  });
  t.same(await findAccount('web', { root }), { uid: 33, gid: 34, groups: [] });
  t.same(await findAccount('33', { group: 'staff', root }), { uid: 33, gid: 50, groups: [] });
  t.same(await findAccount('web', { group: '50', root }), { uid: 33, gid: 50, groups: [] });
  t.same(await findAccount('web', { supplementary: true, root }), { uid: 33, gid: 34, groups: [34, 50, 60] });
  t.same(await findAccount('33', { group: 'logs', supplementary: true, root }), {
    uid: 33,
    gid: 60,
    groups: [34, 50, 60],
  });
  t.equal(await findAccount('nobody', { root }), undefined);
  t.equal(await findAccount('broken', { root }), undefined);
  t.equal(await findAccount('web', { group: 'none', root }), undefined);
  t.same(await Promise.all(['logs', '60', 'none'].map((group) => findGroup(group, root))), [60, 60, undefined]);
});
