import t from 'tap';
import { mergeLayers } from '../../../src/declare/merge.js';
import { virtualServerName } from '../../../src/director/names.js';
import { configurationOf, site } from '../../helpers/configuration.js';

const file = configurationOf(site());
const of = (octet: number): ReturnType<typeof configurationOf>['virtualServers'] =>
  configurationOf(site({ vip: `192.0.2.${octet}` })).virtualServers;

t.test('without layers it is the very configuration of the file', (t) => {
  t.equal(mergeLayers(file, new Map([['api', []]])).configuration, file);
  t.end();
});

t.test('virtual servers of layers stand behind those of the file, and it is known whose they are', (t) => {
  const { configuration, origins, clashes } = mergeLayers(
    file,
    new Map([
      ['api', of(2)],
      ['fleet', of(3)],
    ]),
  );
  t.same(configuration.virtualServers.map(virtualServerName), [
    'tcp 192.0.2.1:80',
    'tcp 192.0.2.2:80',
    'tcp 192.0.2.3:80',
  ]);
  t.same(
    [...origins],
    [
      ['tcp 192.0.2.2:80', 'api'],
      ['tcp 192.0.2.3:80', 'fleet'],
    ],
  );
  t.same(clashes, []);
  t.equal(configuration.globals, file.globals);
  t.end();
});

t.test("a service that two layers have is the first one's, and the clash names both", (t) => {
  const { configuration, clashes } = mergeLayers(
    file,
    new Map([
      ['api', [...of(1), ...of(2)]],
      ['fleet', of(2)],
    ]),
  );
  t.equal(configuration.virtualServers.length, 2);
  t.same(clashes, [
    { service: 'tcp 192.0.2.1:80', first: 'file', second: 'api' },
    { service: 'tcp 192.0.2.2:80', first: 'api', second: 'fleet' },
  ]);
  t.end();
});
