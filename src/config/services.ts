import { type Family, familyOf } from '../model/address.js';
import type { EngineSettings } from '../model/engine.js';
import {
  schedulerFlag,
  type ServiceKey,
  type ServiceSettings,
  wholeAddressMask,
  type Protocol,
} from '../model/service.js';
import type { VirtualService } from './configuration.js';
import { type Diagnostics, unknownWord } from './diagnostics.js';
import { type Statement, placeOfWord } from './tree.js';
import { engineSettingsOf } from './userspace/settings.js';
import type { EngineName } from './userspace/words.js';
import { netmaskOf } from './values.js';
import { familyNamed, type Group, type GroupEntry } from './virtual-server-group.js';
import { PERSISTENCE_SECONDS, type VirtualServerDraft } from './virtual-server.js';
import { isMissing, placeIn } from './vocabulary.js';

/** The services of a virtual_server block: one, or one for each address and mark of its group. */
export function servicesOf(
  draft: VirtualServerDraft,
  groups: ReadonlyMap<string, Group>,
  engine: EngineName,
  diagnostics: Diagnostics,
): readonly VirtualService[] {
  const entries = entriesOf(draft, groups, diagnostics);
  if (entries === undefined) return [];
  const protocol = protocolOf(draft, entries, diagnostics);
  const keys = entries.flatMap((entry) => keysOf(entry, protocol, draft));
  const settings = settingsOf(draft, keys, protocol, engine, diagnostics);
  return keys.map((key) => ({ key, settings: settings[key.by === 'fwmark' ? key.family : familyOf(key.address)] }));
}

function entriesOf(
  { header, of }: VirtualServerDraft,
  groups: ReadonlyMap<string, Group>,
  diagnostics: Diagnostics,
): readonly GroupEntry[] | undefined {
  if (of === undefined) return undefined;
  if (of.by === 'address') return [{ by: 'address', statement: header, addresses: [of.address], port: of.port }];
  if (of.by === 'fwmark') return [{ by: 'fwmark', statement: header, mark: of.mark, family: undefined }];
  const group = groups.get(of.name);
  if (group === undefined) {
    const [message, advice] = unknownWord(of.name, 'no virtual_server_group of this file', groups.keys());
    diagnostics.error(placeOfWord(header, 2), message, advice);
  }
  return group === undefined || group.incomplete ? undefined : group.entries;
}

function keysOf(entry: GroupEntry, protocol: Protocol, draft: VirtualServerDraft): readonly ServiceKey[] {
  if (entry.by === 'fwmark') return [{ by: 'fwmark', family: entry.family ?? familyOfMarks(draft), mark: entry.mark }];
  const { of } = draft;
  const prefixLength = of?.by === 'address' ? of.prefixLength : undefined;
  const prefix = prefixLength === undefined ? {} : { prefixLength };
  return entry.addresses.map((address) => ({ by: 'address', protocol, address, port: entry.port, ...prefix }));
}

/** keepalived takes UDP where nothing is said, which is hardly ever meant. */
function protocolOf(
  { header, block }: VirtualServerDraft,
  entries: readonly GroupEntry[],
  diagnostics: Diagnostics,
): Protocol {
  const onlyMarks = entries.every((entry) => entry.by === 'fwmark');
  if (onlyMarks && block.values.protocol !== undefined)
    diagnostics.warning(placeIn(block, 'protocol', header), 'a mark has no protocol; this line has no effect');
  if (!onlyMarks && isMissing(block, 'protocol'))
    diagnostics.error(placeOfWord(header, 0), 'virtual_server lacks a protocol', {
      expected: "'protocol TCP', UDP or SCTP",
    });
  return block.values.protocol ?? 'tcp';
}

/** IPv6 if all its servers are; with tunnels they may differ, then `ip_family` says it. */
function familyOfMarks({ block: { values } }: VirtualServerDraft): Family {
  const servers = (values.real_server ?? []).flatMap(({ endpoint }) => endpoint ?? []);
  const all6 = servers.length > 0 && servers.every(({ address }) => familyOf(address) === 'ip6');
  return familyNamed(values.ip_family) ?? (all6 ? 'ip6' : 'ip4');
}

