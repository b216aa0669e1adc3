import type { DeadFlows, RemovedFlows, SlowStart } from './configuration.js';
import { noMore, phrase, readWord } from './terms.js';
import { integer, oneOf, positiveSeconds } from './values.js';
import type { Term } from './vocabulary.js';

/** What of lvsd's own words concerns the servers of one virtual server and the connections on them. */

type Drain = { readonly do: 'drain'; readonly seconds: number };

/** `WORD HOW`, or `WORD drain SECONDS`. */
const policy = <How extends string>(...words: readonly How[]): Term<{ readonly do: How } | Drain> =>
  phrase((statement, context) => {
    const how = readWord(statement, 1, oneOf<How | 'drain'>(...words, 'drain'), context);
    if (how !== 'drain') {
      noMore(statement, 2, context);
      return how === undefined ? undefined : { do: how };
    }
    const seconds = readWord(statement, 2, positiveSeconds, context);
    noMore(statement, 3, context);
    return seconds === undefined ? undefined : { do: 'drain', seconds };
  });

/** `dead_flows remove|keep|cut|drain SECONDS`. */
export const deadFlows: Term<DeadFlows> = policy('remove', 'keep', 'cut');

/** `removed_flows remove|cut|drain SECONDS`. */
export const removedFlows: Term<RemovedFlows> = policy('remove', 'cut');

const FROM_PERCENT = 10;
const percent = integer(1, 100);

/** `slow_start SECONDS [PERCENT]`. */
export const slowStart: Term<SlowStart> = phrase((statement, context) => {
  const seconds = readWord(statement, 1, positiveSeconds, context);
  const from = statement.texts.length > 2 ? readWord(statement, 2, percent, context) : FROM_PERCENT;
  noMore(statement, 3, context);
  return seconds === undefined || from === undefined ? undefined : { seconds, fromPercent: from };
});

/** `pool_guard PERCENT`: at most this share of the servers is taken out. */
export const poolGuard = integer(0, 100);
