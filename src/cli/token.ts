import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import type { ApiToken } from '../config/api-access.js';
import { formatDiagnostic } from '../config/diagnostics.js';
import { readTokenFile } from '../config/token-file.js';
import { LvsError } from '../errors.js';
import { TOKEN_BYTES, tokenHash, tokenText } from '../model/api-token.js';
import { roles } from '../model/role.js';
import { reasonOf } from '../system/log.js';
import { type NoOrder, readCommand, text, texts, type Values, type Wrong } from './arguments.js';
import { answer, type Output } from './face.js';
import { type DescribedOptions, type Manual, usageOf } from './manual.js';

interface Order {
  readonly token: string;
  /** As it stands in a file. */
  readonly line: string;
  readonly name: string;
  /** undefined: it is only printed. */
  readonly file: string | undefined;
}

const options = {
  expires: { ...text, value: 'DAY', help: 'from then on it is refused: 2027-12-31, or 2027-12-31T18:00Z (UTC)' },
  service: {
    ...texts,
    value: 'ID',
    fills: 'service',
    help: 'it may change this service only (tcp-192.0.2.1-80), or those that begin so (tcp-192.0.2.1-*); several times',
  },
  from: { ...texts, value: 'ADDRESS[/LEN]', help: 'it may come from there only; several times' },
  file: {
    ...text,
    short: 'f',
    value: 'FILE',
    fills: 'file',
    help: "a 'token_file' of the block 'api' that its line is added to",
  },
} as const;

export const tokenManual: Manual = {
  program: 'lvsd',
  name: 'token',
  summary: 'makes a token for the REST API',
  synopsis: ['NAME read|operate|admin [--expires DAY] [--service ID...] [--from ADDRESS[/LEN]...] [-f FILE]'],
  about: [
    `Prints a new token, once: lvsd keeps only its hash. Whoever sends it ('authorization: Bearer TOKEN') is NAME and may look (read), also change
    weights, drain and fail over (operate), or all (admin). Its line is added to FILE, or printed on standard error for the block 'api' or a file that
    'token_file' names there. A running lvsd sees within seconds that the file has changed; who is no more in it is refused.`,
  ],
  exit: '0 done, 1 refused or failed, 2 usage.',
};

export const tokenOptions: DescribedOptions = options;
const usage = usageOf(tokenManual, options);
/** Read by all who may read the configuration: it has only hashes. */
const MODE = 0o640;

/** `lvsd token`. @param chance for tests */
export const token = (args: readonly string[], output: Output, chance = randomBytes): number =>
  answer('lvsd token', parseToken(args, chance), output, (order) => carryOut(order, output));

export const parseToken = (args: readonly string[], chance: (bytes: number) => Uint8Array): Order | NoOrder =>
  readCommand(args, { usage, options, takesWords: true, read: (values, words) => readOrder(values, words, chance) });

function readOrder(
  { expires, service, from, file }: Values<typeof options>,
  [name, role, ...more]: readonly string[],
  chance: (bytes: number) => Uint8Array,
): Order | Wrong {
  if (name === undefined) return { wrong: 'whose token? NAME' };
  if (role === undefined) return { wrong: `what may it? ${roles.join(', ')}` };
  if (more.length > 0) return { wrong: `'${more.join(' ')}' is too much` };
  const token = tokenText(chance(TOKEN_BYTES));
  const block = [
    ...(expires === undefined ? [] : [`expires ${expires}`]),
    ...(service.length === 0 ? [] : [`services ${service.join(' ')}`]),
    ...(from.length === 0 ? [] : [`from ${from.join(' ')}`]),
  ];
  const head = `token ${name} ${role} sha256:${tokenHash(token)}`;
  const line = block.length === 0 ? `${head}\n` : `${head} {\n${block.map((one) => `    ${one}\n`).join('')}}\n`;
  const { tokens, diagnostics } = readTokenFile({ file: 'token', text: line });
  if (tokens.length !== 1 || diagnostics.length > 0) return { wrong: wrongOf(diagnostics.map(formatDiagnostic)) };
  return { token, line, name, file };
}

/** Without the place in a line that nobody has written. */
const wrongOf = ([first = 'it is no token']: readonly string[]): string => first.replace(/^token:\d+:\d+: /, '');

function carryOut({ token, line, name, file }: Order, output: Output): number {
  if (file === undefined) output.err(line);
  else addTo(file, name, line);
  output.out(`${token}\n`);
  return 0;
}

/** @throws LvsError API_TOKEN_FILE */
function addTo(file: string, name: string, line: string): void {
  try {
    const before = textOf(file);
    const there: readonly ApiToken[] = readTokenFile({ file, text: before }).tokens;
    if (there.some((token) => token.name === name))
      throw new Error(`'${name}' has a token already; delete its line first`);
    appendFileSync(file, before === '' || before.endsWith('\n') ? line : `\n${line}`, { mode: MODE });
  } catch (cause) {
    throw new LvsError('API_TOKEN_FILE', [file, reasonOf(cause)], { cause });
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
