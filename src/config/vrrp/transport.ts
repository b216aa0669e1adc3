import { type Family, familyOf } from '../../model/address.js';
import type { VrrpDefaults } from '../global-settings.js';
import type { Diagnostics } from '../diagnostics.js';
import { type Statement, placeOfWord } from '../tree.js';
import { type Block, placeIn } from '../vocabulary.js';
import type { instanceWords } from './instance-words.js';
import type { PeerDraft } from './unicast.js';
import type { VrrpInstance, VrrpTransport } from './vrrp.js';

const FAMILY = { ip4: 'IPv4', ip6: 'IPv6' } as const;
const UNICAST_WORDS = ['unicast_src_ip', 'unicast_ttl', 'check_unicast_src', 'unicast_peer'] as const;

/** How adverts travel, and from where. */
export function transportOf(
  block: Block<typeof instanceWords>,
  family: Family,
  defaults: VrrpDefaults,
  statement: Statement,
  diagnostics: Diagnostics,
): Pick<VrrpInstance, 'transport' | 'source' | 'trackSource'> {
  const { values } = block;
  const peers = peersOf(values.unicast_peer ?? [], family, diagnostics);
  const failed = block.failed.has('unicast_peer') || peers.length < (values.unicast_peer ?? []).length;
  const unicast = peers.length > 0;
  const word = unicast || values.mcast_src_ip === undefined ? 'unicast_src_ip' : 'mcast_src_ip';
  const source = values[word];
  for (const one of ['unicast_src_ip', 'mcast_src_ip', 'mcast_dst_ip'] as const) {
    const said = values[one];
    if (said !== undefined && familyOf(said) !== family)
      diagnostics.error(placeIn(block, one, statement), `${said} is not ${FAMILY[family]}, as the instance is`, {
        expected: `an ${FAMILY[family]} address`,
      });
  }
  const given = UNICAST_WORDS.find((one) => block.statements[one] !== undefined);
  if (!unicast && !failed && given !== undefined && values.unicast_fault_no_peer !== true)
    diagnostics.warning(placeOfWord(block.statements[given]!, 0), `'${given}' without a peer: multicast is taken`, {
      kind: 'repair',
      expected: "'unicast_peer { ADDRESS }'",
    });
  return {
    transport: unicast ? unicastOf(block, peers) : multicastOf(block, family, defaults),
    source,
    trackSource: values.track_src_ip ?? false,
  };
}

function peersOf(drafts: readonly PeerDraft[], family: Family, diagnostics: Diagnostics): readonly PeerDraft[] {
  const seen = new Set<string>();
  return drafts.filter(({ address, statement, index }) => {
    const place = placeOfWord(statement, index);
    if (familyOf(address) !== family)
      diagnostics.error(place, `${address} is not ${FAMILY[family]}, as the instance is`, {
        expected: `an ${FAMILY[family]} address`,
      });
    else if (seen.has(address))
      diagnostics.error(place, `peer ${address} is there already`, { expected: 'each peer once' });
    else return seen.add(address);
    return false;
  });
}

function unicastOf({ values }: Block<typeof instanceWords>, peers: readonly PeerDraft[]): VrrpTransport {
  return {
    by: 'unicast',
    peers: peers.map(({ address, minTtl, maxTtl }) => ({ address, minTtl, maxTtl })),
    ttl: values.unicast_ttl ?? 255,
    oldChecksum: values.old_unicast_checksum ?? 'auto',
  };
}

function multicastOf({ values }: Block<typeof instanceWords>, family: Family, defaults: VrrpDefaults): VrrpTransport {
  if (values.unicast_fault_no_peer === true) return { by: 'nobody' };
  const { multicastGroup4, multicastGroup6 } = defaults;
  return { by: 'multicast', group: values.mcast_dst_ip ?? (family === 'ip4' ? multicastGroup4 : multicastGroup6) };
}