function settingsOf(
  draft: VirtualServerDraft,
  keys: readonly ServiceKey[],
  protocol: Protocol,
  engineName: EngineName,
  diagnostics: Diagnostics,
): Readonly<Record<Family, ServiceSettings>> {
  const { header, block } = draft;
  const { values } = block;
  const scheduler = values.lvs_sched ?? 'wlc';
  if (isMissing(block, 'lvs_sched'))
    diagnostics.error(placeOfWord(header, 0), "virtual_server without 'lvs_sched'", {
      kind: 'repair',
      expected: "'lvs_sched wlc', which keepalived takes, or another",
    });
  if (values.ops === true && protocol !== 'udp' && keys.some((key) => key.by === 'address'))
    diagnostics.error(placeIn(block, 'ops', header), `'ops' is for UDP, not for ${protocol.toUpperCase()}`, {
      expected: "'protocol UDP', or a mark",
    });
  const engine = engineSettingsOf(draft, engineName, keys, diagnostics);
  const persistenceSeconds = persistenceOf(draft, engine, keys, diagnostics);
  const mask = values.persistence_granularity;
  const schedulerFlags = flagsOf(draft, scheduler, diagnostics);
  const forFamily = (family: Family): ServiceSettings => ({
    scheduler,
    schedulerFlags,
    persistent: persistenceSeconds > 0,
    persistenceSeconds,
    persistenceMask: mask?.family === family ? mask.mask : wholeAddressMask(family),
    persistenceEngine: values.persistence_engine ?? '',
    onePacket: values.ops === true,
    ...(engine === undefined ? {} : { engine }),
  });
  const settings = { ip4: forFamily('ip4'), ip6: forFamily('ip6') };
  const misfit = mask === undefined ? undefined : keys.find((key) => familyIs(key) !== mask.family);
  if (misfit !== undefined && mask !== undefined)
    complainMask(mask.mask, misfit, placeOf(draft, 'persistence_granularity'), diagnostics);
  return settings;
}

const familyIs = (key: ServiceKey): Family => (key.by === 'fwmark' ? key.family : familyOf(key.address));
const placeOf = ({ block, header }: VirtualServerDraft, keyword: string): ReturnType<typeof placeIn> =>
  placeIn(block, keyword, header);

/** `24` for IPv4 makes keepalived program the mask 0.0.0.24. */
function complainMask(
  mask: string,
  key: ServiceKey,
  place: ReturnType<typeof placeIn>,
  diagnostics: Diagnostics,
): void {
  const ip4 = familyIs(key) === 'ip4';
  const length = Number(mask);
  diagnostics.error(place, `'${mask}' is no granularity for ${ip4 ? 'IPv4' : 'IPv6'}`, {
    expected: ip4 ? 'a netmask' : 'a prefix length from 1 to 128',
    suggestion: ip4 && length <= 32 ? netmaskOf(length) : undefined,
  });
}

/**
 * Granularity means persistence, and so does a service for all ports, which the kernel has only with it. With src_ip_sticky a client
 * keeps its server as it does with persistence. 0: none.
 */
function persistenceOf(
  draft: VirtualServerDraft,
  engine: EngineSettings | undefined,
  keys: readonly ServiceKey[],
  diagnostics: Diagnostics,
): number {
  const { header, block } = draft;
  const { persistence_timeout: timeout, persistence_granularity: mask } = block.values;
  if (timeout !== undefined) return timeout;
  if (mask !== undefined) return PERSISTENCE_SECONDS;
  if (engine !== undefined) return block.values.src_ip_sticky === true && !engine.stateless ? PERSISTENCE_SECONDS : 0;
  if (!keys.some((key) => key.by === 'address' && key.port === 0)) return 0;
  if (isMissing(block, 'persistence_timeout'))
    diagnostics.error(placeOfWord(header, 1), 'a service for all ports is persistent, and nothing says for how long', {
      kind: 'repair',
      expected: `a port, or 'persistence_timeout ${PERSISTENCE_SECONDS}', which keepalived takes`,
    });
  return PERSISTENCE_SECONDS;
}

const FLAGS = [
  { word: 'flag-1', bit: 1, only: undefined },
  { word: 'flag-2', bit: 2, only: undefined },
  { word: 'flag-3', bit: 4, only: undefined },
  { word: 'sh-fallback', bit: schedulerFlag.fallback, only: 'sh' },
  { word: 'sh-port', bit: schedulerFlag.port, only: 'sh' },
  { word: 'mh-fallback', bit: schedulerFlag.fallback, only: 'mh' },
  { word: 'mh-port', bit: schedulerFlag.port, only: 'mh' },
] as const;

function flagsOf({ block, header }: VirtualServerDraft, scheduler: string, diagnostics: Diagnostics): number {
  let flags = 0;
  for (const { word, bit, only } of FLAGS) {
    if (block.values[word] !== true) continue;
    if (only !== undefined && only !== scheduler && !block.failed.has('lvs_sched'))
      diagnostics.error(placeIn(block, word, header), `'${word}' does not go with lvs_sched ${scheduler}`, {
        expected: `lvs_sched ${only}`,
      });
    else if (only !== undefined && standsBefore(block.statements[word], block.statements['lvs_sched']))
      diagnostics.error(placeIn(block, word, header), `'${word}' stands before 'lvs_sched'`, {
        kind: 'repair',
        expected: "it behind 'lvs_sched': keepalived passes over it here",
      });
    flags |= bit;
  }
  return flags;
}

/** Of one file; between files nobody sees an order. */
const standsBefore = (one: Statement | undefined, other: Statement | undefined): boolean =>
  one !== undefined && other !== undefined && one.source.file === other.source.file && one.line < other.line;

export const headerName = ({ texts }: Statement): string => texts.slice(1).join(' ');
