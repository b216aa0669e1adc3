import '../../helpers/own-namespace.js';
import { execFileSync, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import t from 'tap';
import { systemNft } from '../../../src/netfilter/nft.js';
import { steeringRuleset } from '../../../src/netfilter/steering-rules.js';
import { SteeringTable } from '../../../src/netfilter/steering-table.js';
import {
  type DestinationSettings,
  defaultDestinationSettings,
  destinationName,
} from '../../../src/model/destination.js';
import { defaultEngineSettings, type EngineSettings } from '../../../src/model/engine.js';
import {
  defaultServiceSettings,
  type Protocol,
  type ServiceKey,
  serviceFamily,
  serviceName,
} from '../../../src/model/service.js';
import type { Table, TableService } from '../../../src/model/table.js';
import { ip } from '../../helpers/own-namespace.js';

const nftMissing = spawnSync('nft', ['--version']).status !== 0 ? 'nft is not installed' : false;

function service(
  key: { protocol?: Protocol; address: string; port: number; prefixLength?: number },
  engine: Partial<EngineSettings> = {},
  servers: readonly (Partial<DestinationSettings> & { address: string; port: number })[] = [],
): TableService {
  const full: ServiceKey = { by: 'address', protocol: 'tcp', ...key };
  return {
    key: full,
    settings: { ...defaultServiceSettings(serviceFamily(full)), engine: { ...defaultEngineSettings, ...engine } },
    destinations: new Map(
      servers.map(({ address, port, ...settings }) => [
        destinationName({ address, port }),
        { key: { address, port }, settings: { ...defaultDestinationSettings, ...settings } },
      ]),
    ),
  };
}

const tableOf = (...services: TableService[]): Table => new Map(services.map((one) => [serviceName(one.key), one]));

const nat = { method: 'masquerade' } as const;

/** One of everything. */
const everything = tableOf(
  service({ address: '10.0.0.1', port: 80 }, { answerArp: true }, [{ address: '10.2.0.1', port: 8080, ...nat }]),
  service({ address: '10.0.0.1', port: 443 }, { icmpEcho: 'answer', nodePort: 30443 }),
  service({ address: '10.0.1.0', prefixLength: 24, port: 80 }, { answerArp: true }),
  service({ address: '10.0.1.0', prefixLength: 25, port: 80 }),
  service({ protocol: 'any', address: '10.0.2.0', prefixLength: 24, port: 0 }, { icmpEcho: 'kernel' }, [
    { address: '10.2.0.2', port: 0, ...nat },
  ]),
  service({ protocol: 'udp', address: '10.0.3.1', port: 0 }, { interfaces: ['v0'] }),
  service(
    { address: '2001:db8::1', port: 80 },
    {
      answerArp: true,
      snatPool: [{ first: '2001:db8:9::1', last: '2001:db8:9::8', lowestPort: 1024, highestPort: 65535 }],
    },
    [{ address: '2001:db8:2::1', port: 80, method: 'full-nat' }],
  ),
  service({ protocol: 'any', address: '2001:db8:1::', prefixLength: 64, port: 0 }, { answerArp: true }),
);

t.test('nft takes one of everything, twice, and forgets it', { skip: nftMissing }, async (t) => {
  ip('link add v0 type veth peer name v1');
  ip('link add w0 type veth peer name w1');
  t.teardown(() => {
    ip('link del v0');
    ip('link del w0');
  });
  const steering = { devices: ['v0', 'w0'], table: everything, localAddresses: ['192.0.2.1', '2001:db8:5::1'] };
  const table = new SteeringTable(systemNft());
  t.equal(await table.apply(steering), true);
  t.equal(await table.apply(steering), false, 'nothing changed');
  const listed = execFileSync('nft', ['list', 'table', 'netdev', 'lvsd-steer'], { encoding: 'utf8' });
  t.match(listed, /device "v0" priority -500/);
  t.match(listed, /device "w0" priority -500/);
  t.match(listed, /10\.0\.0\.1 \. (tcp|6) \. 80/);
  t.match(listed, /192\.0\.2\.1 \. (tcp|6) \. 30443/, 'a node port is every address with it');
  t.match(listed, /2001:db8:9::1-2001:db8:9::8/);
  t.equal(
    await new SteeringTable(systemNft()).apply({ ...steering, devices: ['v0'] }),
    true,
    'what another one left is replaced',
  );
  t.notMatch(execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' }), 'w0');
  t.equal(
    await new SteeringTable(systemNft()).apply({ ...steering, devices: [] }),
    true,
    'no device in packet mode: none',
  );
  t.equal(execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' }), '');
  t.equal(await new SteeringTable(systemNft()).remove(), false);
});

t.test('services of the kernel and of other interfaces are not steered', (t) => {
  const kernel = { ...service({ address: '10.9.0.1', port: 80 }), settings: defaultServiceSettings('ip4') };
  const text = steeringRuleset({
    devices: ['v0', 'w0'],
    table: tableOf(kernel, service({ address: '10.0.0.7', port: 80 }, { interfaces: ['w0'] })),
    localAddresses: [],
  });
  t.notMatch(text, '10.9.0.1');
  t.match(text, /set device_1_service_ip4_32_protocol_port \{[^}]*\{ 10\.0\.0\.7 \. 6 \. 80 \}/);
  t.notMatch(text, 'device_0_service');
  t.end();
});

/** Who of the datagrams sent from a namespace beyond the veth the kernel still sees. */
t.test('the kernel sees what is not the engine’s, and nothing else', { skip: nftMissing }, async (t) => {
  const other = `lvsd-steer-${process.pid}`;
  ip(`netns add ${other}`);
  t.teardown(() => ip(`netns del ${other}`));
  ip(`link add v0 type veth peer name v1 netns ${other}`);
  ip('address add 10.0.0.1/24 dev v0');
  ip('link set v0 up');
  ip(`-n ${other} address add 10.0.0.2/24 dev v1`);
  ip(`-n ${other} link set v1 up`);

  const open = async (port: number): Promise<{ got: string[]; close: () => void }> => {
    const socket = createSocket('udp4');
    socket.bind(port, '0.0.0.0');
    await once(socket, 'listening');
    const got: string[] = [];
    socket.on('message', (message) => void got.push(message.toString()));
    return { got, close: () => socket.close() };
  };
  const taken = await open(5353);
  const left = await open(5354);
  t.teardown(() => {
    taken.close();
    left.close();
  });
  const send = (text: string): void => {
    const script =
      "const s=require('dgram').createSocket('udp4');const t=process.argv[1];" +
      "s.send(t,5353,'10.0.0.1',()=>s.send(t,5354,'10.0.0.1',()=>s.close()))";
    execFileSync('ip', ['netns', 'exec', other, process.execPath, '-e', script, text]);
  };
  const arrives = async (text: string): Promise<void> => {
    for (let i = 0; i < 100 && !left.got.includes(text); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    t.ok(left.got.includes(text), `${text}: the other port is the kernel's`);
  };
  const table = new SteeringTable(systemNft());
  const steering = {
    devices: ['v0'],
    table: tableOf(service({ protocol: 'udp', address: '10.0.0.1', port: 5353 })),
    localAddresses: ['10.0.0.1'],
  };
  send('before');
  await arrives('before');
  t.same(taken.got, ['before']);
  await table.apply(steering);
  send('during');
  await arrives('during');
  t.same(taken.got, ['before'], 'dropped before the kernel');
  await table.remove();
  send('after');
  await arrives('after');
  t.same(taken.got, ['before', 'after']);
});
