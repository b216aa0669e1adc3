import type { EngineSettings, SourceRange } from '../../model/engine.js';
import { familyOf } from '../../model/address.js';
import { serviceName, type ServiceKey } from '../../model/service.js';
import type { VirtualServer } from '../configuration.js';
import type { Diagnostics, Place } from '../diagnostics.js';
import { bitsOf, compareAddresses, lastOf } from './prefix.js';

type AddressKey = ServiceKey & { readonly by: 'address' };

/** A service of the engine, and the block it is from. */
interface Owned {
  readonly virtual: VirtualServer;
  readonly key: AddressKey;
  readonly engine: EngineSettings;
}

/** Rules between virtual_servers of the userspace engine. A file without any costs one look at each. */
export function validateUserspace(servers: readonly VirtualServer[], diagnostics: Diagnostics): void {
  const all: Owned[] = [];
  for (const virtual of servers)
    for (const { key, settings } of virtual.services)
      if (settings.engine !== undefined && key.by === 'address') all.push({ virtual, key, engine: settings.engine });
  if (all.length === 0) return;
  validateNodePorts(all, diagnostics);
  validatePools(all, servers, diagnostics);
  validateDscps(all, diagnostics);
}

const headerOf = ({ position }: VirtualServer): Place => ({ ...position, length: 'virtual_server'.length });

/** A port of this machine leads to one service. */
function validateNodePorts(all: readonly Owned[], diagnostics: Diagnostics): void {
  const seen = new Map<string, Owned>();
  for (const one of all) {
    const { virtual, key, engine } = one;
    if (engine.nodePort === 0) continue;
    const name = `${key.protocol} ${familyOf(key.address)} ${engine.nodePort}`;
    const before = seen.get(name);
    if (before === undefined) seen.set(name, one);
    else
      diagnostics.error(
        headerOf(virtual),
        `node_port ${engine.nodePort} of ${serviceName(key)} is that of ${serviceName(before.key)}, line ${before.virtual.position.line}, too`,
        { expected: 'a port of its own' },
      );
  }
}

const rangeText = ({ first, last }: SourceRange): string => (first === last ? first : `${first}-${last}`);

/** A packet to an address of a pool is a server's reply; to a VIP, the kernel's too, a client's: they must be told apart. */
function validatePools(all: readonly Owned[], servers: readonly VirtualServer[], diagnostics: Diagnostics): void {
  const looked = new Set<string>(); // thousands of services may share a pool
  for (const { virtual, engine } of all)
    for (const range of engine.snatPool) {
      if (looked.has(rangeText(range))) continue;
      looked.add(rangeText(range));
      const hit = keyWithin(range, servers);
      if (hit !== undefined)
        diagnostics.error(headerOf(virtual), `snat_pool ${rangeText(range)} overlaps service ${serviceName(hit)}`, {
          expected: 'addresses of no service',
        });
    }
}

function keyWithin(range: SourceRange, servers: readonly VirtualServer[]): ServiceKey | undefined {
  for (const { services } of servers)
    for (const { key } of services) if (key.by === 'address' && overlaps(range, key)) return key;
  return undefined;
}

function overlaps({ first, last }: SourceRange, { address, prefixLength }: AddressKey): boolean {
  if (familyOf(first) !== familyOf(address)) return false;
  const end = lastOf(address, prefixLength ?? bitsOf(address));
  return compareAddresses(first, end) <= 0 && compareAddresses(address, last) <= 0;
}

/** A real server of L3DSR knows by the DSCP alone which address a client used. */
function validateDscps(all: readonly Owned[], diagnostics: Diagnostics): void {
  const seen = new Map<string, Owned>();
  const complained = new Set<VirtualServer>();
  for (const one of all) {
    const { virtual, key, engine } = one;
    for (const { address, settings } of virtual.realServers) {
      if (settings.method !== 'l3dsr') continue;
      const name = `${engine.dscp} ${address}`;
      const before = seen.get(name);
      if (before === undefined) seen.set(name, one);
      else if (vipOf(before.key) !== vipOf(key) && !complained.has(virtual)) {
        complained.add(virtual);
        diagnostics.error(
          headerOf(virtual),
          `dscp ${engine.dscp} means ${vipOf(key)} and, line ${before.virtual.position.line}, ${vipOf(before.key)} to real server ${address}`,
          { expected: 'a dscp for each address' },
        );
      }
    }
  }
}

const vipOf = ({ address, prefixLength }: AddressKey): string =>
  prefixLength === undefined ? address : `${address}/${prefixLength}`;
