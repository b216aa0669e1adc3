import t from 'tap';
import { flowSysctls } from '../../../src/daemon/flow-sysctls.js';
import { configurationOf, site } from '../../helpers/configuration.js';

const TEMPLATES = 'net/ipv4/vs/expire_quiescent_template';
const out = new Map([['tcp 192.0.2.1:80 -> 10.0.0.1:80', 0]]);
const some = new Map([['tcp 192.0.2.1:80 -> 10.0.0.1:80', 5]]);

t.test('who is taken out of service by an operator is not held by persistence', (t) => {
  const sticky = configurationOf(site({ service: 'persistence_timeout 60' }));
  t.equal(flowSysctls(sticky).get(TEMPLATES), undefined);
  t.equal(flowSysctls(sticky, some).get(TEMPLATES), undefined);
  t.equal(flowSysctls(sticky, out).get(TEMPLATES), '1');
  t.equal(flowSysctls(configurationOf(site()), out).get(TEMPLATES), undefined, 'nothing is persistent');
  t.end();
});
