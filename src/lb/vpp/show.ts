import { familyOf } from '../../model/address.js';
import { done, type VppCommand } from './command.js';
import type { NodeCounter, VipCounters, VppNumbers } from './numbers.js';
import type { VppState, VppVip } from './state.js';
import { destinationOfServer, servicesOfVip } from './table.js';

const UNSET4 = '255.255.255.255';
const UNSET6 = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';

/** VPP counts its hidden VIP. `core 0` stands for all workers, and for a real capacity where VPP prints buckets + 3. */
function overview(state: VppState, { usage }: VppNumbers): string[] {
  const servers = state.vips.reduce((sum, vip) => sum + vip.servers.length, 0);
  return [
    `lb_main ip4-src-address: ${state.ip4Source ?? UNSET4} `,
    ` ip6-src-address: ${state.ip6Source ?? UNSET6} `,
    ` #vips: ${state.vips.length + 1}`,
    ` #ass: ${servers}`,
    ...(usage === undefined
      ? []
      : ['core 0', `  timeout: ${state.timeout}s`, `  usage: ${usage.live} / ${usage.capacity}`]),
  ];
}

export const showLb: VppCommand = {
  path: 'show lb',
  help: 'show lb',
  run(state, input, { numbers }) {
    const lines = overview(state, numbers);
    return done(state, [...lines, ...(input.isEmpty ? [] : [`unknown input \`${input.rest}'`])].join('\n'));
  },
};

export const showLbVips: VppCommand = {
  path: 'show lb vips',
  help: 'show lb vips [verbose]',
  run(state, input, { numbers }) {
    const isVerbose = input.take(/verbose/) !== undefined;
    const text = isVerbose
      ? state.vips.map((vip) => `${verbose(vip, numbers).join('\n')}\n`).join('\n')
      : state.vips.map(short).join('\n');
    return done(state, text);
  },
};

const typeOf = ({ address, encap }: VppVip): string => `${familyOf(address)}-${encap}`;
const prefixOf = ({ address, prefixLength }: VppVip): string => `${address}/${prefixLength}`;
const protocolNumber = ({ protocol }: VppVip): number => ({ tcp: 6, udp: 17, any: 0 })[protocol];
const isNat = ({ encap }: VppVip): boolean => encap === 'nat4' || encap === 'nat6';
const ports = (vip: VppVip): string =>
  `type:${vip.type} port:${vip.nodePort || vip.port} target_port:${vip.targetPort}`;

function short(vip: VppVip): string {
  const where = `${typeOf(vip)} ${prefixOf(vip)} new_size:${vip.newLen} #as:${vip.servers.length}`;
  const port = vip.port === 0 ? '' : `  protocol:${protocolNumber(vip)} port:${vip.port} `;
  return `${where}${port}${isNat(vip) ? ` ${ports(vip)}` : ''}${vip.encap === 'l3dsr' ? `  dscp:${vip.dscp}` : ''}`;
}

function verbose(vip: VppVip, numbers: VppNumbers): string[] {
  const services = servicesOfVip(vip);
  const counters = services.map((service) => numbers.counters(service));
  const sum = (word: keyof VipCounters): bigint => counters.reduce((all, one) => all + one[word], 0n);
  return [
    ` ${typeOf(vip)} [${vip.index}] ${prefixOf(vip)}${vip.sourceSticky ? ' src_ip_sticky' : ''}`,
    `  new_size:${vip.newLen}`,
    ...(vip.port === 0 ? [] : [`  protocol:${protocolNumber(vip)} port:${vip.port}`]),
    ...(vip.encap === 'l3dsr' ? [`  dscp:${vip.dscp}`] : []),
    isNat(vip) ? `  ${ports(vip)}  counters:` : '  counters:',
    `    packet from existing sessions: ${sum('existing')}`,
    `    first session packet: ${sum('first')}`,
    `    untracked packet: ${sum('untracked')}`,
    `    no server configured: ${sum('noServer')}`,
    `  #as:${vip.servers.length}`,
    ...vip.servers.map(({ address, weight, removed }, i) => {
      const destination = destinationOfServer(vip, address);
      const flows = services.reduce((all, service) => all + numbers.flows(service, destination), 0);
      const slots = removed ? 0 : numbers.slots(services[0]!, destination);
      return `    ${address} weight:${weight} buckets:${slots} flows:${flows} dpo:${i} ${removed ? ' removed' : 'used'}`;
    }),
  ];
}

/** `%=35s` of vppinfra's format: what is left over goes to the left. */
function centred(text: string, width: number): string {
  const left = Math.ceil(Math.max(0, width - text.length) / 2);
  return (' '.repeat(left) + text).padEnd(width);
}

const NODE = 'lvsd-engine';
const row = (count: string, node: string, reason: string, severity: string): string =>
  `${count}${centred(node, 35)}${centred(reason, 35)}${centred(severity, 10)}`;

const counterRow = ({ count, reason, severity }: NodeCounter): string =>
  row(String(count).padStart(10), NODE, reason, severity);

export const showNodeCounters: VppCommand = {
  path: 'show node counters',
  help: 'show node counters',
  run: (state, _input, { numbers }) =>
    done(
      state,
      [
        row(centred('Count', 10), 'Node', 'Reason', 'Severity'),
        ...numbers.nodeCounters.filter(({ count }) => count > 0n).map(counterRow),
      ].join('\n'),
    ),
};
