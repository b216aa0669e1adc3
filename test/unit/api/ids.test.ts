/** Services as a segment of an URL. */
import fc from 'fast-check';
import t from 'tap';
import { destinationId, parseServiceId, serviceId } from '../../../src/model/ids.js';
import { canonicalAddress, familyOf } from '../../../src/model/address.js';
import { type Protocol, protocolName, type ServiceKey } from '../../../src/model/service.js';

const address = fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => canonicalAddress(text) ?? '::');
const port = fc.integer({ min: 0, max: 65_535 });
const protocol: fc.Arbitrary<Protocol> = fc.oneof(
  fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const, 'any' as const),
  fc.integer({ min: 0, max: 255 }).map(protocolName),
);

const byAddress: fc.Arbitrary<ServiceKey> = fc
  .record({ protocol, address, port, part: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }) })
  .map(({ part, ...key }) => {
    const longest = familyOf(key.address) === 'ip4' ? 32 : 128;
    return { by: 'address', ...key, ...(part === undefined ? {} : { prefixLength: Math.round(part * longest) }) };
  });
const byMark: fc.Arbitrary<ServiceKey> = fc.record({
  by: fc.constant('fwmark' as const),
  family: fc.constantFrom('ip4' as const, 'ip6' as const),
  mark: fc.integer({ min: 0, max: 0xffff_ffff }),
});
const key = fc.oneof(byAddress, byMark);

t.test('an id is read back as the service, and stands in an URL as it is', (t) => {
  fc.assert(
    fc.property(key, (one) => {
      const id = serviceId(one);
      t.same(parseServiceId(id), one, id);
      // RFC 3986: the characters of a segment
      t.match(id, /^[\w.~:-]+$/);
      t.equal(new URL(`http://h/v1/services/${id}`).pathname, `/v1/services/${id}`);
      return parseServiceId(id) !== undefined;
    }),
  );
  t.end();
});

t.test('other text is no id, or is written in its one way', (t) => {
  const nearly = fc
    .tuple(key, fc.nat(60), fc.constantFrom('', '0', '-', ':', '.', '_', 'A', '%', '/'))
    .map(([one, at, put]) => {
      const id = serviceId(one);
      return id.slice(0, at) + put + id.slice(at + 1);
    });
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string()), (text) => {
      const read = parseServiceId(text);
      return read === undefined || serviceId(read) === text;
    }),
    { numRuns: 2000 },
  );
  t.end();
});

t.test('as they look', (t) => {
  const ids: readonly (readonly [string, ServiceKey])[] = [
    ['tcp-192.0.2.1-80', { by: 'address', protocol: 'tcp', address: '192.0.2.1', port: 80 }],
    ['udp-2001:db8::1-53', { by: 'address', protocol: 'udp', address: '2001:db8::1', port: 53 }],
    ['any-192.0.2.0_24-0', { by: 'address', protocol: 'any', address: '192.0.2.0', port: 0, prefixLength: 24 }],
    ['protocol-47-192.0.2.1-0', { by: 'address', protocol: 'protocol-47', address: '192.0.2.1', port: 0 }],
    ['fwmark-7-ip4', { by: 'fwmark', family: 'ip4', mark: 7 }],
  ];
  for (const [id, one] of ids) {
    t.equal(serviceId(one), id);
    t.same(parseServiceId(id), one);
  }
  t.equal(destinationId({ address: '10.0.0.1', port: 8080 }), '10.0.0.1-8080');
  t.equal(destinationId({ address: '2001:db8::1', port: 80 }), '2001:db8::1-80');
  t.end();
});

t.test('two destinations have two ids', (t) => {
  const one = fc.record({ address, port });
  fc.assert(
    fc.property(
      one,
      one,
      (a, b) => (destinationId(a) === destinationId(b)) === (a.address === b.address && a.port === b.port),
    ),
  );
  t.end();
});

for (const id of [
  'tcp-192.0.2.1-80 ',
  'tcp-192.0.2.01-80',
  'tcp-192.0.2.1-65536',
  'tcp-2001:DB8::1-80',
  'protocol-6-1.2.3.4-0',
  'protocol-256-1.2.3.4-0',
  'any-10.0.0.0_33-0',
  'fwmark-4294967296-ip4',
  'fwmark-07-ip4',
  'icmp-1.2.3.4-0',
  '',
])
  t.test(`'${id}' is none`, (t) => {
    t.equal(parseServiceId(id), undefined);
    t.end();
  });
