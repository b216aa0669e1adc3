import t from 'tap';
import { accountRules, allowedByAccount, type SocketPeer } from '../../../src/api/accounts.js';
import { configurationOf } from '../../helpers/configuration.js';

const numbers: Readonly<Record<string, number>> = { anna: 1000, bert: 1001, ops: 50, web: 60 };
const rulesOf = (...lines: readonly string[]) =>
  accountRules(
    configurationOf(['api {', 'listen unix:/a 0660 ops', ...lines, '}', ''].join('\n')).api.allow,
    (_who, name) => numbers[name],
  );
const peer = (uid: number, gid = 99, groups: readonly number[] = []): SocketPeer => ({ pid: 1, uid, gid, groups });
const OWN = 777;

t.test('root and the user of lvsd may all, whatever the file says', (t) => {
  const { rules } = rulesOf('allow user anna read');
  for (const uid of [0, OWN]) t.same(allowedByAccount(rules, peer(uid), OWN), { role: 'admin', services: 'all' });
  t.equal(allowedByAccount([], peer(1000), OWN), undefined, 'and nobody else');
  t.end();
});

t.test('the first line that fits: by user, by group, by one of many groups', (t) => {
  const { rules, unknown } = rulesOf(
    'allow user anna operate tcp-1.2.3.4-80',
    'allow group ops admin',
    'allow group web read',
    'allow user ghost admin',
  );
  t.match(unknown, [{ name: 'ghost' }]);
  t.match(allowedByAccount(rules, peer(1000, 50), OWN), { role: 'operate', services: ['tcp-1.2.3.4-80'] });
  t.match(allowedByAccount(rules, peer(1001, 50), OWN), { role: 'admin' });
  t.match(allowedByAccount(rules, peer(1001, 99, [7, 60]), OWN), { role: 'read' });
  t.equal(allowedByAccount(rules, peer(1001), OWN), undefined);
  t.equal(allowedByAccount(rules, peer(50), OWN), undefined, 'a user with the number of a group is no group');
  t.end();
});
