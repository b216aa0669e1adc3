/**
 * userspace/ — what our own engine understands of a virtual_server and the kernel does not.
 * words: words.ts, globals.ts · settings: settings.ts · rules: rules.ts (one block), between.ts (several), lint.ts
 */
import { DEFAULT_TABLE_SIZE, defaultHashFields, type EngineSettings, type HashField } from '../../model/engine.js';
import type { ServiceKey } from '../../model/service.js';
import type { Diagnostics } from '../diagnostics.js';
import { type Forwarding, methodWord } from '../forwarding.js';
import { placeOfWord } from '../tree.js';
import type { VirtualServerDraft } from '../virtual-server.js';
import { placeIn } from '../vocabulary.js';
import { checkUserspace, serversOf } from './rules.js';
import { engineNeeded, type EngineName, userspaceWords } from './words.js';

/** undefined: the kernel forwards. Complains about what does not go with the engine, whichever it is. */
export function engineSettingsOf(
  draft: VirtualServerDraft,
  engine: EngineName,
  keys: readonly ServiceKey[],
  diagnostics: Diagnostics,
): EngineSettings | undefined {
  if (engine === 'kernel') {
    checkKernel(draft, diagnostics);
    return undefined;
  }
  const settings = userspaceSettings(draft);
  checkUserspace(draft, settings, keys, diagnostics);
  return settings;
}

function userspaceSettings(draft: VirtualServerDraft): EngineSettings {
  const { values } = draft.block;
  const { tunnel_source: tunnelSource } = values;
  const dscp = serversOf(draft).find(({ forwarding }) => forwarding.dscp !== undefined)?.forwarding.dscp;
  return {
    hashFields: values.src_ip_sticky === true ? stickyFields : (values.hash_fields ?? defaultHashFields),
    tableSize: values.maglev_size ?? DEFAULT_TABLE_SIZE,
    dscp: dscp ?? values.lvs_method?.dscp ?? 0,
    ...(tunnelSource === undefined ? {} : { tunnelSource }),
    nodePort: values.node_port ?? 0,
    snatPool: values.snat_pool ?? [],
    icmpEcho: values.icmp_echo ?? 'default',
    answerArp: values.answer_arp ?? false,
    stateless: values.stateless ?? false,
    interfaces: values.interfaces ?? [],
    tcpTimeout: values.tcp_timeout ?? 0,
    udpTimeout: values.udp_timeout ?? 0,
  };
}

const stickyFields: readonly HashField[] = ['ip_src'];

const ENGINE_WORDS = Object.keys(userspaceWords) as readonly (keyof typeof userspaceWords)[];

/** Each word that only the userspace engine understands, at its place. */
function checkKernel(draft: VirtualServerDraft, diagnostics: Diagnostics): void {
  const { header, of, block } = draft;
  const { values } = block;
  for (const word of ENGINE_WORDS)
    if (values[word] !== undefined)
      diagnostics.error(placeOfWord(block.statements[word] ?? header, 0), ...engineNeeded(`'${word}'`, `no '${word}'`));
  if (of?.by === 'address' && of.prefixLength !== undefined)
    diagnostics.error(placeOfWord(header, 1), ...engineNeeded('a prefix', 'a virtual_server_group of addresses'));
  if (values.protocol === 'any')
    diagnostics.error(placeIn(block, 'protocol', header), ...engineNeeded("'protocol ANY'", 'TCP, UDP or SCTP'));
  if (values.lvs_sched === 'maglev')
    diagnostics.error(placeIn(block, 'lvs_sched', header), ...engineNeeded("'lvs_sched maglev'", "'lvs_sched mh'"));
  // thousands of servers come by here that say nothing of it
  const methods = [values.lvs_method, values.sorry_server_lvs_method];
  const own = values.real_server?.some(({ block: { values: inside } }) => isOurs(inside.lvs_method)) === true;
  if (!own && !methods.some(isOurs)) return;
  for (const { forwarding, methodPlace } of serversOf(draft))
    if (isOurs(forwarding))
      diagnostics.error(
        methodPlace(),
        ...engineNeeded(`'lvs_method ${methodWord(forwarding.method)}'`, 'NAT, DR or TUN'),
      );
}

const isOurs = (forwarding: Forwarding | undefined): boolean =>
  forwarding?.method === 'l3dsr' || forwarding?.method === 'full-nat';
