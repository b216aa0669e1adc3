import type { Position } from './configuration.js';
import type { Diagnostics } from './diagnostics.js';
import { blockOf, each, noMore, one, readWord, type Reader, several } from './terms.js';
import { positionOfWord, type Statement } from './tree.js';
import { absolutePath, name, oneOf, seconds } from './values.js';
import { readBlock, type Term, type Vocabulary } from './vocabulary.js';

/** A program that is told of events: `webhook URL { ... }`. */
export interface WebhookSettings {
  readonly position: Position;
  /** In the log and in metrics; a URL may have secrets in it. */
  readonly name: string;
  /** http or https. */
  readonly url: string;
  /** How names of events begin; empty: all. */
  readonly events: readonly string[];
  readonly level: 'info' | 'warn' | 'error';
  /** What each request is signed with; undefined: none is. */
  readonly secret: { readonly text: string } | { readonly file: string } | undefined;
  /** PEM file of certificate authorities; undefined: the system's. */
  readonly authority: string | undefined;
  /** Of one attempt, from the connection to the end of the answer. */
  readonly timeoutSeconds: number;
  /** Pauses between attempts grow up to this. */
  readonly retrySeconds: number;
  /** An event that is older is given up. */
  readonly keepSeconds: number;
}

const usual = { timeout: 10, retry: 300, keep: 86_400 } as const;
const FILE = 'file:';
const LONGEST_URL = 2048;
const LONGEST_NAME = 63;

const url: Reader<string> = (text) => {
  const parsed = URL.canParse(text) && text.length <= LONGEST_URL ? new URL(text) : undefined;
  const fits = (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') && parsed.hash === '';
  return fits ? { value: parsed.href } : { expected: 'http:// or https://, a host and a path' };
};

const beginning: Reader<string> = (text) =>
  /^[a-z][a-z.-]{0,62}$/.test(text)
    ? { value: text }
    : { expected: 'the name of an event or how names begin: health. or vrrp.role' };

const secret: Reader<NonNullable<WebhookSettings['secret']>> = (text) => {
  if (text === '') return { expected: `a secret, or ${FILE}/path` };
  if (!text.startsWith(FILE)) return { value: { text } };
  const path = absolutePath(text.slice(FILE.length), () => undefined);
  return 'value' in path ? { value: { file: path.value } } : { expected: `${FILE} and the absolute path of a file` };
};

export const webhookWords = {
  name: one(name('a name', LONGEST_NAME)),
  events: several(beginning),
  level: one(oneOf('info', 'warn', 'error')),
  secret: one(secret),
  tls_ca: one(absolutePath),
  timeout: one(seconds(0.1, 300)),
  retry: one(seconds(1, 86_400)),
  keep: one(seconds(1, 31_536_000)),
} satisfies Vocabulary;

export const webhookTerm: Term<readonly WebhookSettings[]> = each({
  words: webhookWords,
  read(statement: Statement, context) {
    const target = readWord(statement, 1, url, context);
    noMore(statement, 2, context);
    const lines = blockOf(statement, context);
    if (lines === undefined || target === undefined) return undefined;
    const { values } = readBlock('webhook', webhookWords, lines, context.diagnostics);
    return {
      position: positionOfWord(statement, 1),
      name: values.name ?? new URL(target).host,
      url: target,
      events: values.events ?? [],
      level: values.level ?? 'info',
      secret: values.secret,
      authority: values.tls_ca,
      timeoutSeconds: values.timeout ?? usual.timeout,
      retrySeconds: values.retry ?? usual.retry,
      keepSeconds: values.keep ?? usual.keep,
    };
  },
});

/** How far each has come is remembered by its name. */
export function webhooksOf(
  hooks: readonly WebhookSettings[] = [],
  diagnostics: Diagnostics,
): readonly WebhookSettings[] {
  const seen = new Map<string, WebhookSettings>();
  for (const hook of hooks) {
    const before = seen.get(hook.name);
    if (before !== undefined)
      diagnostics.error(
        { ...hook.position, length: 1 },
        `a webhook named '${hook.name}' is there already, in line ${before.position.line}`,
        { expected: "another 'name' in its block" },
      );
    seen.set(hook.name, before ?? hook);
  }
  return [...seen.values()];
}
