import { type Family, familyOf } from '../../model/address.js';
import { plainTunnel } from '../../model/destination.js';
import type { EngineSettings } from '../../model/engine.js';
import { serviceName, type ServiceKey } from '../../model/service.js';
import { changesPort } from '../configuration.js';
import type { Diagnostics, Place } from '../diagnostics.js';
import { type Forwarding, forwardingText, methodWord } from '../forwarding.js';
import { keywordOf, placeOfWord, type Statement } from '../tree.js';
import { listed } from '../values.js';
import type { VirtualServerDraft } from '../virtual-server.js';
import { placeIn } from '../vocabulary.js';
import { isWithin } from './prefix.js';
import { primeAbove } from './prime.js';

/** A server of a block, before it is built: where it is and how packets get there. */
export interface ServerOfDraft {
  readonly address: string;
  readonly forwarding: Forwarding;
  readonly place: () => Place;
  /** Where its method is said: in its own block, or for all of them. */
  readonly methodPlace: () => Place;
}

const usualForwarding: Forwarding = { method: 'masquerade', tunnel: plainTunnel };

/** The real servers in their order, then the sorry server. */
export function serversOf({ header, block }: VirtualServerDraft): readonly ServerOfDraft[] {
  const { values } = block;
  const forAll = values.lvs_method ?? usualForwarding;
  const forAllPlace = (): Place => placeIn(block, 'lvs_method', header);
  const servers: ServerOfDraft[] = [];
  for (const { header: own, endpoint, block: inside } of values.real_server ?? []) {
    if (endpoint === undefined) continue;
    const method = inside.values.lvs_method;
    servers.push({
      address: endpoint.address,
      forwarding: method ?? forAll,
      place: () => placeOfWord(own, 1),
      methodPlace: method === undefined ? forAllPlace : () => placeOfMethod(own),
    });
  }
  const { sorry_server: sorry, sorry_server_lvs_method: sorryMethod } = values;
  if (sorry !== undefined)
    servers.push({
      address: sorry.address,
      forwarding: sorryMethod ?? forAll,
      place: () => placeOfWord(sorry.header, 1),
      methodPlace: sorryMethod === undefined ? forAllPlace : () => placeIn(block, 'sorry_server_lvs_method', header),
    });
  return servers;
}

/** Its block may be known by that of another server which says the same: the place is in its own. */
function placeOfMethod(header: Statement): Place {
  const statement = header.block?.findLast((line) => keywordOf(line) === 'lvs_method');
  return statement === undefined ? placeOfWord(header, 0) : placeOfWord(statement, 1);
}

/** One virtual_server of the userspace engine. */
interface Subject {
  readonly draft: VirtualServerDraft;
  readonly settings: EngineSettings;
  readonly keys: readonly ServiceKey[];
  readonly servers: readonly ServerOfDraft[];
  /** An error at a word of the block, or at its header. */
  readonly refuse: (word: string, message: string, expected: string) => void;
  readonly diagnostics: Diagnostics;
}

/** What the words of a block that the userspace engine forwards mean together. */
export function checkUserspace(
  draft: VirtualServerDraft,
  settings: EngineSettings,
  keys: readonly ServiceKey[],
  diagnostics: Diagnostics,
): void {
  const { header, block } = draft;
  const refuse: Subject['refuse'] = (word, message, expected) =>
    diagnostics.error(placeIn(block, word, header), message, { expected });
  const subject: Subject = { draft, settings, keys, servers: serversOf(draft), refuse, diagnostics };
  checkKernelOnly(subject);
  checkProtocol(subject);
  checkChoice(subject);
  checkStateless(subject);
  checkNodePort(subject);
  checkPool(subject);
  checkTunnels(subject);
  checkServers(subject);
}

/** What IPVS has and the engine has not. */
function checkKernelOnly({ draft, keys, refuse, diagnostics }: Subject): void {
  const { header, block } = draft;
  const { values } = block;
  if (keys.some(({ by }) => by === 'fwmark'))
    diagnostics.error(placeOfWord(header, 1), 'lvs_engine userspace sees packets before they get a mark', {
      expected: "addresses or a prefix, or 'lvs_engine kernel'",
    });
  if (values.persistence_engine !== undefined)
    refuse(
      'persistence_engine',
      "'persistence_engine' does not go with lvs_engine userspace",
      "persistence by address alone, or 'lvs_engine kernel'",
    );
  if (values.lvs_sched === 'twos')
    refuse(
      'lvs_sched',
      "'lvs_sched twos' does not go with lvs_engine userspace",
      "another scheduler, or 'lvs_engine kernel'",
    );
  const mask = values.persistence_granularity;
  if (mask?.family === 'ip4' && !isContiguous(mask.mask))
    refuse(
      'persistence_granularity',
      `netmask ${mask.mask} is no prefix, which is what lvs_engine userspace compares`,
      'a netmask such as 255.255.255.0',
    );
  if (values.ha_suspend === true && keys.some((key) => key.by === 'address' && key.prefixLength !== undefined))
    refuse(
      'ha_suspend',
      "'ha_suspend' asks whether this machine has the address, and a prefix is none",
      'no such line',
    );
}

