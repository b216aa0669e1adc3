import t from 'tap';
import { LvsError } from '../../../src/errors.js';
import { type DscpMapping, isSameDscp, type Wish } from '../../../src/realserver/plan.js';
import { RealServer, type Surroundings } from '../../../src/realserver/real-server.js';

const defaults = { arp_ignore: '0', arp_announce: '0', rp_filter: '0' };
const link = (index: number, name: string, up: boolean, kind = '') => ({
  index,
  name,
  kind,
  up,
  running: up,
  loopback: name === 'lo',
  resolvesNeighbours: name === 'eth0',
  mtu: 1500,
  macAddress: '',
});

/** A machine in memory: interfaces with their sysctls, addresses, and a state file. `failAt`: the step, by its number, that fails. */
class Machine implements Surroundings {
  readonly namespace: string = 'net:[1]';
  boot = 'boot-1';
  text: string | undefined;
  failAt = Number.POSITIVE_INFINITY;
  steps = 0;
  list = [link(1, 'lo', true), link(2, 'eth0', true)];
  held: { index: number; address: string; prefixLength: number }[] = [];
  values = new Map<string, string>();
  open: { family: 'ip4' | 'ip6'; port: number }[] = [];
  mapped: DscpMapping[] = [];
  /** As where nft is missing. */
  hasNft = true;

  constructor() {
    for (const name of ['all', 'lo', 'eth0']) this.#settings(name);
  }

