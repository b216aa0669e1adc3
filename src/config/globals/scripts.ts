import { command, scriptUser } from '../command.js';
import type { GlobalSettings } from '../configuration.js';
import type { Diagnostics } from '../diagnostics.js';
import type { NotifyFifo, NotifyFifos, OnceScript } from '../global-settings.js';
import { flag, noMore, one, phrase, readWord, switchable, type Reader } from '../terms.js';
import { placeOfWord, type Statement } from '../tree.js';
import { integer, listed, name, seconds } from '../values.js';
import { type Block, isMissing, placeIn, type Term, type Vocabulary } from '../vocabulary.js';

const absolutePath: Reader<string> = (text) =>
  /^\/.*[^/]$/.test(text) ? { value: text } : { expected: 'the absolute path of a pipe' };

/** `notify_fifo PATH [USER [GROUP]]`. */
const fifo: Term<NotifyFifo> = phrase((statement, context) => {
  const path = readWord(statement, 1, absolutePath, context);
  const [user, group] = [2, 3].map((i) =>
    statement.words.length > i ? readWord(statement, i, name('a user or group'), context) : undefined,
  );
  noMore(statement, 4, context);
  if (path === undefined) return undefined;
  return { path, ...(user === undefined ? {} : { user }), ...(group === undefined ? {} : { group }) };
});

const onceTimeout = one(integer(1, 1000));
const ONCE_SECONDS = 10;
const SCRIPT_SECONDS = 60;

const BITS: ReadonlyMap<string, number> = new Map([
  ['IRUSR', 0o400],
  ['IWUSR', 0o200],
  ['IXUSR', 0o100],
  ['IRWXU', 0o700],
  ['IRGRP', 0o040],
  ['IWGRP', 0o020],
  ['IXGRP', 0o010],
  ['IRWXG', 0o070],
  ['IROTH', 0o004],
  ['IWOTH', 0o002],
  ['IXOTH', 0o001],
  ['IRWXO', 0o007],
]);
const DEFAULT_UMASK = 0o177;

/** `0177` (octal with its 0), `127`, `IXUSR | IRWXG | IRWXO`. */
const umask: Term<number> = phrase((statement, { diagnostics }) => {
  const text = statement.words
    .slice(1)
    .map((word) => word.text)
    .join('');
  const number = /^(0x[0-9a-fA-F]{1,3}|0[0-7]{1,4}|\d{1,3})$/.test(text)
    ? Number(text.replace(/^0(?=[0-7])/, '0o'))
    : text.split('|').reduce((sum, word) => sum | (BITS.get(word) ?? Number.NaN), 0);
  const known = /^\d/.test(text) || text.split('|').every((word) => BITS.has(word));
  if (known && number >= 0 && number <= 0o777) return number;
  diagnostics.error(placeOfWord(statement, 1), `'${text}' is no umask`, {
    expected: `a number such as 0177, or of ${listed([...BITS.keys()])} with '|' between them`,
  });
  return undefined;
});

export const scriptWords = {
  script_user: scriptUser,
  enable_script_security: flag,
  set_supplementary_groups: switchable,
  startup_script: command,
  startup_script_timeout: onceTimeout,
  shutdown_script: command,
  shutdown_script_timeout: onceTimeout,
  notify_fifo: fifo,
  notify_fifo_script: command,
  vrrp_notify_fifo: fifo,
  vrrp_notify_fifo_script: command,
  lvs_notify_fifo: fifo,
  lvs_notify_fifo_script: command,
  rs_init_notifies: switchable,
  umask,
  /** Ours. */
  script_timeout: one(seconds(0.001, 86_400)),
} satisfies Vocabulary;

type ScriptSettings = Pick<
  GlobalSettings,
  | 'scriptUser'
  | 'scriptSecurity'
  | 'supplementaryGroups'
  | 'scriptTimeoutSeconds'
  | 'umask'
  | 'startupScript'
  | 'shutdownScript'
  | 'fifos'
  | 'notifiesAtStart'
>;

export function scriptsOf(
  block: Block<typeof scriptWords>,
  header: Statement | undefined,
  diagnostics: Diagnostics,
): ScriptSettings {
  const { values } = block;
  const fifos: NotifyFifos = {
    all: fifoOf('notify_fifo', block, header, diagnostics),
    vrrp: fifoOf('vrrp_notify_fifo', block, header, diagnostics),
    lvs: fifoOf('lvs_notify_fifo', block, header, diagnostics),
  };
  const named = [fifos.all, fifos.vrrp, fifos.lvs].map((one) => one?.path).filter((path) => path !== undefined);
  if (new Set(named).size < named.length && header !== undefined)
    diagnostics.error(placeIn(block, 'lvs_notify_fifo', header), 'two kinds of events have one pipe', {
      expected: "'notify_fifo' for all events, or another path",
    });
  return {
    scriptUser: values.script_user,
    scriptSecurity: values.enable_script_security ?? false,
    supplementaryGroups: values.set_supplementary_groups ?? false,
    scriptTimeoutSeconds: values.script_timeout ?? SCRIPT_SECONDS,
    umask: values.umask ?? DEFAULT_UMASK,
    startupScript: onceOf(values.startup_script, values.startup_script_timeout),
    shutdownScript: onceOf(values.shutdown_script, values.shutdown_script_timeout),
    fifos,
    notifiesAtStart: values.rs_init_notifies ?? false,
  };
}

const onceOf = (script: OnceScript['script'] | undefined, timeoutSeconds = ONCE_SECONDS): OnceScript | undefined =>
  script === undefined ? undefined : { script, timeoutSeconds };

function fifoOf(
  word: 'notify_fifo' | 'vrrp_notify_fifo' | 'lvs_notify_fifo',
  block: Block<typeof scriptWords>,
  header: Statement | undefined,
  diagnostics: Diagnostics,
): NotifyFifo | undefined {
  const pipe = block.values[word];
  const script = block.values[`${word}_script`];
  if (pipe === undefined && script !== undefined && isMissing(block, word) && header !== undefined)
    diagnostics.error(placeIn(block, `${word}_script`, header), `'${word}_script' without '${word}'`, {
      expected: `'${word} /path'`,
    });
  return pipe === undefined || script === undefined ? pipe : { ...pipe, script };
}
