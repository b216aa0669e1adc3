import type { OvnCommand } from './command.js';
import { parseOvnEndpoint } from './endpoint.js';
import type { OvnLoadBalancer } from './state.js';

/** `%-20.16s`. */
const column = (text: string, width: number, most: number): string => text.slice(0, most).padEnd(width);

/** Rows by name, VIPs by text; nothing at all if there is no row. */
export function listing(rows: readonly OvnLoadBalancer[]): string {
  if (rows.length === 0) return '';
  const widest = Math.max(...rows.flatMap(({ vips }) => [...vips.keys()].map((vip) => vip.length)));
  const line = (uuid: string, name: string, protocol: string, vip: string, ips: string): string =>
    column(uuid, 40, 36) + column(name, 20, 16) + column(protocol, 11, 7) + column(vip, widest + 4, widest) + ips;
  const byText = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : 1);
  const sorted = rows.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const lines = sorted.flatMap(({ uuid, name, protocol, vips }) =>
    [...vips]
      .sort(byText)
      .map(([vip, ips], i) =>
        line(i === 0 ? uuid : '', i === 0 ? name : '', parseOvnEndpoint(vip)?.port === 0 ? 'tcp' : protocol, vip, ips),
      ),
  );
  return `${[line('UUID', 'LB', 'PROTO', 'VIP', 'IPs'), ...lines].join('\n')}\n`;
}

export const lbList: OvnCommand = {
  name: 'lb-list',
  least: 0,
  most: 1,
  options: [],
  usage: 'lb-list [LB]',
  run: (state, { words: [name] }) => ({
    state,
    out: listing(state.loadBalancers.filter((one) => name === undefined || one.name === name)),
  }),
};
