import type { GlobalSettings, SyncDaemonSettings } from './configuration.js';
import type { Diagnostics } from './diagnostics.js';
import { mailOf, mailWords } from './globals/mail.js';
import { pairOf, pairWords } from './globals/pair.js';
import { scriptsOf, scriptWords } from './globals/scripts.js';
import { multicast, vrrpDefaultsOf, vrrpDefaultWords } from './globals/vrrp-defaults.js';
import { wordsWithoutEffect } from './globals/without-effect.js';
import { nearest } from './nearest.js';
import { engineOptionsOf, engineWords } from './userspace/globals.js';
import { placeOfWord, type Statement } from './tree.js';
import { integer, interfaceName, listed, name, oneOf, port } from './values.js';
import { flag, obsolete, one, optional, phrase, readWord, switchable, type Reader } from './terms.js';
import { type Block, type Context, isMissing, placeIn, type Term, type Vocabulary } from './vocabulary.js';

/** `KEYWORD NUMBER ...` in any order, each at most once. */
function readPairs<K extends string>(
  statement: Statement,
  from: number,
  readers: Readonly<Record<K, Reader<number | string>>>,
  context: Context,
): ReadonlyMap<string, number | string> | undefined {
  const found = new Map<string, number | string>();
  for (let i = from; i < statement.words.length; i += 2) {
    const { text } = statement.words[i]!;
    const known = Object.keys(readers) as K[];
    const reader = known.find((word) => word === text);
    if (reader === undefined || found.has(text)) {
      const message = reader === undefined ? `'${text}' is no option here` : `'${text}' is given twice`;
      context.diagnostics.error(placeOfWord(statement, i), message, {
        expected: listed(known),
        suggestion: nearest(text, known),
      });
      return undefined;
    }
    const value = readWord(statement, i + 1, readers[reader], context);
    if (value === undefined) return undefined;
    found.set(text, value);
  }
  return found;
}

const timeout = integer(0, 2_678_400);

/** `lvs_timeouts [tcp S] [tcpfin S] [udp S]`. */
const timeouts: Term<GlobalSettings['timeouts']> = phrase((statement, context) => {
  const pairs = readPairs(statement, 1, { tcp: timeout, tcpfin: timeout, udp: timeout }, context);
  if (pairs === undefined) return undefined;
  if (pairs.size === 0) {
    context.diagnostics.error(placeOfWord(statement, 0), "'lvs_timeouts' lacks a value", {
      expected: 'tcp, tcpfin or udp and seconds',
    });
    return undefined;
  }
  const [tcp, tcpFin, udp] = ['tcp', 'tcpfin', 'udp'].map((word) => pairs.get(word) as number | undefined);
  return {
    ...(tcp === undefined ? {} : { tcp }),
    ...(tcpFin === undefined ? {} : { tcpFin }),
    ...(udp === undefined ? {} : { udp }),
  };
});

const SYNC_OPTIONS = ['inst', 'id', 'maxlen', 'port', 'ttl', 'group'] as const;

/** Without an id: that of the instance, or 0. */
export type SyncDaemonDraft = Omit<SyncDaemonSettings, 'syncId'> & { readonly syncId: number | undefined };

