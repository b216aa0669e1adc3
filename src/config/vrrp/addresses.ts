import { type Family, familyOf } from '../../model/address.js';
import type { Position } from '../configuration.js';
import type { Diagnostics, Place } from '../diagnostics.js';
import type { LocalAddress } from '../static/statics.js';
import type { Statement } from '../tree.js';
import { placeOfWord } from '../tree.js';
import { type Block, isMissing } from '../vocabulary.js';
import type { instanceWords } from './instance-words.js';

const MOST_ADDRESSES = 255;
const FAMILY = { ip4: 'IPv4', ip6: 'IPv6' } as const;

/** The first advertised address says it; without one the words of unicast and multicast do. */
export function familyOfInstance({ values }: Block<typeof instanceWords>): Family {
  const [first] = values.virtual_ipaddress ?? [];
  const other = [values.unicast_src_ip, values.mcast_src_ip, values.unicast_peer?.[0]?.address, values.mcast_dst_ip];
  const said = first?.address ?? other.find((one) => one !== undefined);
  if (said !== undefined) return familyOf(said);
  return values.native_ipv6 === true ? 'ip6' : 'ip4';
}

/** An advert has the addresses of one family, each once, at most 255. */
export function checkAddresses(
  block: Block<typeof instanceWords>,
  { family, version, name }: { readonly family: Family; readonly version: 2 | 3; readonly name: string },
  statement: Statement,
  diagnostics: Diagnostics,
): void {
  const { virtual_ipaddress: advertised = [], virtual_ipaddress_excluded: excluded = [] } = block.values;
  for (const { address, position } of advertised)
    if (familyOf(address) !== family)
      diagnostics.error(placeOf(position, address), `${address} is not ${FAMILY[family]}, as the instance is`, {
        expected: `an ${FAMILY[family]} address, or 'virtual_ipaddress_excluded'`,
      });
  const seen = new Map<string, LocalAddress>();
  for (const one of [...advertised, ...excluded]) {
    const key = `${one.address} ${one.interface ?? ''}`;
    const before = seen.get(key);
    if (before !== undefined)
      diagnostics.error(
        placeOf(one.position, one.address),
        `${one.address} is there already, in line ${before.position.line}`,
        { expected: 'each address once' },
      );
    seen.set(key, before ?? one);
  }
  const none =
    advertised.length === 0 && !block.failed.has('virtual_ipaddress') && isMissing(block, 'no_virtual_ipaddress');
  const lines = block.statements['virtual_ipaddress']?.block ?? [];
  if (none && lines.length === 0)
    diagnostics[version === 3 ? 'error' : 'warning'](
      placeOfWord(block.statements['virtual_ipaddress'] ?? statement, 0),
      `vrrp_instance '${name}' has no virtual address`,
      { kind: version === 3 ? 'language' : 'repair', expected: "'virtual_ipaddress { ADDRESS/LENGTH }'" },
    );
  if (advertised.length > MOST_ADDRESSES)
    diagnostics.error(placeOfWord(statement, 0), `${advertised.length} addresses do not fit into an advert`, {
      expected: `at most ${MOST_ADDRESSES}; the others in 'virtual_ipaddress_excluded'`,
    });
}

const placeOf = (position: Position, address: string): Place => ({ ...position, length: address.length });