/** 255.255.255.0: ones, then zeros. */
const isContiguous = (mask: string): boolean =>
  /^1*0*$/.test(
    mask
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join(''),
  );

function checkProtocol({ draft, keys, refuse }: Subject): void {
  const { protocol, tcp_timeout: tcp, udp_timeout: udp } = draft.block.values;
  const ported = keys.find((key) => key.by === 'address' && key.port !== 0);
  if (protocol === 'any' && ported !== undefined)
    refuse('protocol', "'protocol ANY' takes all ports", 'no port behind the address, or TCP, UDP or SCTP');
  const rows = [
    ['tcp_timeout', tcp, 'tcp'],
    ['udp_timeout', udp, 'udp'],
  ] as const;
  for (const [word, value, of] of rows)
    if (value !== undefined && protocol !== undefined && protocol !== 'any' && protocol !== of)
      refuse(word, `'${word}' has no meaning for protocol ${protocol.toUpperCase()}`, 'no such line');
}

/** Words about Maglev's table, and about what is put into its hash. */
function checkChoice({ draft, settings, refuse }: Subject): void {
  const {
    lvs_sched: scheduler,
    maglev_size,
    hash_fields,
    src_ip_sticky,
    real_server: servers = [],
  } = draft.block.values;
  const isMaglev = scheduler === 'maglev';
  for (const [word, value] of Object.entries({ maglev_size, hash_fields }))
    if (value !== undefined && scheduler !== undefined && !isMaglev)
      refuse(word, `'${word}' does not go with lvs_sched ${scheduler}`, 'lvs_sched maglev');
  if (hash_fields !== undefined && src_ip_sticky === true)
    refuse(
      'src_ip_sticky',
      "'src_ip_sticky' is 'hash_fields ip_src', and 'hash_fields' says something else",
      'one of them',
    );
  if (isMaglev && settings.tableSize < servers.length)
    refuse(
      'maglev_size',
      `a Maglev table of ${settings.tableSize} slots for ${servers.length} real servers: some would never be chosen`,
      `'maglev_size ${primeAbove(SLOTS_PER_SERVER * servers.length)}'`,
    );
}

/** With fewer, shares are uneven by more than some percent (Eisenbud and others, NSDI 2016, 5.3). */
export const SLOTS_PER_SERVER = 100;

const HASHING: readonly string[] = ['maglev', 'mh', 'sh', 'dh'];

function checkStateless({ draft, settings, servers, refuse }: Subject): void {
  if (!settings.stateless) return;
  const { lvs_sched: scheduler, persistence_timeout, persistence_granularity } = draft.block.values;
  if (scheduler !== undefined && !HASHING.includes(scheduler))
    refuse(
      'stateless',
      `'stateless' does not go with lvs_sched ${scheduler}, which chooses anew for each packet`,
      listed(HASHING),
    );
  for (const [word, value] of Object.entries({ persistence_timeout, persistence_granularity }))
    if (value !== undefined)
      refuse(word, `'${word}' does not go with 'stateless': nobody remembers clients`, 'one of them');
  const translating = servers.find(({ forwarding }) => changesPort(forwarding.method));
  if (translating !== undefined)
    refuse(
      'stateless',
      `'stateless' does not go with lvs_method ${methodWord(translating.forwarding.method)}: replies find their client by the session`,
      'DR, TUN or L3DSR',
    );
}

function checkNodePort({ draft, settings, keys, servers, refuse }: Subject): void {
  if (settings.nodePort === 0) return;
  if (draft.block.values.protocol === 'any' || keys.some((key) => key.by === 'address' && key.port === 0))
    refuse(
      'node_port',
      "'node_port' stands for the port of a service, and this one takes all ports",
      'a service with a port',
    );
  const other = servers.find(({ forwarding }) => !changesPort(forwarding.method));
  if (other !== undefined)
    refuse(
      'node_port',
      `'node_port' does not go with lvs_method ${methodWord(other.forwarding.method)}: ${other.address} does not have this machine's addresses`,
      'NAT or FULLNAT',
    );
}

const familyWord = (family: Family): string => (family === 'ip4' ? 'IPv4' : 'IPv6');