/** `lvs_sync_daemon IFNAME [[inst] VRRP_INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]`. */
const syncDaemon: Term<SyncDaemonDraft> = phrase((statement, context) => {
  const device = readWord(statement, 1, interfaceName, context);
  const second = statement.words[2]?.text;
  const bare = second !== undefined && !SYNC_OPTIONS.some((word) => word === second);
  const readers = {
    inst: name('the name of a vrrp_instance'),
    id: integer(0, 255),
    maxlen: integer(1, 65_507),
    port,
    ttl: integer(1, 255),
    group: multicast(),
  };
  const pairs = readPairs(statement, bare ? 3 : 2, readers, context);
  if (device === undefined || pairs === undefined) return undefined;
  const number = (word: string): number | undefined => pairs.get(word) as number | undefined;
  const instance = bare ? second : (pairs.get('inst') as string | undefined);
  const [maxLength, syncPort, ttl] = [number('maxlen'), number('port'), number('ttl')];
  const group = pairs.get('group') as string | undefined;
  return {
    interface: device,
    syncId: number('id'),
    ...(instance === undefined ? {} : { instance }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(syncPort === undefined ? {} : { port: syncPort }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(group === undefined ? {} : { group }),
  };
});

/** VS: only our own services. */
const flushOnStop = optional(oneOf('VS'), 'everything' as const);

const stateFile: Reader<string> = (text) =>
  /^\/.*[^/]$/.test(text) ? { value: text } : { expected: 'the absolute path of a file' };

/** A broken file never changes anything here: what keepalived does only with this word. It would write its complaints to a file. */
const reloadCheck: Term<true> = phrase((statement, { diagnostics }) => {
  if (statement.words.length > 1)
    diagnostics.warning(
      placeOfWord(statement, 1),
      'complaints about the file go to the log, not to a file of their own',
    );
  return true;
});

/** Words of keepalived, and behind them our own. */
const words = {
  router_id: one(name('a name')),
  lvs_flush: flag,
  lvs_flush_on_stop: flushOnStop,
  lvs_flush_onstop: obsolete('lvs_flush_on_stop', flushOnStop),
  lvs_timeouts: timeouts,
  lvs_sync_daemon: syncDaemon,
  checker_log_all_failures: switchable,
  ...mailWords,
  smtp_alert: switchable,
  smtp_alert_vrrp: switchable,
  smtp_alert_checker: switchable,
  no_checker_emails: switchable,
  ...scriptWords,
  ...vrrpDefaultWords,
  reload_check_config: reloadCheck,
  lvs_drift: one(oneOf('repair', 'report')),
  lvs_stop: one(oneOf('keep', 'remove')),
  lvs_state_file: one(stateFile),
  ...engineWords,
  ...pairWords,
  share_probes: switchable,
} satisfies Vocabulary;

export const globalWords: typeof words = { ...words, ...wordsWithoutEffect };

/** Whether changes of checks are mailed where no block says it. keepalived's own unevenness: servers yes, services no. */
export interface CheckerAlerts {
  readonly virtualServers: boolean;
  readonly realServers: boolean;
}

export function checkerAlertsOf({ values }: Block<typeof globalWords>): CheckerAlerts {
  const said = values.smtp_alert_checker ?? values.smtp_alert;
  return { virtualServers: said ?? false, realServers: said ?? true };
}

export function buildGlobals(
  block: Block<typeof globalWords>,
  header: Statement | undefined,
  diagnostics: Diagnostics,
): Omit<GlobalSettings, 'syncDaemon'> {
  const { values } = block;
  const flush = values.lvs_flush_on_stop;
  if (flush !== undefined && values.lvs_stop === 'keep' && header !== undefined)
    diagnostics.error(placeIn(block, 'lvs_stop', header), "'lvs_stop keep' contradicts 'lvs_flush_on_stop'", {
      expected: 'one of them',
    });
  if (isMissing(block, 'lvs_stop') && flush === 'everything' && header !== undefined) {
    const place = placeIn(block, 'lvs_flush_on_stop', header);
    diagnostics.warning(place, "'lvs_flush_on_stop' empties the whole table at stop, services of others too", {
      expected: "'lvs_flush_on_stop VS' for our own",
    });
  }
  return {
    routerId: values.router_id,
    drift: values.lvs_drift ?? 'repair',
    stop: flush === 'everything' ? 'flush' : (values.lvs_stop ?? 'remove'),
    flushAtStart: values.lvs_flush ?? false,
    timeouts: values.lvs_timeouts ?? {},
    stateFile: values.lvs_state_file,
    ...scriptsOf(block, header, diagnostics),
    mail: mailOf(block, header, diagnostics),
    noCheckerMail: values.no_checker_emails ?? false,
    shareProbes: values.share_probes ?? true,
    engine: engineOptionsOf(values),
    pair: pairOf(block, header, diagnostics),
    vrrp: vrrpDefaultsOf(values, values.smtp_alert_vrrp ?? values.smtp_alert ?? false),
  };
}