  #settings(name: string): void {
    for (const [key, value] of Object.entries(defaults)) this.values.set(`net/ipv4/conf/${name}/${key}`, value);
    this.values.set(`net/ipv6/conf/${name}/disable_ipv6`, '0');
  }

  #step(): void {
    if (++this.steps >= this.failAt) throw new LvsError('LINK_NO_PERMISSION', ['this step']);
  }

  #index(name: string): number {
    return this.list.find((one) => one.name === name)!.index;
  }

  /** Everything but the state file. */
  snapshot(): unknown {
    return structuredClone({
      list: this.list,
      held: this.held,
      values: this.values,
      open: this.open,
      mapped: this.mapped,
    });
  }

  readonly links: Surroundings['links'] = {
    list: () => Promise.resolve(structuredClone(this.list)),
    addresses: () =>
      Promise.resolve(
        this.held.map((row) => ({
          ...row,
          scope: 'global' as const,
          nodad: false,
          noPrefixRoute: false,
          tentative: false,
          dadFailed: false,
        })),
      ),
    addTunnel: async ({ name, kind }) => {
      await Promise.resolve();
      this.#step();
      this.list.push(link(this.list.length + 1, name, false, kind));
      this.#settings(name);
    },
    deleteLink: async (name) => {
      await Promise.resolve();
      this.list = this.list.filter((one) => one.name !== name);
      for (const key of [...this.values.keys()]) if (key.includes(`/${name}/`)) this.values.delete(key);
    },
    setUp: async (name, up) => {
      await Promise.resolve();
      this.#step();
      this.list = this.list.map((one) => (one.name === name ? { ...one, up, running: up } : one));
    },
    addAddress: async ({ interface: name, address, prefixLength }) => {
      await Promise.resolve();
      this.#step();
      this.held.push({ index: this.#index(name), address, prefixLength });
    },
    deleteAddress: async ({ interface: name, address }) => {
      await Promise.resolve();
      this.held = this.held.filter((row) => row.index !== this.#index(name) || row.address !== address);
    },
  };

  readonly ports: Surroundings['ports'] = {
    list: () => Promise.resolve([...this.open]),
    add: async ({ family, port }) => {
      await Promise.resolve();
      this.#step();
      this.open.push({ family, port });
    },
    delete: async (mine) => {
      await Promise.resolve();
      this.open = this.open.filter(({ family, port }) => family !== mine.family || port !== mine.port);
    },
  };

  readonly dscps: Surroundings['dscps'] = {
    list: () =>
      this.hasNft ? Promise.resolve([...this.mapped]) : Promise.reject(new LvsError('NFT_MISSING', ['nft'])),
    add: async (mapping) => {
      await Promise.resolve();
      this.#step();
      this.mapped = [...this.mapped.filter((one) => !isSameDscp(one, mapping)), mapping];
    },
    delete: async ({ dscp, vip }) => {
      await Promise.resolve();
      this.mapped = this.mapped.filter((one) => one.dscp !== dscp || one.vip !== vip);
    },
  };

  readonly sysctl: Surroundings['sysctl'] = {
    read: (name) => {
      const value = name === 'kernel/random/boot_id' ? this.boot : this.values.get(name);
      return value === undefined ? Promise.reject(new LvsError('SYSCTL_ABSENT', [name])) : Promise.resolve(value);
    },
    write: async (name, value) => {
      await this.sysctl.read(name);
      this.#step();
      this.values.set(name, value);
    },
  };

  readonly state: Surroundings['state'] = {
    path: '/var/lib/lvsd/realserver.json',
    read: () => Promise.resolve(this.text),
    write: (text) => Promise.resolve(void (this.text = text)),
    remove: () => Promise.resolve(void (this.text = undefined)),
  };
}

const dr: Wish = { method: 'dr', vips: ['192.0.2.1', '2001:db8::1'], tunnel: 'ipip', port: 6080, dscps: [] };
const tun: Wish = { ...dr, method: 'tun' };
const gue: Wish = { ...tun, tunnel: 'gue' };
const l3dsr: Wish = {
  ...dr,
  dscps: [
    { dscp: 7, vip: '192.0.2.1' },
    { dscp: 46, vip: '2001:db8::1' },
  ],
};
const ignore = (): void => undefined;

async function make(machine: Machine, wish: Wish): Promise<void> {
  const server = new RealServer(machine);
  await server.apply(wish, (await server.plan(wish)).steps, ignore);
}

async function takeBack(machine: Machine, vips?: readonly string[]): Promise<void> {
  const server = new RealServer(machine);
  const undoing = await server.planUndo(vips);
  if (undoing === undefined) throw new Error('nothing is remembered');
  await server.applyUndo(undoing, ignore);
}

for (const wish of [dr, tun, gue, l3dsr])
  t.test(
    `${wish.method} ${wish.tunnel}${wish.dscps.length === 0 ? '' : ' l3dsr'}: made, made again, undone`,
    async (t) => {
      const machine = new Machine();
      const before = machine.snapshot();
      await make(machine, wish);
      t.strictSame(await new RealServer(machine).plan(wish), { steps: [], problems: [] });
      await make(machine, wish);
      await takeBack(machine);
      t.strictSame(machine.snapshot(), before);
      t.equal(machine.text, undefined);
      t.equal(await new RealServer(machine).planUndo(), undefined);
    },
  );

t.test('whatever step fails, undoing restores what was there', async (t) => {
  for (const wish of [gue, l3dsr]) {
    const whole = new Machine();
    await make(whole, wish);
    for (let failAt = 1; failAt <= whole.steps; failAt++) {
      const machine = new Machine();
      const before = machine.snapshot();
      machine.failAt = failAt;
      await t.rejects(make(machine, wish), { code: 'LINK_NO_PERMISSION' });
      machine.failAt = Number.POSITIVE_INFINITY;
      await takeBack(machine);
      t.strictSame(machine.snapshot(), before, `step ${failAt}`);
    }
  }
});

t.test('a VIP that leaves takes its DSCP with it, and the other stays', async (t) => {
  const machine = new Machine();
  await make(machine, l3dsr);
  await takeBack(machine, ['192.0.2.1']);
  t.strictSame(machine.mapped, [{ dscp: 46, vip: '2001:db8::1' }]);
  t.strictSame(
    machine.held.map(({ address }) => address),
    ['2001:db8::1'],
  );
  await takeBack(machine);
  t.strictSame(machine.mapped, []);
});

t.test('a DSCP that is given to another VIP is taken back as that', async (t) => {
  const machine = new Machine();
  const before = machine.snapshot();
  await make(machine, { ...dr, vips: ['192.0.2.1'], dscps: [{ dscp: 7, vip: '192.0.2.1' }] });
  await make(machine, { ...dr, vips: ['192.0.2.2'], dscps: [{ dscp: 7, vip: '192.0.2.2' }] });
  t.strictSame(machine.mapped, [{ dscp: 7, vip: '192.0.2.2' }]);
  await takeBack(machine);
  t.strictSame(machine.snapshot(), before);
});

t.test('a machine without nft is a real server of everything but L3DSR', async (t) => {
  const machine = new Machine();
  machine.hasNft = false;
  await make(machine, dr);
  await t.rejects(make(machine, l3dsr), { code: 'NFT_MISSING' });
  await takeBack(machine);
  t.equal(machine.text, undefined);
});

t.test('two wishes, undone one after the other', async (t) => {
  const machine = new Machine();
  const before = machine.snapshot();
  await make(machine, { ...dr, vips: ['192.0.2.1'] });
  await make(machine, { ...dr, vips: ['192.0.2.2'] });
  await takeBack(machine, ['192.0.2.1']);
  t.strictSame((await new RealServer(machine).plan({ ...dr, vips: ['192.0.2.2'] })).steps, []);
  await takeBack(machine, ['192.0.2.2']);
  t.strictSame(machine.snapshot(), before);
});

t.test('a memory of an earlier boot is forgotten, one of another namespace refused, a broken one said', async (t) => {
  const machine = new Machine();
  await make(machine, dr);
  const elsewhere = new Machine();
  elsewhere.text = machine.text?.replace('net:[1]', 'net:[2]');
  await t.rejects(new RealServer(elsewhere).planUndo(), { code: 'REALSERVER_STATE_FOREIGN' });
  await t.rejects(make(elsewhere, dr), { code: 'REALSERVER_STATE_FOREIGN' });
  elsewhere.text = '{';
  await t.rejects(make(elsewhere, dr), { code: 'REALSERVER_STATE_UNREADABLE' });
  t.equal(elsewhere.steps, 0, 'nothing was changed');
  machine.boot = 'boot-2';
  t.equal(await new RealServer(machine).planUndo(), undefined);
});
