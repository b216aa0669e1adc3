import t from 'tap';
import { bearerOf, Tokens } from '../../../src/api/tokens.js';
import type { ApiToken } from '../../../src/config/api-access.js';
import { tokenHash, tokenText } from '../../../src/model/api-token.js';

const position = { file: 'f', line: 1, column: 1 };
const text = (seed: number): string => tokenText(new Uint8Array(32).fill(seed));
const token = (name: string, seed: number, more: Partial<ApiToken> = {}): ApiToken => ({
  position,
  name,
  role: 'read',
  hash: tokenHash(text(seed)),
  expiresAt: undefined,
  services: 'all',
  from: [],
  ...more,
});

t.test('a token is 256 bits of chance; only its hash is kept', (t) => {
  t.equal(text(0), `lvsd_${'A'.repeat(43)}`);
  t.match(tokenText(new Uint8Array(32).fill(255)), /^lvsd_[\w-]{43}$/);
  t.equal(
    tokenHash('abc'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    'SHA-256, FIPS 180-2 B.1',
  );
  t.end();
});

t.test('whose it is', (t) => {
  const tokens = new Tokens([
    token('a', 1),
    token('b', 2, { expiresAt: 1000 }),
    token('c', 3, { from: ['10.0.0.0/8', '2001:db8::/32'] }),
  ]);
  t.equal(tokens.find(text(1), '192.0.2.1', 0).name, 'a');
  t.equal(tokens.find(text(1), undefined, 0).name, 'a', 'over a Unix socket');
  t.equal(tokens.find(text(2), '192.0.2.1', 999).name, 'b');
  t.throws(() => tokens.find(text(2), '192.0.2.1', 1000), { code: 'API_UNAUTHENTICATED', message: /'b' has expired/ });
  for (const address of ['10.255.255.255', '2001:db8:ffff::1']) t.equal(tokens.find(text(3), address, 0).name, 'c');
  for (const address of ['11.0.0.0', '2001:db9::1', '::1', undefined])
    t.throws(() => tokens.find(text(3), address, 0), { message: /'c' is not for use from here/ });
  t.end();
});

t.test('what is none', (t) => {
  const tokens = new Tokens([token('a', 1), token('empty', 9, { hash: tokenHash('') })]);
  const first = text(1);
  const wrong = [
    text(2),
    '',
    first.slice(0, -1),
    `${first}A`,
    first.toUpperCase(),
    tokenHash(first),
    `sha256:${tokenHash(first)}`,
    'lvsd_',
    'x'.repeat(10_000),
  ];
  for (const one of wrong) t.throws(() => tokens.find(one, '10.0.0.1', 0), { code: 'API_UNAUTHENTICATED' }, one);
  t.throws(() => new Tokens([]).find(first, '10.0.0.1', 0), { message: /nobody has this token/ });
  t.end();
});

t.test('whether it is still the same', (t) => {
  const tokens = new Tokens([token('a', 1)]);
  t.ok(tokens.has(token('a', 1)));
  for (const other of [
    token('a', 2),
    token('b', 1),
    token('a', 1, { role: 'admin' }),
    token('a', 1, { services: ['x'] }),
  ])
    t.notOk(tokens.has(other));
  t.end();
});

t.test('the header', (t) => {
  const of = (...authorization: readonly string[]): string | undefined =>
    bearerOf({ headersDistinct: authorization.length === 0 ? {} : { authorization: [...authorization] } });
  t.equal(of(), undefined);
  t.equal(of('Bearer abc'), 'abc');
  t.equal(of('bearer  abc'), 'abc');
  for (const said of [
    ['Basic YTpi'],
    ['Bearer'],
    ['Bearer '],
    ['Bearer a b'],
    ['Bearer a,b c'],
    [''],
    ['Bearer a', 'Bearer b'],
    ['Bearer a', 'Bearer a'],
  ])
    t.throws(() => of(...said), { code: 'API_UNAUTHENTICATED' }, JSON.stringify(said));
  t.end();
});
