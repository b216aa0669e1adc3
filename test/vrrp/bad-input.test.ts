/** What goes wrong around a real virtual router: each has a sentence, and a state that harms nobody. */
// mostly waits
import '../helpers/own-machine.js';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { eventually } from '../lab/eventually.js';
import { mustRun } from '../lab/topology.js';
import { Folder, Running } from './interop/router.js';
import { LINK } from './interop/settings.js';
import { type Place, Site } from './interop/site.js';

t.setTimeout(0); // whoever runs us sets the limit

const program = (name: string): string => fileURLToPath(new URL(`../../../bin/${name}`, import.meta.url));
const LVSD = program('lvsd');
const LVSCTL = program('lvsctl');
const LIMIT_MS = 60_000;

type Entry = Readonly<Record<string, unknown>>;

/** lvsd in a place, with a folder of its own, and what it logs. */
class Router {
  readonly folder = new Folder();
  readonly process: Running;

  /** Where it remembers what it must. */
  readonly state: string;

  /** @param wrapper of the program; `prepare`: makes its folder of state */
  constructor(
    t: Test,
    place: Pick<Place, 'host'>,
    text: string,
    wrapper: readonly string[] = [],
    prepare: (folder: string) => void = mkdirSync,
  ) {
    writeFileSync(this.folder.file('conf'), text);
    this.state = this.folder.file('state');
    prepare(this.state);
    const places = ['--state', `${this.state}/director.json`, '--control', this.folder.file('control.sock')];
    const command = [...wrapper, LVSD, 'run', '-f', this.folder.file('conf'), ...places];
    this.process = new Running(place.host, command, this.folder.file('log'));
    t.teardown(async () => {
      await this.process.stop().catch(() => this.process.kill());
      spawnSync('umount', ['--lazy', this.state]); // should it be a file system of its own
      this.folder.remove();
    });
  }

  async reload(text: string): Promise<void> {
    writeFileSync(this.folder.file('conf'), text);
    await mustRun(['kill', '-HUP', `${this.process.pid}`]);
  }

  events(name: string): readonly Entry[] {
    return this.folder
      .text('log')
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Entry)
      .filter(({ event }) => event === name);
  }

  /** The first entry of this name that is like that, once there is one. */
  says(name: string, like: Entry = {}): Promise<Entry> {
    const isLike = (entry: Entry): boolean => Object.entries(like).every(([key, value]) => entry[key] === value);
    return eventually(() => {
      const found = this.events(name).find(isLike);
      if (found === undefined)
        throw new Error(`no ${name} ${JSON.stringify(like)} in\n…${this.folder.text('log').slice(-3000)}`);
      return found;
    }, LIMIT_MS);
  }
}

interface Told {
  readonly priority?: number;
  readonly lines?: string;
  readonly addresses?: string;
  readonly version?: 2 | 3;
  readonly advertSeconds?: number;
}

const routerText = ({
  priority = 100,
  lines = '',
  addresses = '10.77.0.50/24',
  version = 3,
  advertSeconds = 0.2,
}: Told = {}): string => `
vrrp_instance V1 {
  interface ${LINK}
  version ${version}
  advert_int ${advertSeconds}
  virtual_router_id 51
  priority ${priority}
  ${lines}
  virtual_ipaddress { ${addresses} }
}
`;

