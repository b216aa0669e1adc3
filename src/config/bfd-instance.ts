import { familyOf } from '../model/address.js';
import type { BfdInstance } from './configuration.js';
import type { Diagnostics } from './diagnostics.js';
import { namedBlocks } from './named.js';
import { flag, obsolete, one, switchable } from './terms.js';
import { type Statement, placeOfWord, positionOfWord } from './tree.js';
import { address, integer } from './values.js';
import { type Block, isMissing, placeIn, type Vocabulary } from './vocabulary.js';
import { weightTerm } from './vrrp/tracking.js';

const MOST_MS = 4_294_967;
const interval = one(integer(1, MOST_MS));

export const bfdWords = {
  neighbor_ip: one(address),
  neighbour_ip: obsolete('neighbor_ip', one(address)),
  source_ip: one(address),
  min_rx: interval,
  min_tx: interval,
  idle_tx: one(integer(1000, MOST_MS)),
  multiplier: one(integer(1, 255)),
  passive: flag,
  ttl: one(integer(1, 255)),
  hoplimit: one(integer(1, 255)),
  max_hops: one(integer(-1, 255)),
  multihop: switchable,
  weight: weightTerm(253),
  vrrp: flag,
  checker: flag,
} satisfies Vocabulary;

const INTERVAL_MS = 10;
const IDLE_MS = 1000;
const MULTIPLIER = 5;
const LONGEST_NAME = 31;

/** `bfd_instance NAME { neighbor_ip ADDRESS }`: a session of RFC 5880 for BFD_CHECK and VRRP. */
export const bfdInstances = namedBlocks(
  'bfd_instance',
  bfdWords,
  (name, block, statement, { diagnostics }): BfdInstance | undefined => {
    const { values } = block;
    if (isMissing(block, 'neighbor_ip'))
      diagnostics.error(placeOfWord(statement, 0), `bfd_instance '${name}' has no neighbour`, {
        expected: "'neighbor_ip ADDRESS'",
      });
    const neighbor = values.neighbor_ip;
    if (neighbor === undefined || !fits(neighbor, block, statement, diagnostics)) return undefined;
    const only = values.vrrp === true || values.checker === true;
    return {
      position: positionOfWord(statement, 0),
      name,
      neighbor,
      ...(values.source_ip === undefined ? {} : { source: values.source_ip }),
      minReceiveMs: values.min_rx ?? INTERVAL_MS,
      minTransmitMs: values.min_tx ?? INTERVAL_MS,
      idleTransmitMs: values.idle_tx ?? IDLE_MS,
      multiplier: values.multiplier ?? MULTIPLIER,
      passive: values.passive ?? false,
      ttl: familyOf(neighbor) === 'ip4' ? (values.ttl ?? 255) : (values.hoplimit ?? 64),
      maxHops: values.max_hops ?? 0,
      multihop: values.multihop ?? false,
      weight: values.weight?.weight ?? 0,
      reverse: values.weight?.reverse ?? false,
      forVrrp: !only || values.vrrp === true,
      forCheckers: !only || values.checker === true,
    };
  },
  LONGEST_NAME,
);

function fits(
  neighbor: string,
  block: Block<typeof bfdWords>,
  statement: Statement,
  diagnostics: Diagnostics,
): boolean {
  const { source_ip: source } = block.values;
  const ip4 = familyOf(neighbor) === 'ip4';
  const misfit = ip4 ? 'hoplimit' : 'ttl';
  if (block.values[misfit] !== undefined)
    diagnostics.warning(placeIn(block, misfit, statement), `'${misfit}' does not apply to ${neighbor}`, {
      expected: ip4 ? "'ttl'" : "'hoplimit'",
    });
  if (source === undefined || familyOf(source) === familyOf(neighbor)) return true;
  diagnostics.error(
    placeIn(block, 'source_ip', statement),
    `${source} cannot be the source of packets to ${neighbor}`,
    {
      expected: 'an address of the same family',
    },
  );
  return false;
}
