import t from 'tap';
import { lackedCapabilities, mayBecomeOthers } from '../../../src/daemon/capabilities.js';

const status = (effective: string): string =>
  `Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t${effective}\nCapBnd:\t0\n`;

t.test('what is needed and lacked is said, each with what it is for', (t) => {
  t.same(lackedCapabilities(status('000001ffffffffff')), []);
  t.same(lackedCapabilities(status('0000000000003000')), [], 'these two are enough');
  t.match(lackedCapabilities(status('0000000000002000')), [/CAP_NET_ADMIN.*hold addresses/]);
  t.match(lackedCapabilities(status('0000000000001000')), [/CAP_NET_RAW.*adverts/]);
  t.equal(lackedCapabilities(status('0000000000000000')).length, 2);
  t.same(lackedCapabilities('Name:\tnode\n'), [], 'a kernel that does not say');
  t.end();
});

t.test('who may run scripts as others', (t) => {
  t.equal(mayBecomeOthers(status('000001ffffffffff')), true);
  t.equal(mayBecomeOthers(status('00000000000000c0')), true, 'not root, with these two');
  t.equal(mayBecomeOthers(status('0000000000000080')), false, 'groups would stay');
  t.equal(mayBecomeOthers(status('0000000000000000')), false);
  t.equal(mayBecomeOthers('Name:\tnode\n'), false);
  t.end();
});
