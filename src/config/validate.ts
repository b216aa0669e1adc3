import { familyOf, type Family } from '../model/address.js';
import { destinationName } from '../model/destination.js';
import { serviceFamily, serviceName } from '../model/service.js';
import {
  changesPort,
  destinationOf,
  type FwmarkRule,
  type Position,
  type Server,
  type VirtualServer,
  type VirtualService,
} from './configuration.js';
import { type Diagnostic, Diagnostics, type Place } from './diagnostics.js';
import { methodWord } from './forwarding.js';
import { validateUserspace } from './userspace/between.js';

/** Rules that need more than one block. */
export function validate(
  servers: readonly VirtualServer[],
  rules: readonly FwmarkRule[],
  diagnostics: Diagnostics,
): void {
  validateUnique(servers, diagnostics);
  validateUserspace(servers, diagnostics);
  validateRules(rules, diagnostics);
}

/** The same of virtual servers that were read apart. */
export function complaintsBetween(servers: readonly VirtualServer[]): readonly Diagnostic[] {
  const diagnostics = new Diagnostics();
  validateUserspace(servers, diagnostics);
  return diagnostics.sorted([]);
}

const wide = (position: Position, length: number): Place => ({ ...position, length });

/** keepalived merges the servers of the second into the first. */
function validateUnique(servers: readonly VirtualServer[], diagnostics: Diagnostics): void {
  const seen = new Map<string, VirtualServer>();
  for (const server of servers) {
    let complained = false;
    for (const { key } of server.services) {
      const name = serviceName(key);
      const before = seen.get(name);
      seen.set(name, before ?? server);
      if (before === undefined || complained) continue;
      complained = true;
      const where = before === server ? 'in this block' : `by the virtual_server in line ${before.position.line}`;
      diagnostics.error(wide(server.position, 'virtual_server'.length), `service ${name} is there already, ${where}`, {
        expected: 'each service once',
      });
    }
  }
}

/** Rules for what one block has become. */
export function validateServers(server: VirtualServer, diagnostics: Diagnostics): void {
  const [first] = server.services;
  const seen = new Map<string, Server>();
  for (const real of server.realServers) {
    if (!validateFamily(server.services, real, diagnostics) || first === undefined) continue;
    validatePort(server.services, real, diagnostics);
    const name = destinationName(destinationOf(first.key, real));
    const before = seen.get(name);
    if (before !== undefined)
      diagnostics.error(placeOf(real), `real server ${name} is there already, in line ${before.position.line}`, {
        expected: 'each server once',
      });
    seen.set(name, before ?? real);
  }
  if (first?.settings.engine !== undefined)
    validateProbes(server, "'via_forwarding' marks its probes, which lvs_engine userspace does not see", diagnostics);
  else if (!server.services.some(({ key }) => key.by === 'address'))
    validateProbes(server, "'via_forwarding' needs a service with an address to go to", diagnostics);
  if (server.sorryServer !== undefined && validateFamily(server.services, server.sorryServer, diagnostics))
    validatePort(server.services, server.sorryServer, diagnostics);
}

const placeOf = (server: Server): Place => wide(server.position, server.address.length);
const familyWord = (family: Family): string => (family === 'ip4' ? 'IPv4' : 'IPv6');

/** Only a tunnel can carry packets of one family to a server of the other: the kernel refuses the rest. */
function validateFamily(services: readonly VirtualService[], server: Server, diagnostics: Diagnostics): boolean {
  const family = familyOf(server.address);
  const misfit = services.find(({ key }) => serviceFamily(key) !== family);
  if (misfit === undefined || server.settings.method === 'tunnel') return true;
  const wanted = familyWord(serviceFamily(misfit.key));
  diagnostics.error(
    placeOf(server),
    `${server.address} is ${familyWord(family)}, service ${serviceName(misfit.key)} is ${wanted}`,
    {
      expected: `an ${wanted} address, or lvs_method TUN`,
    },
  );
  return false;
}

function validatePort(services: readonly VirtualService[], server: Server, diagnostics: Diagnostics): void {
  const { method } = server.settings;
  if (server.port === undefined || changesPort(method)) return;
  const other = services.find(({ key }) => key.by === 'address' && key.port !== server.port);
  if (other === undefined) return;
  const port = destinationOf(other.key, server).port;
  const message = `${methodWord(method)} cannot change the port: packets reach ${server.address} at port ${port}, not ${server.port}`;
  // of a group with many ports it is the port of one of them
  const severity = services.some(({ key }) => key.by === 'address' && key.port === server.port) ? 'warning' : 'error';
  diagnostics[severity](placeOf(server), message, { kind: 'repair', expected: `port ${port}, or none` });
}

/** A probe through the forwarding goes to the service's own address, with a mark that leads it to one server. */
function validateProbes({ realServers, services }: VirtualServer, message: string, diagnostics: Diagnostics): void {
  if (services.length === 0) return;
  const what = services[0]?.settings.engine === undefined ? 'of an address' : 'of the kernel';
  for (const { checks } of realServers)
    for (const check of checks)
      if ('target' in check && check.target.viaForwarding)
        diagnostics.error(wide(check.position, 1), message, {
          expected: `a virtual_server ${what}, or no via_forwarding`,
        });
}

function validateRules(rules: readonly FwmarkRule[], diagnostics: Diagnostics): void {
  const seen = new Map<string, FwmarkRule>();
  for (const rule of rules) {
    const before = seen.get(rule.name);
    if (before !== undefined)
      diagnostics.error(
        wide(rule.position, 'fwmark_rule'.length),
        `fwmark_rule '${rule.name}' is there already, in line ${before.position.line}`,
        {
          expected: 'another name',
        },
      );
    seen.set(rule.name, before ?? rule);
  }
}
