import * as fc from 'fast-check';

/** Lines of a table in an order of their own: `-A` and `-a` of one service stay together by their words. */
export const tableLines = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .sort();

const ip4 = (network: string): fc.Arbitrary<string> =>
  fc.integer({ min: 1, max: 254 }).map((last) => `${network}.${last}`);
const port = fc.integer({ min: 1, max: 65_535 });
const ip6 = fc.integer({ min: 1, max: 0xfffe }).map((last) => `2001:db8::${last.toString(16)}`);

interface Service {
  readonly option: string;
  readonly port: number;
  readonly six: boolean;
  readonly mark: boolean;
  readonly udp: boolean;
}

const byAddress = (address: fc.Arbitrary<string>, six: boolean): fc.Arbitrary<Service> =>
  fc
    .record({ protocol: fc.constantFrom('-t', '-u', '--sctp-service'), address, port })
    .map(({ protocol, address, port }) => ({
      option: `${protocol} ${six ? `[${address}]` : address}:${port}`,
      port,
      six,
      mark: false,
      udp: protocol === '-u',
    }));

const service: fc.Arbitrary<Service> = fc.oneof(
  byAddress(ip4('192.0.2'), false),
  byAddress(ip6, true),
  fc.record({ mark: fc.integer({ min: 1, max: 0xffffffff }), six: fc.boolean() }).map(({ mark, six }) => ({
    option: `-f ${mark}${six ? ' -6' : ''}`,
    port: 0,
    six,
    mark: true,
    udp: true,
  })),
);

const scheduler = fc.oneof(
  fc
    .constantFrom('rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sed', 'nq', 'fo', 'ovf')
    .chain((name) =>
      fc
        .subarray(['flag-1', 'flag-2', 'flag-3'])
        .map((flags) => `-s ${name}${flags.length > 0 ? ` -b ${flags.join(',')}` : ''}`),
    ),
  fc
    .constantFrom('sh', 'mh')
    .chain((name) =>
      fc
        .subarray([`${name}-fallback`, `${name}-port`])
        .map((flags) => `-s ${name}${flags.length > 0 ? ` -b ${flags.join(',')}` : ''}`),
    ),
);

const persistence = (six: boolean): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant(''),
    fc.integer({ min: 1, max: 2_678_400 }).map((seconds) => ` -p ${seconds}`),
    fc.integer({ min: 1, max: 9999 }).map((seconds) => ` -p ${seconds} -M ${six ? '64' : '255.255.255.0'}`),
    fc.integer({ min: 1, max: 9999 }).map((seconds) => ` -p ${seconds} --pe sip`),
  );

const tunnels = fc.oneof(
  fc.constant('--tun-type ipip'),
  fc.constantFrom('--tun-nocsum', '--tun-csum').map((checksum) => `--tun-type gre ${checksum}`),
  fc
    .record({ port, checksum: fc.constantFrom('--tun-nocsum', '--tun-csum', '--tun-remcsum') })
    .map(({ port, checksum }) => `--tun-type gue --tun-port ${port} ${checksum}`),
);

const settings = fc
  .record({
    weight: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 2_147_483_647 })),
    thresholds: fc.oneof(
      fc.constant(''),
      fc.integer({ min: 1, max: 1000 }).map((upper) => ` -x ${upper}`),
      fc.integer({ min: 1, max: 1000 }).map((lower) => ` -x ${lower + 5} -y ${lower}`),
    ),
  })
  .map(({ weight, thresholds }) => ({ weight: `-w ${weight}`, thresholds }));

const write = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** Real servers that the kernel would keep as they are: DR and TUN have the port of the service. */
const server = ({ six, port: servicePort }: Service, address: string): fc.Arbitrary<string> =>
  settings.chain(({ weight, thresholds }) =>
    fc.oneof(
      fc.constant(`-r ${write(address, servicePort)} -g ${weight}${thresholds}`),
      tunnels.map((tunnel) => `-r ${write(address, servicePort)} -i ${weight} ${tunnel}${thresholds}`),
      port.map((own) => `-r ${write(address, own)} -m ${weight}${thresholds}`),
      ...(six
        ? []
        : [tunnels.map((tunnel) => `-r ${write('2001:db8:1::1', servicePort)} -i ${weight} ${tunnel}${thresholds}`)]),
    ),
  );

const serviceLines: fc.Arbitrary<readonly string[]> = service.chain((service) =>
  fc
    .record({
      scheduler,
      persistence: persistence(service.six),
      ops: fc.boolean(),
      servers: fc
        .uniqueArray(service.six ? ip6 : ip4('10.1.0'), { minLength: 1, maxLength: 4 })
        .chain((addresses) => fc.tuple(...addresses.map((address) => server(service, address)))),
    })
    .map(({ scheduler, persistence, ops, servers }) => {
      const [name, flags = ''] = scheduler.split(' -b ');
      const own = [...new Map(servers.map((line) => [line.split(' ')[1], line])).values()];
      const options = `${persistence}${service.udp && ops ? ' -o' : ''}${flags === '' ? '' : ` -b ${flags}`}`;
      return [`-A ${service.option} ${name}${options}`, ...own.map((line) => `-a ${service.option} ${line}`)];
    }),
);

/** Lines as our `ipvsadm -S --all -n` prints them. */
export const tableText: fc.Arbitrary<string> = fc
  .record({
    services: fc.uniqueArray(serviceLines, { maxLength: 5, selector: (lines) => lines[0]!.split(' -s ')[0] }),
    timeouts: fc.option(fc.tuple(...Array.from({ length: 3 }, () => fc.integer({ min: 1, max: 2_678_400 })))),
    daemons: fc.boolean(),
  })
  .map(({ services, timeouts, daemons }) => {
    const lines = [
      ...(timeouts === null ? [] : [`--set ${timeouts.join(' ')}`]),
      ...(daemons
        ? ['master', 'backup'].map((role) => `--start-daemon ${role} --mcast-interface eth0 --syncid 3`)
        : []),
      ...services.flat(),
    ];
    return lines.map((line) => `${line}\n`).join('');
  });
