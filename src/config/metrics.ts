import { integer, oneOf } from './values.js';
import { blockOf, noMore, one } from './terms.js';
import type { Statement } from './tree.js';
import { readBlock, type Term, type Vocabulary } from './vocabulary.js';

/** What `/metrics` tells: `metrics { series N; destinations on|off }`. */
export interface MetricsSettings {
  /** At most. */
  readonly series: number;
  /** Series for each destination; or only for services. */
  readonly destinations: boolean;
}

/** Ten thousand servers: what a Prometheus takes from one target without being made for it. */
export const usualMetrics: MetricsSettings = { series: 100_000, destinations: true };

export const metricsWords = {
  series: one(integer(1000, 100_000_000)),
  destinations: one(oneOf('on', 'off')),
} satisfies Vocabulary;

export const metricsTerm: Term<MetricsSettings> = {
  words: metricsWords,
  read(statement: Statement, context) {
    noMore(statement, 1, context);
    const lines = blockOf(statement, context);
    if (lines === undefined) return undefined;
    const { values } = readBlock('metrics', metricsWords, lines, context.diagnostics);
    return {
      series: values.series ?? usualMetrics.series,
      destinations: values.destinations !== 'off',
    };
  },
};
