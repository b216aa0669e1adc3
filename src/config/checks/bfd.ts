import type { BfdCheck, BfdSessionSettings } from '../check.js';
import type { BfdInstance } from '../configuration.js';
import { type CheckDraft, type Inherited, positionOf } from './common.js';
import { completePace, unsaid } from './pace.js';
import { type Diagnostics, unknownWord } from '../diagnostics.js';
import { one, switchable } from '../terms.js';
import { type Statement, placeOfWord } from '../tree.js';
import { name } from '../values.js';
import { type Block, type Term, type Vocabulary, isMissing, placeIn, readBlock } from '../vocabulary.js';

const bfd = {
  name: one(name('the name of a bfd_instance')),
  alpha: switchable,
} satisfies Vocabulary;

/** `BFD_CHECK { name SESSION }`: the server is up as the session of that bfd_instance is, which may stand anywhere in the file. */
export const bfdTerm: Term<CheckDraft> = {
  words: bfd,
  read(statement, { diagnostics }) {
    const block = readBlock('BFD_CHECK', bfd, statement.block ?? [], diagnostics);
    if (isMissing(block, 'name'))
      diagnostics.error(placeOfWord(statement, 0), "'BFD_CHECK' names no session", { expected: "'name BFD_INSTANCE'" });
    return (inherited, diagnostics) => buildBfd(block, inherited, statement, diagnostics);
  },
};

function buildBfd(
  block: Block<typeof bfd>,
  inherited: Inherited,
  header: Statement,
  diagnostics: Diagnostics,
): BfdCheck | undefined {
  const instance = instanceOf(block, inherited, header, diagnostics);
  if (instance === undefined) return undefined;
  // it is told at once, and tries nothing again: of when to probe only flap damping has a meaning
  const pace = completePace({ ...unsaid, damping: inherited.pace.damping }, { retries: 0, retryDelaySeconds: 0 });
  return {
    is: 'bfd',
    position: positionOf(header, inherited),
    pace: { ...pace, alpha: block.values.alpha ?? inherited.alpha, logAllFailures: inherited.logAllFailures },
    session: sessionOf(instance),
  };
}

function instanceOf(
  block: Block<typeof bfd>,
  { named }: Inherited,
  header: Statement,
  diagnostics: Diagnostics,
): BfdInstance | undefined {
  const wanted = block.values.name;
  if (wanted === undefined) return undefined;
  const place = placeIn(block, 'name', header);
  const instance = named.bfd.get(wanted);
  if (instance === undefined && !named.bfd.has(wanted)) {
    const [message, advice] = unknownWord(wanted, 'no bfd_instance of this file', named.bfd.keys());
    diagnostics.error(place, message, advice);
  }
  if (instance === undefined || instance.forCheckers) return instance;
  diagnostics.error(place, `the bfd_instance '${wanted}' is for VRRP only`, {
    expected: "'checker' in it, or neither 'vrrp' nor 'checker'",
  });
  return undefined;
}

/** Without what the file says of it to others: a check is the same while its session is. */
const sessionOf = (instance: BfdInstance): BfdSessionSettings => ({
  name: instance.name,
  neighbor: instance.neighbor,
  minReceiveMs: instance.minReceiveMs,
  minTransmitMs: instance.minTransmitMs,
  idleTransmitMs: instance.idleTransmitMs,
  multiplier: instance.multiplier,
  passive: instance.passive,
  ttl: instance.ttl,
  maxHops: instance.maxHops,
  multihop: instance.multihop,
  ...(instance.source === undefined ? {} : { source: instance.source }),
});
