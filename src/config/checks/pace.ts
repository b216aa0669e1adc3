import type { CheckPace, FlapDamping } from '../check.js';
import { alias, noMore, one, optional, phrase, readWord, type Reader } from '../terms.js';
import { MOST_U32, integer, positiveSeconds, seconds } from '../values.js';
import type { Term, Values, Vocabulary } from '../vocabulary.js';

const LEAST_UNSURE_SECONDS = 0.1;
/** Of delay_loop. */
const USUAL_UNSURE = 1 / 10;

/** `fall 3` is `retry 2`: who writes both may mean either. */
const fallAsRetries: Reader<number> = (text, complain) => {
  const read = integer(1, MOST_U32)(text, complain);
  return 'value' in read ? { value: read.value - 1 } : read;
};

const unsure: Reader<number | 'off'> = (text, complain) => {
  if (text === 'off') return { value: 'off' };
  const read = seconds(LEAST_UNSURE_SECONDS)(text, complain);
  return 'value' in read ? read : { ...read, expected: `${read.expected}, or off` };
};

/** `flap_damping FALLS WITHIN HOLD`, or `flap_damping off`. */
const damping: Term<FlapDamping | 'off'> = phrase((statement, context) => {
  if (statement.words[1]?.text === 'off') {
    noMore(statement, 2, context);
    return 'off';
  }
  // every fall that still counts is remembered
  const falls = readWord(statement, 1, integer(1, 100), context);
  const withinSeconds = readWord(statement, 2, positiveSeconds, context);
  const holdSeconds = readWord(statement, 3, positiveSeconds, context);
  noMore(statement, 4, context);
  if (falls === undefined || withinSeconds === undefined || holdSeconds === undefined) return undefined;
  return { falls, withinSeconds, holdSeconds };
});

/** When to probe, and what it takes to believe: words that virtual server, real server and check share, each the default of the next. */
export const pace = {
  delay_loop: one(positiveSeconds),
  retry: one(integer(0, MOST_U32)),
  delay_before_retry: one(seconds(0)),
  warmup: one(seconds(0)),
  connect_timeout: one(seconds(0.000001, 4294)),
  fall: alias('retry', { ...one(fallAsRetries), once: true }),
  rise: one(integer(1, MOST_U32)),
  adaptive_interval: optional<number | 'usual' | 'off'>(unsure, 'usual'),
  flap_damping: damping,
} satisfies Vocabulary;

/** What a check takes over where it says nothing itself; undefined: nobody has said it. */
export interface InheritedPace {
  readonly intervalSeconds: number;
  readonly retries: number | undefined;
  readonly retryDelaySeconds: number | undefined;
  readonly warmupSeconds: number | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly rise: number | undefined;
  readonly unsure: number | 'usual' | 'off' | undefined;
  readonly damping: FlapDamping | 'off' | undefined;
}

const INTERVAL_SECONDS = 60;

/** keepalived's. */
export const unsaid: InheritedPace = {
  intervalSeconds: INTERVAL_SECONDS,
  retries: undefined,
  retryDelaySeconds: undefined,
  warmupSeconds: undefined,
  timeoutSeconds: undefined,
  rise: undefined,
  unsure: undefined,
  damping: undefined,
};

/** What a block says, over what the block around it says. */
export const paceOver = (values: Values<typeof pace>, outer: InheritedPace): InheritedPace =>
  saysWhen(values) || values.connect_timeout !== undefined ? over(values, outer) : outer;

/** Whether it says anything but how long an answer may take. */
export const saysWhen = (values: Values<typeof pace>): boolean =>
  values.delay_loop !== undefined ||
  values.retry !== undefined ||
  values.delay_before_retry !== undefined ||
  values.warmup !== undefined ||
  values.rise !== undefined ||
  values.adaptive_interval !== undefined ||
  values.flap_damping !== undefined;

function over(values: Values<typeof pace>, outer: InheritedPace): InheritedPace {
  const made: InheritedPace = {
    intervalSeconds: values.delay_loop ?? outer.intervalSeconds,
    retries: values.retry ?? outer.retries,
    retryDelaySeconds: values.delay_before_retry ?? outer.retryDelaySeconds,
    warmupSeconds: values.warmup ?? outer.warmupSeconds,
    timeoutSeconds: values.connect_timeout ?? outer.timeoutSeconds,
    rise: values.rise ?? outer.rise,
    unsure: values.adaptive_interval ?? outer.unsure,
    damping: values.flap_damping ?? outer.damping,
  };
  if (!isSame(made, last)) last = made;
  return last;
}

/** Most virtual servers of a file say the same: one object serves them all, and what is made of it. Nothing depends on it. */
let last: InheritedPace = unsaid;

const isSame = (one: InheritedPace, other: InheritedPace): boolean =>
  one.intervalSeconds === other.intervalSeconds &&
  one.retries === other.retries &&
  one.retryDelaySeconds === other.retryDelaySeconds &&
  one.warmupSeconds === other.warmupSeconds &&
  one.timeoutSeconds === other.timeoutSeconds &&
  one.rise === other.rise &&
  one.unsure === other.unsure &&
  one.damping === other.damping;

/** What keepalived's manual says of one kind of check. */
export interface PaceDefaults {
  readonly retries: number;
  readonly retryDelaySeconds: number;
}

/** The pace of a check: all that was said, and the rest by its kind. */
export function completePace(
  said: InheritedPace,
  { retries, retryDelaySeconds }: PaceDefaults,
): Omit<CheckPace, 'alpha' | 'logAllFailures'> {
  const { intervalSeconds, unsure: asked = 'off', damping = 'off' } = said;
  const pace = {
    intervalSeconds,
    retries: said.retries ?? retries,
    rise: said.rise ?? 1,
    retryDelaySeconds: said.retryDelaySeconds ?? retryDelaySeconds,
    warmupSeconds: said.warmupSeconds ?? intervalSeconds,
  };
  if (asked === 'off' && damping === 'off') return pace;
  const usual = Math.max(LEAST_UNSURE_SECONDS, USUAL_UNSURE * intervalSeconds);
  return {
    ...pace,
    ...(asked === 'off' ? {} : { unsureSeconds: asked === 'usual' ? usual : asked }),
    ...(damping === 'off' ? {} : { damping }),
  };
}
