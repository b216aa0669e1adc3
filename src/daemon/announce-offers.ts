import type { Offer } from '../announce/plan.js';
import type { Configuration, VirtualServer } from '../config/configuration.js';
import { virtualServerName } from '../director/names.js';
import { familyOf } from '../model/address.js';

/** What each virtual server has to announce, by whether it has its quorum. Once a director has no configuration, or none yet, that is nothing. */
export const offersOf = (
  configuration: Pick<Configuration, 'virtualServers'> | undefined,
  quorums: ReadonlyMap<string, boolean>,
): readonly Offer[] =>
  (configuration?.virtualServers ?? []).map((virtual) => ({
    prefixes: prefixesOf(virtual),
    hasQuorum: quorums.get(virtualServerName(virtual)),
    hasSorryServer: virtual.sorryServer !== undefined,
  }));

const prefixesOf = ({ services }: VirtualServer): readonly string[] =>
  services.flatMap(({ key }) => {
    if (key.by !== 'address') return [];
    return [`${key.address}/${key.prefixLength ?? (familyOf(key.address) === 'ip4' ? 32 : 128)}`];
  });
