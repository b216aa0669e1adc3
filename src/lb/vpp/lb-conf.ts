import { addressOf, type Clause, isRefused, NUMBER, readClauses, UNSIGNED } from './input.js';
import { done, refuse, type VppCommand } from './command.js';
import { type VppState, vppErrors } from './state.js';

/** 2^22 buckets are 16 million sessions; VPP takes more, and dies at the next packet. */
const MOST_BUCKETS = 2 ** 22;
const BUCKETS = 'buckets must be a power of two from 1 to 4194304';

type Draft = VppState;
const path = 'lb conf';

const clauses: readonly Clause<Draft>[] = [
  {
    pattern: /ip4-src-address\s+([\d.]+)/,
    read: (draft, text) => source(draft, 'ip4', text),
  },
  {
    pattern: /ip6-src-address\s+([\da-fA-F:.]+)/,
    read: (draft, text) => source(draft, 'ip6', text),
  },
  { pattern: new RegExp(`buckets\\s+(${NUMBER})`), read: (draft, text) => withBuckets(draft, Number(text)) },
  {
    pattern: new RegExp(`buckets-log2\\s+(${UNSIGNED})`),
    read: (draft, text) =>
      Number(text) >= 32 ? { refused: 'buckets-log2 value is too high' } : withBuckets(draft, 2 ** Number(text)),
  },
  {
    pattern: new RegExp(`timeout\\s+(${NUMBER})`),
    // VPP's 0 and -1 mean "as it was"
    read: (draft, text) => withTimeout(draft, Number(text)),
  },
];

function source(draft: Draft, family: 'ip4' | 'ip6', text: string): Draft | { readonly refused: string } {
  const address = addressOf(text, family);
  if (address === undefined) return { refused: `parse error: '${family}-src-address ${text}'` };
  return family === 'ip4' ? { ...draft, ip4Source: address } : { ...draft, ip6Source: address };
}

function withBuckets(draft: Draft, buckets: number): Draft | { readonly refused: string } {
  if (buckets === 0 || buckets > MOST_BUCKETS) return { refused: BUCKETS };
  if (buckets < 0 || !Number.isInteger(Math.log2(buckets))) return { refused: `lb_conf error ${vppErrors.badSize}` };
  return { ...draft, buckets };
}

/** Of the engine. */
const LONGEST_SECONDS = 1_000_000;

function withTimeout(draft: Draft, timeout: number): Draft | { readonly refused: string } {
  if (timeout === 0 || timeout === -1) return draft;
  if (timeout < 0 || timeout > LONGEST_SECONDS) return { refused: 'timeout must be from 1 to 1000000 seconds' };
  return { ...draft, timeout };
}

export const lbConf: VppCommand = {
  path,
  help: 'lb conf [ip4-src-address <addr>] [ip6-src-address <addr>] [buckets <n>] [timeout <s>]',
  run(state, input) {
    const next = readClauses(input, clauses, state);
    return isRefused(next) ? refuse(state, path, next.refused) : done(next);
  },
};
