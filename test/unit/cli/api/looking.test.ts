/** lvsctl services and connections: what is asked, what is printed, how long lines are. */
import t from 'tap';
import { runLvsctl, type Said } from '../../../helpers/lvsctl-run.js';
import { listed, Problem, scriptedApi } from '../../../helpers/scripted-api.js';
import { dns, site, web } from '../../../helpers/scripted-site.js';

const connection = {
  engine: 'kernel',
  service: web.id,
  protocol: 'tcp',
  client: { address: '198.51.100.7', port: 40_000 },
  virtual: { address: '192.0.2.1', port: 80 },
  destination: { address: '10.0.0.1', port: 8080 },
  state: 'established',
  template: false,
  expiresSeconds: 892.4,
};

t.test('services', async (t) => {
  const api = await scriptedApi(t, site());
  const run = (...args: readonly string[]): Promise<Said> => runLvsctl(['--api', api.path, 'services', ...args]);

  t.strictSame(await run(), {
    status: 0,
    err: '',
    out: `SERVICE               SCHEDULER  ENGINE  FROM  SERVERS  DOWN  ACTIVE  INACTIVE
tcp 192.0.2.1:80      wlc        kernel  file        2     1      40        80
udp [2001:db8::1]:53  rr         kernel  api         1     1       0         0  no quorum
`,
  });
  t.strictSame(JSON.parse((await run('--json')).out), listed(web, dns));

  await run('--protocol', 'tcp', '--port', '80');
  t.ok(api.asked.includes('GET /v1/services?limit=10000&protocol=tcp&port=80'));

  for (const name of ['tcp 192.0.2.1:80', '192.0.2.1:80', web.id]) {
    const { out, status } = await run(name);
    t.equal(status, 0);
    t.equal(
      out,
      `tcp 192.0.2.1:80 wlc, by the kernel's IPVS, from the file, persistent for 300 s, quorum 1
id tcp-192.0.2.1-80
SERVER         STATE  METHOD        WEIGHT  CONFIGURED  OVERRIDE  ACTIVE  INACTIVE  PERSISTENT
10.0.0.1:8080  up     direct-route       3           3         -      30        60           0
10.0.0.2:8080  down   direct-route       -           3         -      10        20           0
`,
    );
  }
  const { service, destinations, statistics } = JSON.parse((await run(web.id, '--json')).out) as {
    readonly service: object;
    readonly destinations: readonly object[];
    readonly statistics: object;
  };
  t.match([service, destinations.length, statistics], [web, 2, { id: web.id, active: 40 }]);

  t.match(await run('nothing'), { status: 1, out: '', err: /there is no service 'nothing'/ });
  t.match(await run(':'), { status: 1, err: /':' may be 'tcp 192\.0\.2\.1:80', 'udp \[2001:db8::1\]:53'; say which/ });
  t.match(await run('tcp', '192.0.2.1:80'), { status: 2, err: /a name with blanks stands in quotes/ });
  t.match(await run('x', '--port', '1'), { status: 2, err: /either a service or filters/ });
});

t.test('a narrow terminal has less, but names are whole; colours where they are wanted', async (t) => {
  const { path } = await scriptedApi(t, site());
  const run = async (columns: number, environment: NodeJS.ProcessEnv = {}): Promise<string> =>
    (await runLvsctl(['--api', path, 'services'], { columns, environment })).out;
  t.match(await run(60, { NO_COLOR: '1' }), /^SERVICE {15}SERVERS {2}DOWN {2}ACTIVE\n/);
  for (const line of (await run(60, { NO_COLOR: '1' })).split('\n')) t.ok(line.length <= 60, line);
  t.match(await run(20, { NO_COLOR: '1' }), 'udp [2001:db8::1]:53  ');
  t.match(await run(80), '\x1b[31mno quorum\x1b[0m');
  t.match(await run(80, { COLUMNS: '200', NO_COLOR: '1' }), 'SCHEDULER  ENGINE');
});

t.test('no services', async (t) => {
  const { path } = await scriptedApi(t, { 'GET /v1/services': () => listed() });
  t.strictSame(await runLvsctl(['--api', path, 'services']), { status: 0, out: '', err: 'no services\n' });
});

t.test('connections', async (t) => {
  const first = connection;
  const second = {
    ...connection,
    protocol: 'udp',
    client: { address: '2001:db8::7', port: 5353 },
    virtual: { address: '2001:db8::1', port: 53 },
    destination: null,
    state: 'udp',
    expiresSeconds: 9,
  };
  const pages = { first: { items: [first], next: 'two' }, second: { items: [second], next: null } };
  const api = await scriptedApi(t, {
    ...site(),
    'GET /v1/connections': ({ query }) => (query.get('cursor') === 'two' ? pages.second : pages.first),
  });
  const run = (...args: readonly string[]): Promise<Said> => runLvsctl(['--api', api.path, 'connections', ...args]);
  const page = await run();
  t.strictSame(page, {
    status: 0,
    err: '',
    out: `PROTOCOL  CLIENT              ASKED FOR     SERVER         STATE        EXPIRES  ENGINE
tcp       198.51.100.7:40000  192.0.2.1:80  10.0.0.1:8080  established    892 s  kernel
udp       [2001:db8::7]:5353  [2001:db8::1]:53  removed        udp              9 s  kernel
`,
  });
  t.strictSame(JSON.parse((await run('--json')).out), { items: [first, second], next: null });
  t.equal((await run('-n', '1')).out.split('\n').length, 3, 'titles, a row, the end');
  api.asked.length = 0;
  const filters = [
    ['--service', '192.0.2.1:80', '--server', '[fd00::1]:80', '--client', '2001:DB8::7'],
    ['--protocol', 'TCP', '--state', 'ESTABLISHED', '--engine', 'kernel', '--templates', '-n', '5'],
  ].flat();
  await run(...filters);
  const query =
    'limit=5&template=true&client=2001:db8::7&destination=fd00::1-80&protocol=tcp&state=established&engine=kernel';
  t.ok(api.asked.includes(`GET /v1/connections?${query}&service=${web.id}`));
  for (const [args, wrong] of [
    [['--client', 'x'], /--client is an address/],
    [['--server', '10.0.0.1'], /--server is ADDRESS:PORT/],
    [['--engine', 'both'], /--engine is kernel or userspace/],
    [['-n', '0'], /-n is a number/],
    [['all'], /'all' is too much/],
  ] as const)
    t.match(await run(...args), { status: 2, out: '', err: wrong });
});

t.test('nobody, nobody who may, and what is refused', async (t) => {
  t.match(await runLvsctl(['services', '--api', '/nowhere/api.sock']), {
    status: 1,
    out: '',
    err: /^lvsctl: no lvsd serves its API at \/nowhere\/api\.sock .*is 'lvsd run' running/,
  });
  const { path } = await scriptedApi(t, {
    'GET /v1/services': () =>
      new Problem(400, 'it is not understood', [{ at: '/querystring', detail: 'not so' }, { detail: 'nor so' }]),
  });
  t.match(await runLvsctl(['services', '--api', path]), {
    status: 1,
    err: 'lvsctl: it is not understood\n  /querystring: not so\n  nor so\n',
  });
});
