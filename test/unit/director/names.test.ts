/** Services of a prefix have names like others: for operators, for the state file, for what is adopted. */
import t from 'tap';
import { wasUp } from '../../../src/director/adoption.js';
import { desired } from '../../../src/director/desired.js';
import { serverNamesOf, virtualServerName } from '../../../src/director/names.js';
import { allNames, decodeLastApplied, encodeLastApplied } from '../../../src/director/ownership.js';
import { nothingElse } from '../../helpers/circumstances.js';
import { configurationOf } from '../../helpers/configuration.js';

const configuration = configurationOf(`
global_defs {
  lvs_engine userspace
}
virtual_server 198.51.100.0/24 {
  protocol ANY
  lvs_sched maglev
  lvs_method TUN type gre
  real_server 10.0.0.1 {
  }
}
virtual_server 2001:db8::/32 53 {
  protocol UDP
  lvs_sched maglev
  lvs_method FULLNAT
  snat_pool fd00::1-fd00::9
  real_server fd01::1 5353 {
  }
}`);
const [any, udp] = configuration.virtualServers;

t.test('what an operator writes', (t) => {
  t.equal(virtualServerName(any!), 'any 198.51.100.0/24 port 0');
  t.strictSame(serverNamesOf(any!), ['any 198.51.100.0/24 port 0 -> 10.0.0.1:0']);
  t.strictSame(serverNamesOf(udp!), ['udp 2001:db8::/32 port 53 -> [fd01::1]:5353']);
  t.end();
});

t.test('what the state file remembers, and what is adopted by it', (t) => {
  const last = decodeLastApplied(encodeLastApplied(allNames(configuration)));
  t.strictSame(
    last,
    new Map([
      ['any 198.51.100.0/24 port 0', ['10.0.0.1:0']],
      ['udp 2001:db8::/32 port 53', ['[fd01::1]:5353']],
    ]),
  );
  const { table } = desired(configuration, nothingElse);
  t.equal(wasUp({ table, last: last! }, any!, any!.realServers[0]!), true);
  const gone = new Map([...table].map(([name, service]) => [name, { ...service, destinations: new Map() }]));
  t.equal(wasUp({ table: gone, last: last! }, udp!, udp!.realServers[0]!), false);
  t.end();
});

t.test('the table that is wanted has the engine and the length', (t) => {
  const { table } = desired(configuration, nothingElse);
  const service = table.get('any 198.51.100.0/24 port 0');
  t.match(service?.key, { prefixLength: 24 });
  t.equal(service?.settings.engine?.tableSize, 4093);
  t.strictSame(
    [...(service?.destinations.values() ?? [])].map(({ key, settings }) => [key, settings.method]),
    [[{ address: '10.0.0.1', port: 0 }, 'tunnel']],
  );
  t.end();
});
