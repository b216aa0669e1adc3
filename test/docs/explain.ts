/** docs/explain.md: its examples are what the engine and src/schedulers say of a small site. */
import { noStatistics } from '../../src/model/statistics.js';
import { openSimulation } from '../../src/addon/simulation.js';
import { captureCommand } from '../../src/cli/capture.js';
import { explainCommand, explainText } from '../../src/cli/explain.js';
import { sessionsCommand } from '../../src/cli/sessions.js';
import { outlooksOf, whatIfCommand } from '../../src/cli/what-if.js';
import { explainKernel } from '../../src/daemon/explain-kernel.js';
import { engineExplanation, kernelExplanation } from '../../src/daemon/explain.js';
import { readAskedPacket, type PacketWords } from '../../src/dataplane/asked-packet.js';
import { frameOf } from '../../src/dataplane/frame.js';
import { defaultEngineGlobals, type Network } from '../../src/dataplane/network.js';
import { networkImage } from '../../src/dataplane/network-image.js';
import { servicesImage } from '../../src/dataplane/services-image.js';
import type { ListedService } from '../../src/ipvs/rows.js';
import { type DestinationSettings, defaultDestinationSettings, destinationName } from '../../src/model/destination.js';
import { defaultEngineSettings } from '../../src/model/engine.js';
import { defaultServiceSettings, type ServiceKey, serviceName } from '../../src/model/service.js';
import type { Table, TableService } from '../../src/model/table.js';
import { type Supposition, whatIfText } from '../../src/replay/what-if.js';

const ports = [
  { name: 'eth0', ifindex: 0, mac: '02:00:00:00:0a:01', mtu: 1500, up: true },
  { name: 'eth1', ifindex: 0, mac: '02:00:00:00:0a:02', mtu: 1500, up: true },
] as const;
const [outside, inside] = ports;

const network: Network = {
  ports,
  addresses: [
    { address: '192.0.2.2', prefixLength: 24, interface: outside.name },
    { address: '172.16.0.1', prefixLength: 24, interface: inside.name },
  ],
  routes: [
    { prefix: '0.0.0.0', prefixLength: 0, nextHops: [{ port: 'eth0', gateway: '192.0.2.1', weight: 1, vlans: [] }] },
    { prefix: '172.16.0.0', prefixLength: 24, nextHops: [{ port: 'eth1', weight: 1, vlans: [] }] },
  ],
  neighbours: [
    { address: '192.0.2.1', port: 'eth0', mac: '02:00:00:00:0b:01', vlans: [] },
    ...[11, 12, 13].map((n) => ({
      address: `172.16.0.${n}`,
      port: 'eth1',
      mac: `02:00:00:00:0c:${n}`,
      vlans: [],
    })),
  ],
};

function service(port: number, servers: readonly number[], settings: Partial<DestinationSettings>): TableService {
  const destinations = servers.map((n) => {
    const key = { address: `172.16.0.${n}`, port: settings.method === 'masquerade' ? 8080 : port };
    return [destinationName(key), { key, settings: { ...defaultDestinationSettings, ...settings } }] as const;
  });
  return {
    key: { by: 'address', protocol: 'tcp', address: '10.0.0.1', port },
    settings: { ...defaultServiceSettings('ip4'), scheduler: 'maglev', engine: defaultEngineSettings },
    destinations: new Map(destinations),
  };
}

const table: Table = new Map(
  [
    service(80, [11, 12, 13], { method: 'masquerade' }),
    service(443, [11, 12, 13], {
      method: 'tunnel',
      tunnel: { ...defaultDestinationSettings.tunnel, type: 'gre' },
    }),
  ].map((one) => [serviceName(one.key), one]),
);

function asked(words: PacketWords) {
  const packet = readAskedPacket(words);
  if ('wrong' in packet) throw new Error(packet.wrong);
  return packet;
}

/** What the engine says of packets, in this order; those marked `sent` are then really sent. */
function engineTexts(all: readonly (PacketWords & { readonly sent?: boolean })[]): readonly string[] {
  const engine = openSimulation({ sessions: 1000, secret: 7n });
  try {
    engine.publishNetwork(networkImage(network));
    const names = ports.map(({ name }) => name);
    engine.publishServices(servicesImage(table, defaultEngineGlobals, names).image);
    return all.map((words) => {
      const packet = asked(words);
      const frame = frameOf(packet, outside.mac);
      const told = engineExplanation(packet, outside.name, engine.explain(0, frame, 1000), (port) => names[port] ?? '');
      if (words.sent === true) engine.receive(0, [frame], 1000);
      return explainText(told);
    });
  } finally {
    engine.close();
  }
}

