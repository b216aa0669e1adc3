import fc from 'fast-check';
import t from 'tap';
import { inetAton, parseEndpoint } from '../../../../src/cli/ipvsadm/addresses.js';
import { numberWithin } from '../../../../src/cli/ipvsadm/numbers.js';
import { fixtureNames } from './fixtures.js';

t.test('inet_aton(3)', (t) => {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['192.0.2.10', '192.0.2.10'],
    ['192.0.2', '192.0.0.2'],
    ['24', '0.0.0.24'],
    ['255.255.255', '255.255.0.255'],
    ['0xc0.0.2.10', '192.0.2.10'],
    ['0300.0.2.012', '192.0.2.10'],
    ['3221225994', '192.0.2.10'],
    ['0x7f000001', '127.0.0.1'],
    ['1.2.3.4 anything', '1.2.3.4'],
    ['1.2.3.4\t', '1.2.3.4'],
    ['1.2.3.4x', undefined],
    ['1.2.3.256', undefined],
    ['256.0.2.1', undefined],
    ['1.2.65536', undefined],
    ['4294967296', undefined],
    ['08.1.1.1', undefined],
    ['0x', undefined],
    ['1.2.3.4.5', undefined],
    ['1.2.3.', undefined],
    [' 1.2.3.4', undefined],
    ['', undefined],
  ];
  for (const [text, address] of rows) t.equal(inetAton(text), address, JSON.stringify(text));
  t.end();
});

t.test('one number is the same address as its four bytes', (t) => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
      return inetAton(String(number)) === address && inetAton(`0x${number.toString(16)}`) === address;
    }),
  );
  t.end();
});

t.test('no text makes it throw, and what it takes it prints so that it takes it again', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-fx. ]{0,18}$/)), (text) => {
      const address = inetAton(text);
      return address === undefined || inetAton(address) === address;
    }),
  );
  t.end();
});

t.test('endpoints', (t) => {
  const names = fixtureNames();
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['192.0.2.10:80', '192.0.2.10 80'],
    ['192.0.2.10:http', '192.0.2.10 80'],
    ['192.0.2.10: 81', '192.0.2.10 81'],
    ['192.0.2.10:+82', '192.0.2.10 82'],
    ['192.0.2.10:0083', '192.0.2.10 83'],
    ['192.0.2.10', '192.0.2.10 undefined'],
    ['1:1', '0.0.0.1 1'],
    ['[2001:DB8::10]:80', '2001:db8::10 80'],
    ['2001:db8::10', '2001:db8::10 undefined'],
    ['2001:db8::10:80', '2001:db8::10:80 undefined'],
    ['[192.0.2.10]:87', '192.0.2.10 undefined'],
    ['[1.2.3.4:5]:80', '1.2.3.4 5'],
    ['VIP:1', '192.0.2.10 1'],
    ['both:1', '192.0.2.20 1'],
    ['vip6:1', undefined],
    ['[vip6]:1', undefined],
    ['[2001:db8::10]', undefined],
    ['[2001:db8::10]:', undefined],
    ['[2001:db8::10]80', undefined],
    ['[fe80::1%lo]:80', undefined],
    ['192.0.2.10:', undefined],
    ['192.0.2.10:65536', undefined],
    ['192.0.2.10:HTTP', undefined],
    ['2130706433', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of rows) {
    const endpoint = parseEndpoint(text, 'tcp', names);
    t.equal(endpoint === undefined ? undefined : `${endpoint.address} ${endpoint.port ?? 'undefined'}`, expected, text);
  }
  t.equal(parseEndpoint('192.0.2.10:http', undefined, names), undefined, 'port names need a protocol');
  t.end();
});

t.test('numbers as strtol(3) reads them', (t) => {
  t.equal(numberWithin('010', 0, 99), 10, 'decimal only');
  t.equal(numberWithin(' +5', 0, 99), 5);
  t.equal(numberWithin('-0', 0, 99), 0);
  for (const text of ['', '0x10', '1x', '5 ', '1.5', '1e3', '100', '99999999999999999999'])
    t.equal(numberWithin(text, 0, 99), undefined, JSON.stringify(text));
  t.end();
});
