import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';
import { canonicalAddress, familyOf } from '../../model/address.js';
import { findAccount } from '../../system/accounts.js';
import { findProgram, inspectScript } from '../../system/script-security.js';
import type { Host } from './host.js';

/** The machine and network namespace we run in. */
export function thisHost(): Host {
  const addresses = localAddresses();
  const inspected = new Map<string, ReturnType<Host['inspect']>>();
  return {
    interfaces: new Set(interfaceNames()),
    hasAddress: (address) =>
      addresses.exact.has(address) || addresses.whole.check(address, familyOf(address) === 'ip4' ? 'ipv4' : 'ipv6'),
    mode: (path) => statSync(path, { throwIfNoEntry: false })?.mode,
    unreadable,
    userId: async ({ user, group }) => (await findAccount(user, { group }))?.uid,
    inspect(program) {
      const known = inspected.get(program) ?? inspect(program);
      inspected.set(program, known);
      return known;
    },
  };
}

async function inspect(program: string): ReturnType<Host['inspect']> {
  const path = await findProgram(program);
  return path === undefined ? { missing: `no program '${program}' in the usual folders` } : inspectScript(path);
}

/** Those that are down or have no address are interfaces too. */
function interfaceNames(): readonly string[] {
  try {
    return readdirSync('/sys/class/net');
  } catch {
    return Object.keys(networkInterfaces());
  }
}

/** A network on the loopback interface makes all its addresses local; on any other only the one that is there. */
function localAddresses(): { readonly exact: ReadonlySet<string>; readonly whole: BlockList } {
  const exact = new Set<string>();
  const whole = new BlockList();
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, cidr, internal, family } of addresses ?? []) {
      const canonical = canonicalAddress(address);
      if (canonical !== undefined) exact.add(canonical);
      const length = Number(cidr?.split('/')[1]);
      if (internal && Number.isInteger(length)) whole.addSubnet(address, length, family === 'IPv4' ? 'ipv4' : 'ipv6');
    }
  }
  return { exact, whole };
}

function unreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile() ? undefined : `${path} is no regular file`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? `${path} does not exist` : `${path} cannot be read (${code ?? 'unknown reason'})`;
  }
}