const kernelKey: ServiceKey = { by: 'address', protocol: 'tcp', address: '10.0.0.2', port: 80 };
const kernelService: ListedService = {
  key: kernelKey,
  settings: { ...defaultServiceSettings('ip4'), scheduler: 'sh', schedulerFlags: 2 },
  statistics: noStatistics,
  destinations: [12, 11].map((n) => ({
    key: { address: `172.16.0.${n}`, port: 80 },
    settings: { ...defaultDestinationSettings, method: 'masquerade' },
    active: n,
    inactive: 3,
    persistent: 0,
    statistics: noStatistics,
  })),
};

function kernelText(words: PacketWords): string {
  const packet = asked(words);
  const rules = { sloppyTcp: false, expireQuiescentTemplate: false, connReuseMode: 1 };
  const facts = { services: [kernelService], connections: [], rules, targetIsLocal: true };
  return explainText(kernelExplanation(packet, undefined, explainKernel(facts, packet)));
}

function whatIfExample(supposed: Supposition): string {
  return whatIfText(supposed, outlooksOf(table, [], { supposed, service: 'tcp 10.0.0.1:80' }));
}

const block = (command: string, text: string): string => `\`\`\`\n$ lvsctl ${command}\n${text}\`\`\`\n`;

export function explainPage(): string {
  const flow = 'tcp 198.51.100.7:40000 > 10.0.0.1:80';
  const tunnelled = 'tcp 198.51.100.7:40000 > 10.0.0.1:443';
  const [first, again, tunnel, big] = engineTexts([
    { flow, sent: true },
    { flow, flags: 'ack' },
    { flow: tunnelled },
    { flow: tunnelled, flags: 'ack', length: '1500', df: true },
  ]) as [string, string, string, string];
  const byKernel = 'tcp 198.51.100.7:40000 > 10.0.0.2:80';
  return `# Asking what becomes of packets

\`lvsctl explain\`, \`what-if\`, \`sessions\` and \`capture\` say what a director does, and would do, with packets. None of them changes anything.
The examples are what this version says of a site with a VIP 10.0.0.1 and three servers. Made by \`npm run docs\`.

## explain

${block(`explain '${flow}'`, first)}
The userspace engine answers by the code that forwards, with a packet that is then thrown away: sessions, counters and round robin stay as
they were. Once the flow's first packet has come, its session decides:

${block(`explain '${flow}' --flags ack`, again)}
A tunnel, and what does not fit in it:

${block(`explain '${tunnelled}'`, tunnel)}
${block(`explain '${tunnelled}' --flags ack --length 1500 --df`, big)}
A service of the kernel is explained by what the kernel tells of itself: its table, its connections and its sysctls, and src/schedulers
for its choice.

${block(`explain '${byKernel}'`, kernelText({ flow: byKernel }))}
What the kernel keeps to itself is said where it counts ('Perhaps: …', and \`"certain": false\` with \`--json\`):

- rr and wrr: whose turn it is. It is read from how many connections each server ever got, which the kernel renews every two seconds.
- lblc and lblcr: which servers an address had before.
- mh with a server of weight 0: how many slots that one keeps.
- thresholds: which servers it passes over until they are below their lower threshold.
- rules of nft or iptables are not evaluated: services by firewall mark are mentioned, no more.

The frame is made with the port's MAC address as its destination and checksums that are right. Its source is a MAC address of nobody unless
\`--mac\` says whose; that matters to services with \`eth_src\` among their hash fields. It carries no VLAN tag.

\`\`\`
${explainCommand.usage}\`\`\`

## what-if

${block("what-if --remove 172.16.0.12 --service 'tcp 10.0.0.1:80'", whatIfExample({ do: 'remove', server: '172.16.0.12' }))}
${block("what-if --weight 172.16.0.12:8080=2 --service 'tcp 10.0.0.1:80'", whatIfExample({ do: 'weight', server: '172.16.0.12:8080', weight: 2 }))}
'At least' is how many slots must change hands whatever the algorithm: what those servers lose who have fewer afterwards. With a weight,
live sessions keep their server; those that 'stay only because they are remembered' would go elsewhere if the director forgot them, as one
does that takes over without their synchronisation.

\`\`\`
${whatIfCommand.usage}\`\`\`

## sessions

\`\`\`
${sessionsCommand.usage}\`\`\`

## capture

Wireshark and tshark show the decision as the packet's comment (\`frame.comment\`). lvsctl connects to the engine itself, whose socket is
engine.sock beside the director's state; it works while no director runs.

\`\`\`
${captureCommand.usage}\`\`\`
`;
}