t.test('an address that somebody else has: told with its MAC, and held all the same', async (t) => {
  await using site = await Site.build();
  const { client, a } = site;
  await mustRun(['ip', '-n', client, 'addr', 'add', '10.77.0.50/24', 'dev', LINK]);
  await mustRun(['ip', '-n', client, 'addr', 'add', 'fd77::50/64', 'dev', LINK, 'nodad']);
  const [link] = JSON.parse(await mustRun(['ip', '-n', client, '-json', 'link', 'show', LINK])) as {
    address: string;
  }[];
  const router = new Router(t, a, routerText({ lines: 'virtual_ipaddress_excluded { fd77::50/64 }' }));
  for (const address of ['10.77.0.50', 'fd77::50'])
    t.match(await router.says('vrrp.address-in-use', { address }), {
      router: 'V1',
      mac: link?.address,
      why: /take it away there/,
    });
  await router.says('vrrp.role', { to: 'master' });
  const control = router.folder.file('control.sock');
  const status = execFileSync(LVSCTL, ['--control', control, 'status'], { encoding: 'utf8' });
  t.match(status, `10.77.0.50 is in use by ${link?.address}, too`);
  const held = await mustRun(['ip', '-n', a.host, 'addr', 'show', LINK]);
  t.match(held, /10\.77\.0\.50/);
});

t.test('somebody who takes an address of a master is told of, too', async (t) => {
  await using site = await Site.build();
  const router = new Router(t, site.a, routerText());
  await router.says('vrrp.role', { to: 'master' });
  await mustRun(['ip', '-n', site.client, 'addr', 'add', '10.77.0.50/24', 'dev', LINK]);
  t.match(await router.says('vrrp.address-in-use', { address: '10.77.0.50' }), { router: 'V1' });
});

t.test('a pair with other addresses and the same priority: who hears the other one says what it sees', async (t) => {
  await using site = await Site.build();
  const a = new Router(t, site.a, routerText({ addresses: '10.77.0.50/24\n10.77.0.51/24' }));
  await a.says('vrrp.role', { to: 'master' });
  const b = new Router(t, site.b, routerText({ addresses: '10.77.0.50/24\n10.77.0.52/24' }));
  t.match(await b.says('vrrp.differs'), {
    what: 'addresses',
    source: '10.77.0.1',
    onlyThere: ['10.77.0.51'],
    onlyHere: ['10.77.0.52'],
  });
  t.match(await b.says('vrrp.same-priority'), { router: 'V1', source: '10.77.0.1', priority: 100 });
});

t.test('another interval of version 2, and another password: two masters, and both say why', async (t) => {
  await using site = await Site.build();
  const told = { version: 2, advertSeconds: 1 } as const;
  const password = (text: string): string => `authentication {\nauth_type PASS\nauth_pass ${text}\n}`;
  const a = new Router(t, site.a, routerText({ ...told, lines: password('one') }));
  const b = new Router(t, site.b, routerText({ ...told, priority: 150, lines: password('two') }));
  t.match(await a.says('vrrp.conflict', { reason: 'password' }), { source: '10.77.0.2', why: /another auth_pass/ });
  t.match(await b.says('vrrp.conflict', { reason: 'password' }), { source: '10.77.0.1' });
  await a.reload(routerText({ ...told, advertSeconds: 2, lines: password('two') }));
  t.match(await a.says('vrrp.conflict', { reason: 'interval' }), { detail: '1000 ms, ours is 2000 ms' });
  t.match(await b.says('vrrp.conflict', { reason: 'interval' }), { detail: '2000 ms, ours is 1000 ms' });
});

t.test('a link that carries one way only: the better side says who does not hear it', async (t) => {
  await using site = await Site.build();
  const a = new Router(t, site.a, routerText({ priority: 150 }));
  await a.says('vrrp.role', { to: 'master' });
  const rules = 'table ip deaf { chain in { type filter hook input priority 0; ip protocol 112 drop; }; }';
  execFileSync('ip', ['netns', 'exec', site.b.host, 'nft', '-f', '-'], { input: rules });
  const b = new Router(t, site.b, routerText());
  await b.says('vrrp.role', { to: 'master' });
  t.match(await a.says('vrrp.unheard'), { router: 'V1', source: '10.77.0.2', priority: 100, why: /does not hear/ });
  execFileSync('ip', ['netns', 'exec', site.b.host, 'nft', 'delete', 'table', 'ip', 'deaf']);
  await b.says('vrrp.role', { from: 'master', to: 'backup' });
});

