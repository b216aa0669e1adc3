/** The catalogue of errors. (docs/errors.md is held to it by docs.test.ts.) */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { errorCodes, isLvsError, LvsError } from '../../src/errors.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && name !== 'errors.ts')
  .map((name) => readFileSync(join(root, 'src', name), 'utf8'))
  .join('\n');

t.test('every code is used', (t) => {
  for (const code of errorCodes) t.ok(sources.includes(`'${code}'`), code);
  t.end();
});

t.test('an error knows its code, its sentence and its cause', (t) => {
  const cause = new Error('beneath');
  const error = new LvsError('NETLINK_TIMEOUT', ['add service', 50], { cause });
  t.equal(error.message, 'add service: the kernel did not answer within 50 ms');
  t.equal(error.cause, cause);
  t.equal(isLvsError(error, 'NETLINK_TIMEOUT'), true);
  t.equal(isLvsError(error, 'NETLINK_CLOSED'), false);
  t.end();
});
