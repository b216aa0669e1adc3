import fc from 'fast-check';
import t from 'tap';
import { mergeSort, sortServers, sortServices } from '../../../../src/cli/ipvsadm/sort.js';
import type { ServiceKey } from '../../../../src/model/service.js';

t.test('where comparing is transitive it is any stable sort', (t) => {
  fc.assert(
    fc.property(fc.array(fc.record({ key: fc.integer({ min: 0, max: 9 }), id: fc.nat() })), (items) => {
      const ours = mergeSort(items, (a, b) => a.key - b.key);
      t.strictSame(
        ours,
        [...items].sort((a, b) => a.key - b.key),
      );
    }),
    { numRuns: 200 },
  );
  t.end();
});

const servers = (...addresses: string[]): { key: { address: string; port: number } }[] =>
  addresses.map((address) => ({ key: { address, port: 80 } }));

t.test('addresses more than 2^31 apart stand the wrong way round, as recorded', (t) => {
  const kernelOrder = [
    '203.0.113.9',
    '1.1.1.1',
    '100.64.0.1',
    '172.16.0.1',
    '223.0.0.1',
    '127.0.0.1',
    '10.0.0.1',
    '9.0.2.13',
    '192.0.2.11',
    '192.0.2.12',
  ];
  t.strictSame(
    sortServers(servers(...kernelOrder)).map(({ key }) => key.address),
    [
      '100.64.0.1',
      '172.16.0.1',
      '192.0.2.11',
      '192.0.2.12',
      '203.0.113.9',
      '223.0.0.1',
      '1.1.1.1',
      '9.0.2.13',
      '10.0.0.1',
      '127.0.0.1',
    ],
  );
  t.end();
});

t.test('services: mark, family, protocol, address, port; a large mark is negative and comes first', (t) => {
  const by = (protocol: 'tcp' | 'udp' | 'sctp', address: string, port: number): ServiceKey => ({
    by: 'address',
    protocol,
    address,
    port,
  });
  const expected: ServiceKey[] = [
    { by: 'fwmark', family: 'ip4', mark: 0xffff_ffff },
    by('tcp', '192.0.2.1', 80),
    by('tcp', '192.0.2.1', 443),
    by('tcp', '192.0.2.2', 80),
    by('udp', '192.0.2.1', 53),
    by('sctp', '192.0.2.1', 1),
    by('tcp', '2001:db8::1', 80),
    by('tcp', '2001:db8::1:0:0:1', 80),
    by('udp', '2001:db8::', 1),
    { by: 'fwmark', family: 'ip4', mark: 1 },
    { by: 'fwmark', family: 'ip6', mark: 1 },
    { by: 'fwmark', family: 'ip4', mark: 2 },
  ];
  const shuffled = [...expected].reverse().map((key) => ({ key }));
  t.strictSame(
    sortServices(shuffled).map(({ key }) => key),
    expected,
  );
  t.end();
});
