import { familyOf } from '../../model/address.js';
import { failed, type OvnArguments, type OvnCommand, type OvnContext, type OvnOutcome } from './command.js';
import { formatOvnEndpoint, type OvnEndpoint, parseOvnEndpoint } from './endpoint.js';
import { findLoadBalancer, isError, putRow, refuseTwice } from './rows.js';
import type { OvnLoadBalancer, OvnState } from './state.js';

const protocols = ['tcp', 'udp', 'sctp'] as const;

export const lbAdd: OvnCommand = {
  name: 'lb-add',
  least: 3,
  most: 4,
  options: ['--may-exist', '--add-duplicate', '--reject', '--event', '--add-route'],
  usage: '[--may-exist | --add-duplicate] lb-add LB VIP[:PORT] IP[:PORT]... [PROTOCOL]',
  run(state, given, context) {
    const [name = '', vipText = '', ips = '', protocolText] = given.words;
    if (given.options.has('--reject') && given.options.has('--event'))
      return failed(state, "--reject and --event can't specified at the same time");
    const protocol = protocolText === undefined ? 'tcp' : protocols.find((one) => one === protocolText);
    if (protocol === undefined)
      return failed(state, `${protocolText ?? ''}: protocol must be one of "tcp", "udp",  or "sctp".`);
    const vip = parseOvnEndpoint(vipText);
    if (vip === undefined)
      return failed(
        state,
        `${vipText}: should be an IP address (or an IP address and a port number with : as a separator).`,
      );
    if (vip.port === 0 && protocolText !== undefined)
      return failed(state, 'Protocol is unnecessary when no port of vip is given.');
    const servers = ips.split(',').filter((text) => text !== '');
    const wrong = servers.map((text) => wrongServer(text, vip)).find((why) => why !== undefined);
    if (wrong !== undefined) return failed(state, wrong);
    const row = { name, vip: formatOvnEndpoint(vip), servers: servers.join(','), protocol };
    return put(state, given, context, row, protocolText !== undefined);
  },
};

function wrongServer(text: string, vip: OvnEndpoint): string | undefined {
  const server = parseOvnEndpoint(text);
  if (vip.port > 0 && (server === undefined || server.port === 0))
    return `${text}: should be an IP address and a port number with : as a separator.`;
  if (vip.port === 0 && (server === undefined || server.port > 0)) return `${text}: should be an IP address.`;
  if (server !== undefined && familyOf(server.address) !== familyOf(vip.address))
    return `${text}: IP address family is different from VIP ${formatOvnEndpoint(vip)}.`;
  return undefined;
}

interface Wanted {
  readonly name: string;
  readonly vip: string;
  readonly servers: string;
  readonly protocol: OvnLoadBalancer['protocol'];
}

function put(
  state: OvnState,
  { options }: OvnArguments,
  { uuid }: OvnContext,
  { name, vip, servers, protocol }: Wanted,
  setsProtocol: boolean,
): OvnOutcome {
  const found = options.has('--add-duplicate') ? undefined : findLoadBalancer(state, name);
  if (isError(found)) return failed(state, found.error);
  if (found === undefined) {
    const vips = new Map([[vip, servers]]);
    const row = { uuid: uuid(), name, protocol, vips, selectionFields: undefined, affinityTimeout: 0 };
    return refuseTwice(state, putRow(state, row));
  }
  if (found.vips.has(vip) && !options.has('--may-exist'))
    return failed(state, `${name}: a load balancer with this vip (${vip}) already exists`);
  const vips = new Map(found.vips).set(vip, servers);
  return refuseTwice(state, putRow(state, { ...found, vips, protocol: setsProtocol ? protocol : found.protocol }));
}
