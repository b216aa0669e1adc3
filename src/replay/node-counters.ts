import type { EngineCounters } from '../dataplane/counters.js';
import type { NodeCounter } from '../lb/vpp/numbers.js';

/** What the engine counted, as `show node counters` has it: what was dropped, then what else happened. */
export const nodeCountersOf = ({ dropped, events }: EngineCounters): readonly NodeCounter[] => [
  ...rows(dropped, 'error'),
  ...rows(events, 'info'),
];

const rows = (counts: ReadonlyMap<string, bigint>, severity: NodeCounter['severity']): NodeCounter[] =>
  [...counts].map(([word, count]) => ({ count, reason: word.replaceAll('_', ' '), severity }));