for (const [capability, sentence] of [
  ['net_raw', /CAP_NET_RAW/],
  ['net_admin', /CAP_NET_ADMIN/],
] as const) {
  const skip = spawnSync('setpriv', ['--version']).status === 0 ? false : 'setpriv is not installed';
  t.test(`without ${capability} nobody becomes master, and it is said what is missing`, { skip }, async (t) => {
    await using site = await Site.build();
    const without = ['setpriv', `--bounding-set=-${capability}`, `--inh-caps=-${capability}`];
    const router = new Router(t, site.a, routerText(), without);
    t.match(await router.says('vrrp.role', { to: 'fault' }), { detail: sentence });
    const addresses = await mustRun(['ip', '-n', site.a.host, 'addr', 'show', LINK]);
    t.notMatch(addresses, /10\.77\.0\.50/);
  });
}

t.test('an interface that is not there, comes, goes and comes back', async (t) => {
  await using site = await Site.build();
  const { host } = site.a;
  const make = (): Promise<unknown> =>
    mustRun(['ip', '-n', host, 'link', 'add', 'late0', 'up', 'type', 'veth', 'peer', 'name', 'late1']).then(
      async () => {
        await mustRun(['ip', '-n', host, 'link', 'set', 'late1', 'up']);
        await mustRun(['ip', '-n', host, 'addr', 'add', '10.88.0.1/24', 'dev', 'late0']);
      },
    );
  const router = new Router(
    t,
    site.a,
    routerText({ addresses: '10.88.0.50/24' }).replace(`interface ${LINK}`, 'interface late0'),
  );
  t.match(await router.says('vrrp.role', { to: 'fault' }), { detail: /late0 does not exist/ });
  await make();
  await router.says('vrrp.role', { to: 'master' });
  await mustRun(['ip', '-n', host, 'link', 'del', 'late0']);
  await router.says('vrrp.role', { from: 'master', to: 'fault' });
  await make();
  await eventually(() => {
    const masters = router.events('vrrp.role').filter(({ to }) => to === 'master');
    if (masters.length < 2) throw new Error(`not master again:\n…${router.folder.text('log').slice(-3000)}`);
  }, LIMIT_MS);
  t.match(await mustRun(['ip', '-n', host, 'addr', 'show', 'late0']), /10\.88\.0\.50/);
});

t.test('a full /run: what cannot be remembered is said, and the work goes on', async (t) => {
  await using site = await Site.build();
  const router = new Router(t, site.a, routerText(), [], (folder) => {
    mkdirSync(folder);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', folder]);
    spawnSync('dd', ['if=/dev/zero', `of=${folder}/ballast`, 'bs=4k', 'count=64', 'status=none']);
  });
  t.match(await router.says('vrrp.not-remembered'), { reason: /ENOSPC/ });
  await router.says('vrrp.role', { to: 'master' });
  t.match(await mustRun(['ip', '-n', site.a.host, 'addr', 'show', LINK]), /10\.77\.0\.50/);
});

t.test(
  'a second process for the addresses of one folder ends with a sentence, whether or not the first one answers',
  async (t) => {
    await using site = await Site.build();
    const router = new Router(t, site.a, routerText());
    await router.says('vrrp.role', { to: 'master' });
    const second = (): ReturnType<typeof spawnSync> =>
      spawnSync('ip', ['netns', 'exec', site.a.host, LVSD, 'vrrp', '--folder', router.state], {
        encoding: 'utf8',
        timeout: LIMIT_MS,
      });
    const { status, stderr } = second();
    t.equal(status, 1);
    t.match(stderr, /another 'lvsd vrrp' \(process \d+\) holds virtual addresses/);
    t.match(
      await mustRun(['ip', '-n', site.a.host, 'addr', 'show', LINK]),
      /10\.77\.0\.50/,
      'and nothing was taken away',
    );
  },
);
