/** `lvsd token`. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Tokens } from '../../../src/api/tokens.js';
import { token } from '../../../src/cli/token.js';
import { readTokenFile } from '../../../src/config/token-file.js';

const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'tokens');

function said(...args: readonly string[]): {
  readonly status: number | string;
  readonly out: string;
  readonly err: string;
} {
  const texts = { out: '', err: '' };
  const output = { out: (text: string) => void (texts.out += text), err: (text: string) => void (texts.err += text) };
  try {
    return { status: token(args, output), ...texts };
  } catch (error) {
    return { status: (error as Error).message, ...texts };
  }
}

t.test('printed once, and its line is what lvsd understands', (t) => {
  const { status, out, err } = said(
    'anna',
    'operate',
    '--expires',
    '2100-01-01',
    '--service',
    'tcp-1.2.3.4-80',
    '--service',
    'udp-*',
    '--from',
    '10.0.0.0/8',
  );
  t.equal(status, 0);
  t.match(out, /^lvsd_[\w-]{43}\n$/);
  const { tokens, diagnostics } = readTokenFile({ file: 'f', text: err });
  t.same(diagnostics, []);
  t.match(tokens, [
    {
      name: 'anna',
      role: 'operate',
      services: ['tcp-1.2.3.4-80', 'udp-*'],
      from: ['10.0.0.0/8'],
      expiresAt: Date.UTC(2100, 0, 1),
    },
  ]);
  t.equal(new Tokens(tokens).find(out.trim(), '10.1.1.1', 0).name, 'anna');
  t.notMatch(err, out.trim());
  t.not(said('anna', 'read').out, said('anna', 'read').out, 'another one each time');
  t.end();
});

t.test('added to a file, of which nothing else is touched', (t) => {
  t.equal(said('a', 'read', '-f', file).status, 0);
  t.equal(statSync(file).mode & 0o027, 0, 'nobody else may write to it, and not everybody read it');
  writeFileSync(file, `# mine\n${readFileSync(file, 'utf8').trimEnd()}`);
  const { out, err } = said('b', 'admin', '-f', file);
  t.equal(err, '');
  const { tokens, diagnostics } = readTokenFile({ file, text: readFileSync(file, 'utf8') });
  t.same([tokens.map(({ name }) => name), diagnostics], [['a', 'b'], []]);
  t.match(readFileSync(file, 'utf8'), /^# mine\ntoken a /);
  t.equal(new Tokens(tokens).find(out.trim(), undefined, 0).role, 'admin');
  const before = readFileSync(file, 'utf8');
  t.equal(
    said('a', 'read', '-f', file).status,
    `${file} is not changed: 'a' has a token already; delete its line first`,
  );
  t.match(said('c', 'read', '-f', folder).status, /is not changed: EISDIR/);
  t.equal(readFileSync(file, 'utf8'), before);
  t.end();
});

const wrong: readonly (readonly [args: readonly string[], says: string])[] = [
  [[], 'whose token? NAME'],
  [['a'], 'what may it? read, operate, admin'],
  [['a', 'root'], "'root' is no value of token, expected read, operate or admin"],
  [['a b', 'read'], "'b' is no value of token"],
  [['a', 'read', 'more'], "'more' is too much"],
  [['a', 'read', '--expires', 'never'], "'never' is no value of expires, expected a day"],
  [['a', 'read', '--service', '192.0.2.1:80'], "'192.0.2.1:80' is no value of services"],
  [['a', 'read', '--from', 'x'], "'x' is no value of from"],
  [['a', 'read', '--from', '10.0.0.1\n}\ntoken b admin x'], 'token'],
];
for (const [args, says] of wrong)
  t.test(`refused: ${args.join(' ')}`, (t) => {
    const { status, out, err } = said(...args);
    t.equal(status, 2);
    t.equal(out, '');
    t.ok(err.includes(says), err);
    t.end();
  });
