import { argumentsOf, rawWords } from '../../config/command.js';
import type { ScriptUser } from '../../config/configuration.js';
import type { Place } from '../../config/diagnostics.js';
import { placeOf } from '../../config/lexer.js';
import { keywordOf, placeOfWord, type Statement } from '../../config/tree.js';

/** Something of this machine that a configuration names, and where. */
export type Mention =
  | { readonly is: 'interface' | 'file' | 'mail server'; readonly place: Place; readonly name: string }
  | { readonly is: 'user'; readonly place: Place; readonly user: ScriptUser }
  | { readonly is: 'script'; readonly place: Place; readonly program: string; readonly user: ScriptUser | undefined }
  | { readonly is: 'secret'; readonly place: Place; readonly word: string }
  /** A VRRP address: it may be on another machine at the moment. */
  | { readonly is: 'moving address'; readonly address: string };

type Find = (statement: Statement, inside: Inside) => readonly Mention[];

/** The block a statement stands in. */
interface Inside {
  readonly block: string;
  /** Whose rights scripts of this block have, if they do not say. */
  readonly user: ScriptUser | undefined;
}

const named =
  (is: 'interface' | 'file' | 'mail server', index = 1): Find =>
  (statement) => {
    const word = statement.words[index];
    return word === undefined ? [] : [{ is, place: placeOfWord(statement, index), name: word.text }];
  };

const interfaces: Find = (statement) =>
  statement.words
    .slice(1)
    .flatMap(({ text }, i): Mention[] =>
      text === 'auto' ? [] : [{ is: 'interface', place: placeOfWord(statement, i + 1), name: text }],
    );

const secret: Find = (statement) => [{ is: 'secret', place: placeOfWord(statement, 1), word: keywordOf(statement) }];

const onlyIn =
  (blocks: readonly string[], find: Find): Find =>
  (statement, inside) =>
    blocks.includes(inside.block) ? find(statement, inside) : [];

const userFrom = (words: readonly { readonly text: string }[]): ScriptUser | undefined => {
  const [user, group] = words.map(({ text }) => text);
  if (user === undefined) return undefined;
  const name = group?.replace(/^:/, '') ?? '';
  return name === '' ? { user } : { user, group: name };
};

const users: Find = (statement) => {
  const user = userFrom(statement.words.slice(1));
  return user === undefined ? [] : [{ is: 'user', place: placeOfWord(statement, 1), user }];
};

/** `misc_path "/path/program argument" [USER [GROUP]]`: the program, and who runs it. */
const script: Find = (statement, inside) => {
  const [command, ...who] = rawWords(statement, true) ?? [];
  const [program] = command === undefined ? [] : argumentsOf(command.text);
  if (command === undefined || program === undefined) return [];
  const own = userFrom(who);
  const place = placeOf(statement.source, command.from, command.to);
  const whose: Mention[] =
    own === undefined
      ? []
      : [{ is: 'user', place: placeOf(statement.source, who[0]!.from, who.at(-1)!.to), user: own }];
  return [{ is: 'script', place, program, user: own ?? inside.user }, ...whose];
};

const SCRIPT_WORDS = `notify_up notify_down quorum_up quorum_down misc_path startup_script shutdown_script notify notify_master
  notify_backup notify_fault notify_stop notify_deleted notify_master_rx_lower_pri notify_fifo_script vrrp_notify_fifo_script
  lvs_notify_fifo_script`;

const TLS_BLOCKS = ['SSL', 'SSL_GET', 'HTTP_GET'];

/** The words that name something of the machine. */
const finders: ReadonlyMap<string, Find> = new Map<string, Find>([
  ...SCRIPT_WORDS.split(/\s+/).map((word): [string, Find] => [word, script]),
  ['script', onlyIn(['vrrp_script'], script)],
  ['script_user', users],
  ['user', onlyIn(['MISC_CHECK', 'vrrp_script'], users)],
  ['interface', onlyIn(['vrrp_instance'], named('interface'))],
  ['engine_ports', onlyIn(['global_defs'], interfaces)],
  ['interfaces', onlyIn(['virtual_server'], interfaces)],
  ['bind_if', named('interface')],
  ['lvs_sync_daemon', named('interface')],
  ['default_interface', named('interface')],
  ['smtp_server', named('mail server')],
  ['auth_pass', secret],
  ['password', onlyIn(TLS_BLOCKS, secret)],
  ['key', onlyIn(TLS_BLOCKS, named('file'))],
  ['certificate', onlyIn(TLS_BLOCKS, named('file'))],
  ['ca', onlyIn(TLS_BLOCKS, named('file'))],
  ['tls_ca', named('file')],
]);

/** Blocks whose every line is an entry: what its first word is. */
const entries: ReadonlyMap<string, Find> = new Map<string, Find>([
  ['track_interface', named('interface', 0)],
  ['virtual_ipaddress', movingAddress],
  ['virtual_ipaddress_excluded', movingAddress],
]);

function movingAddress(statement: Statement): readonly Mention[] {
  const [first] = statement.words;
  const device = statement.words.findIndex(({ text }) => text === 'dev');
  const moving: Mention = { is: 'moving address', address: first?.text.replace(/\/.*/, '') ?? '' };
  return device < 0 ? [moving] : [moving, ...named('interface', device + 1)(statement, { block: '', user: undefined })];
}

/** All of them, in the order of the text. */
export function mentionsOf(statements: readonly Statement[]): readonly Mention[] {
  const found: Mention[] = [];
  const walk = (lines: readonly Statement[], inside: Inside): void => {
    for (const statement of lines) {
      const keyword = keywordOf(statement);
      const find = entries.get(inside.block) ?? finders.get(keyword);
      if (find !== undefined) found.push(...find(statement, inside));
      if (statement.block !== undefined)
        walk(statement.block, { block: keyword, user: userOf(statement.block) ?? inside.user });
    }
  };
  walk(statements, { block: '', user: scriptUser(statements) });
  return found;
}

/** script_user of global_defs, wherever that stands. */
function scriptUser(statements: readonly Statement[]): ScriptUser | undefined {
  const lines = statements.flatMap((one) => (keywordOf(one) === 'global_defs' ? (one.block ?? []) : []));
  const line = lines.findLast((one) => keywordOf(one) === 'script_user');
  return line === undefined ? undefined : userFrom(line.words.slice(1));
}

/** The `user` line of a check or script. */
function userOf(lines: readonly Statement[]): ScriptUser | undefined {
  const line = lines.find((statement) => keywordOf(statement) === 'user');
  return line === undefined ? undefined : userFrom(line.words.slice(1));
}