function checkPool({ draft, settings, servers, refuse }: Subject): void {
  const { snatPool } = settings;
  const { block } = draft;
  const translated = servers.filter(({ forwarding }) => forwarding.method === 'full-nat');
  if (translated.length === 0 && snatPool.length > 0)
    refuse('snat_pool', "'snat_pool' goes with lvs_method FULLNAT", 'FULLNAT, or no snat_pool');
  if (translated.length > 0 && snatPool.length === 0 && !block.failed.has('snat_pool'))
    refuse('lvs_method', "lvs_method FULLNAT without a 'snat_pool' to take source addresses from", "'snat_pool A-B'");
  if (translated.length === 0 || snatPool.length === 0) return;
  const server = translated.find(({ address }) => snatPool.every(({ first }) => familyOf(first) !== familyOf(address)));
  if (server !== undefined) {
    const family = familyWord(familyOf(server.address));
    refuse(
      'snat_pool',
      `snat_pool has no ${family} address, and ${server.address} is ${family}`,
      `${family} addresses`,
    );
    return;
  }
  const idle = snatPool.find(({ first }) => translated.every(({ address }) => familyOf(first) !== familyOf(address)));
  if (idle !== undefined)
    refuse(
      'snat_pool',
      `${idle.first} is ${familyWord(familyOf(idle.first))}, and no server of lvs_method FULLNAT is`,
      'no such line',
    );
}

/** One service, one encapsulation: a server that opens one would not open the other when it stands in. */
function checkTunnels({ keys, settings, servers, refuse, diagnostics }: Subject): void {
  const carried = servers.filter(({ forwarding: { method } }) => method === 'tunnel' || method === 'l3dsr');
  const [first] = carried;
  const text = first === undefined ? '' : forwardingText(first.forwarding);
  const other = carried.find(({ forwarding }) => forwardingText(forwarding) !== text);
  if (other !== undefined)
    diagnostics.error(
      other.methodPlace(),
      `two encapsulations in one service: ${text} and ${forwardingText(other.forwarding)}`,
      {
        expected: 'one for all its servers, or a virtual_server for each',
      },
    );
  const remote = carried.find(({ forwarding: { tunnel } }) => tunnel.remoteChecksum);
  if (remote !== undefined)
    diagnostics.error(remote.methodPlace(), "'remcsum' does not go with lvs_engine userspace", {
      expected: 'csum or nocsum',
    });
  const { tunnelSource } = settings;
  if (tunnelSource === undefined) return;
  const family = familyOf(tunnelSource);
  if (!servers.some(({ address, forwarding }) => forwarding.method === 'tunnel' && familyOf(address) === family))
    refuse(
      'tunnel_source',
      `${tunnelSource} is ${familyWord(family)}, and no ${familyWord(family)} server has lvs_method TUN`,
      'TUN, or no tunnel_source',
    );
  if (keys.some((key) => takes(key, tunnelSource)))
    refuse(
      'tunnel_source',
      `tunnel_source ${tunnelSource} is an address of the service: servers have it too, and drop what seems to come from themselves`,
      'another address of this machine',
    );
}

/** Whether packets to an address are this service's. */
export function takes(key: ServiceKey, address: string): boolean {
  if (key.by === 'fwmark') return false;
  if (key.prefixLength === undefined) return key.address === address;
  return isWithin(address, { address: key.address, length: key.prefixLength });
}

function checkServers({ draft, keys, servers, diagnostics }: Subject): void {
  for (const key of keys)
    if (key.by === 'address' && !isUnicast(key.address, key.prefixLength)) {
      diagnostics.error(placeOfWord(draft.header, 1), `${key.address} is no address that clients send to one machine`, {
        expected: 'a unicast address',
      });
      break;
    }
  for (const { address, place } of servers) {
    const own = keys.find((key) => takes(key, address));
    if (own !== undefined)
      diagnostics.error(
        place(),
        `${address} is an address of service ${serviceName(own)} itself: its packets would come back for ever`,
        {
          expected: 'a server outside of it',
        },
      );
    else if (!isUnicast(address))
      diagnostics.error(place(), `${address} is no address of a server`, { expected: 'a unicast address' });
  }
}

/** Neither unspecified, loopback, multicast nor broadcast; of a prefix its base is looked at, and a wide one may begin with zeros. */
function isUnicast(address: string, prefixLength?: number): boolean {
  if (familyOf(address) === 'ip6')
    return prefixLength === undefined ? !/^(::1?|ff.*)$/.test(address) : !/^ff/.test(address);
  const first = Number(address.slice(0, address.indexOf('.')));
  return (first > 0 || prefixLength !== undefined) && first !== 127 && first < 224;
}
