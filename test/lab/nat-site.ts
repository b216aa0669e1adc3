/** The usual network: a client outside, a director, and real servers inside whose answers go back through it. */
import type { Topology } from './topology.js';

export const vip = '10.1.0.100';
export const serverAddress = (n: number): string => `10.2.0.1${n}`;
export const serverHost = (n: number): string => `rs${n}`;
export const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

export const natSite = (servers: number, clients: readonly string[] = ['10.1.0.2/24']): Topology => ({
  hosts: {
    client: { links: { outside: clients } },
    director: {
      links: { outside: ['10.1.0.1/24', `${vip}/32`], inside: ['10.2.0.1/24'] },
      sysctls: { 'net.ipv4.ip_forward': 1 },
    },
    ...Object.fromEntries(
      numbersTo(servers).map((n) => [
        serverHost(n),
        { links: { inside: [`${serverAddress(n)}/24`] }, routes: ['default via 10.2.0.1'] },
      ]),
    ),
  },
});
