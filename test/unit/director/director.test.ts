import t, { type Test } from 'tap';
import type { Configuration } from '../../../src/config/configuration.js';
import { wasUp } from '../../../src/director/adoption.js';
import { Director } from '../../../src/director/director.js';
import { nextGone } from '../../../src/director/leaving.js';
import { decodeLastApplied, encodeLastApplied } from '../../../src/director/ownership.js';
import { probeMarks } from '../../../src/director/probe-services.js';
import { changeName } from '../../../src/model/change.js';
import { configurationOf, site, type SiteOptions, tableText } from '../../helpers/configuration.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { FakeKernel } from '../../helpers/fake-kernel.js';
import { MemoryFile } from '../../helpers/memory-file.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const stranger = 'tcp 192.0.2.99:80';

interface Scene {
  readonly director: Director;
  readonly kernel: FakeKernel;
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly file: MemoryFile;
  readonly down: Set<string>;
  readonly quorums: string[];
}

interface SceneOptions {
  readonly clock?: FakeClock;
  readonly kernel?: FakeKernel;
  readonly file?: MemoryFile;
  readonly foreign?: 'adopt' | 'refuse';
}

function scene(
  t: Test,
  { clock = new FakeClock(), kernel = new FakeKernel(), file = new MemoryFile(), foreign = 'adopt' }: SceneOptions = {},
): Scene {
  const [log, down, quorums] = [new MemoryLog(), new Set<string>(), new Array<string>()];
  const director = new Director({
    forwarder: kernel,
    clock,
    log,
    state: file,
    isUp: (server) => !down.has(server),
    weightOf: (_, configured) => configured,
    wallMs: () => 1_700_000_000_000 + clock.now(),
    onQuorum: (virtual, has) => quorums.push(`${virtual} ${has ? 'up' : 'down'}`),
    observeMs: 10_000,
    foreign,
  });
  t.teardown(() => director.stop('keep'));
  return { director, kernel, clock, log, file, down, quorums };
}

/** A kernel that has what a director made of this file, and what that director left in its state file. */
async function after(t: Test, options: SiteOptions): Promise<{ kernel: FakeKernel; file: MemoryFile }> {
  const { director, kernel, file } = scene(t);
  await director.open();
  await director.configure(configurationOf(site(options)));
  kernel.writes.length = 0;
  return { kernel, file };
}

const names = (kernel: FakeKernel): string[][] => kernel.writes.map((changes) => changes.map(changeName));
const server = (octet: number): string => `tcp 192.0.2.1:80 -> 10.0.0.${octet}:80`;

t.test('a new file is one batch; the same file again is none', async (t) => {
  const { director, kernel } = scene(t);
  await director.open();
  await director.configure(configurationOf(site()));
  t.same(names(kernel), [
    ['add-service tcp 192.0.2.1:80', `add-destination ${server(1)}`, `add-destination ${server(2)}`],
  ]);
  await director.configure(configurationOf(site()));
  t.equal(kernel.writes.length, 1);
});

t.test('one real server changed: one write of one change', async (t) => {
  const { director, kernel } = scene(t);
  await director.open();
  await director.configure(configurationOf(site()));
  await director.configure(configurationOf(site({ servers: { 1: 'weight 5', 2: '' } })));
  t.same(names(kernel)[1], [`edit-destination ${server(1)}`]);
});

t.test('verdicts that come together are answered by one write', async (t) => {
  const { director, kernel, down } = scene(t);
  await director.open();
  await director.configure(configurationOf(site({ servers: { 1: '', 2: '', 3: '' } })));
  down.add(server(1)).add(server(2));
  director.look('tcp 192.0.2.1:80');
  director.look('tcp 192.0.2.1:80');
  await settled();
  t.same(names(kernel)[1], [`delete-destination ${server(1)}`, `delete-destination ${server(2)}`]);
  t.equal(kernel.writes.length, 2);
});

t.test('a quorum is told when its virtual server is new and when it changes', async (t) => {
  const { director, down, quorums } = scene(t);
  await director.open();
  await director.configure(configurationOf(site()));
  down.add(server(1)).add(server(2));
  director.look('tcp 192.0.2.1:80');
  await settled();
  await director.configure(configurationOf(site()));
  down.clear();
  director.look('tcp 192.0.2.1:80');
  await settled();
  t.same(quorums, ['tcp 192.0.2.1:80 up', 'tcp 192.0.2.1:80 down', 'tcp 192.0.2.1:80 up']);
});

t.test('a verdict is answered for its virtual server alone', async (t) => {
  const { director, kernel, down } = scene(t);
  await director.open();
  await director.configure(configurationOf(site() + site({ vip: '192.0.2.2' })));
  down.add(server(1)).add('tcp 192.0.2.2:80 -> 10.0.0.1:80');
  director.look('tcp 192.0.2.1:80');
  await settled();
  t.same(names(kernel)[1], [`delete-destination ${server(1)}`]);
  t.equal(director.status.quorums.size, 2);
});

t.test("strangers' services are never touched, by no file and at no end", async (t) => {
  const theirs = (await after(t, { vip: '192.0.2.99' })).kernel.table;
  const { director, kernel } = scene(t, { kernel: new FakeKernel(theirs) });
  await director.open();
  await director.configure(configurationOf(site()));
  await director.stop('remove');
  t.strictSame(kernel.table.get(stranger), theirs.get(stranger));
  t.same([...kernel.table.keys()], [stranger]);
});

t.test('lvs_flush removes them once, at the start', async (t) => {
  const theirs = (await after(t, { vip: '192.0.2.99' })).kernel.table;
  const { director, kernel } = scene(t, { kernel: new FakeKernel(theirs) });
  const configuration = configurationOf(site({ globals: 'lvs_flush' }));
  await director.open();
  await director.configure(configuration);
  t.same([...kernel.table.keys()], ['tcp 192.0.2.1:80']);
  kernel.set(new Map([...kernel.table, ...theirs]));
  await director.configure(configuration);
  t.equal(kernel.table.has(stranger), true, 'a reload does not flush');
});

t.test('killed and started again: nothing is written, nothing is lost', async (t) => {
  const { kernel, file } = await after(t, {});
  const again = scene(t, { kernel, file });
  const found = await again.director.open();
  t.equal(found.last.size, 1);
  await again.director.configure(configurationOf(site()));
  t.same(kernel.writes, []);
});

t.test('killed, its file changed, started again: what is no longer in the file goes', async (t) => {
  const { kernel, file } = await after(t, { vip: '192.0.2.99' });
  const again = scene(t, { kernel, file });
  await again.director.open();
  await again.director.configure(configurationOf(site()));
  t.same([...kernel.table.keys()], ['tcp 192.0.2.1:80']);
  t.same([...(decodeLastApplied(file.text ?? '')?.keys() ?? [])], ['tcp 192.0.2.1:80']);
});

t.test('what was found tells who was up', async (t) => {
  const { kernel, file } = await after(t, { servers: { 1: '', 2: '', 3: 'weight 0' } });
  await kernel.apply([
    {
      do: 'delete-destination',
      service: { by: 'address', protocol: 'tcp', address: '192.0.2.1', port: 80 },
      destination: { address: '10.0.0.2', port: 80 },
    },
  ]);
  const found = { table: kernel.table, last: decodeLastApplied(file.text ?? '') ?? new Map<string, string[]>() };
  const [virtual] = configurationOf(site({ servers: { 1: '', 2: '', 3: 'weight 0', 4: '' } })).virtualServers;
  t.same(
    virtual?.realServers.map((one) => wasUp(found, virtual, one)),
    [true, false, true, undefined],
  );
});

t.test('a service of the file that somebody else made is taken over, and said so', async (t) => {
  const { kernel } = await after(t, { servers: { 7: '' } });
  const { director, log } = scene(t, { kernel });
  await director.open();
  await director.configure(configurationOf(site()));
  t.same(tableText(kernel.table), ['tcp 192.0.2.1:80 rr', '  10.0.0.1:80 1', '  10.0.0.2:80 1']);
  t.match(log.named('director.adopted'), [{ service: 'tcp 192.0.2.1:80', reason: /taken over/ }]);
});

t.test('or left alone, with --foreign refuse', async (t) => {
  const { kernel } = await after(t, { servers: { 7: '' } });
  const { director, log } = scene(t, { kernel, foreign: 'refuse' });
  await director.open();
  await director.configure(configurationOf(site()));
  await director.stop('remove');
  t.same(tableText(kernel.table), ['tcp 192.0.2.1:80 rr', '  10.0.0.7:80 1']);
  t.match(log.named('director.foreign'), [{ reason: /left alone/ }]);
});

t.test('one change is refused: the others are made, it is said, and tried again later and later', async (t) => {
  const { director, kernel, clock, log } = scene(t);
  kernel.refuse = (change) =>
    'destination' in change && change.destination.address === '10.0.0.1' ? 'EINVAL' : undefined;
  await director.open();
  const report = await director.configure(configurationOf(site()));
  t.match(report.refused, [{ change: `add-destination ${server(1)}`, reason: /EINVAL/ }]);
  t.same(tableText(kernel.table), ['tcp 192.0.2.1:80 rr', '  10.0.0.2:80 1']);
  await clock.run(1000, 1000);
  await clock.run(1999, 1999);
  t.equal(kernel.writes.length, 2, 'after one second, and not again before two more');
  kernel.refuse = () => undefined;
  await clock.run(1, 1);
  t.equal(director.status.refused.length, 0);
  t.equal(kernel.table.get('tcp 192.0.2.1:80')?.destinations.size, 2);
  t.equal(log.named('director.refused').length, 2);
});

t.test('what is made is remembered before it is made, what goes only when it is gone', async (t) => {
  const { director, kernel, file } = scene(t);
  const remembered: string[][] = [];
  const apply = kernel.apply.bind(kernel);
  kernel.apply = (changes) => {
    remembered.push([...(decodeLastApplied(file.text ?? '')?.keys() ?? [])]);
    return apply(changes);
  };
  await director.open();
  await director.configure(configurationOf(site()));
  await director.configure(configurationOf(site({ vip: '192.0.2.2' })));
  t.same(remembered, [['tcp 192.0.2.1:80'], ['tcp 192.0.2.1:80', 'tcp 192.0.2.2:80']]);
  t.same([...(decodeLastApplied(file.text ?? '')?.keys() ?? [])], ['tcp 192.0.2.2:80']);
});

t.test('refused because the table is not what we think: looked at, and put right', async (t) => {
  const { director, kernel, clock, down } = scene(t);
  await director.open();
  await director.configure(configurationOf(site({ globals: 'lvs_drift report' })));
  kernel.set(new Map());
  down.add(server(1));
  director.look('tcp 192.0.2.1:80');
  await settled();
  t.match(director.status.refused, [{ change: `delete-destination ${server(1)}` }]);
  await clock.run(1000, 1000);
  t.same(tableText(kernel.table), ['tcp 192.0.2.1:80 rr', '  10.0.0.2:80 1']);
  t.same(director.status.refused, []);
});

t.test('drift is found and repaired', async (t) => {
  const { director, kernel, clock, log } = scene(t);
  await director.open();
  await director.configure(configurationOf(site()));
  const right = kernel.table;
  kernel.set(new Map());
  await clock.run(10_000, 10_000);
  t.same(tableText(kernel.table), tableText(right));
  t.match(log.named('director.drift'), [{ repair: true, count: 3 }]);
  await clock.run(10_000, 10_000);
  t.equal(kernel.writes.length, 2, 'once');
});

t.test('nothing waits for a look at the table', async (t) => {
  const { director, kernel, clock } = scene(t);
  await director.open();
  await director.configure(configurationOf(site()));
  kernel.look = () => new Promise(() => undefined);
  await clock.run(10_000, 10_000);
  await director.setWeights(new Map([[server(1), 3]]));
  t.same(tableText(kernel.table)[1], '  10.0.0.1:80 3');
});

t.test('lvs_drift report: it is only said, once, and shown as long as it lasts', async (t) => {
  const { director, kernel, clock, log } = scene(t);
  await director.open();
  await director.configure(configurationOf(site({ globals: 'lvs_drift report' })));
  const right = kernel.table;
  kernel.set(new Map());
  await clock.run(20_000, 10_000);
  t.equal(kernel.writes.length, 1);
  t.equal(log.named('director.drift').length, 1);
  t.equal(director.status.drift.length, 3);
  kernel.set(right);
  await clock.run(10_000, 10_000);
  t.same(director.status.drift, []);
  t.equal(log.named('director.drift-gone').length, 1);
});

t.test("an operator's weight holds over a reload until it is taken back", async (t) => {
  const { director, kernel } = scene(t);
  await director.open();
  await director.configure(configurationOf(site()));
  await director.setWeights(new Map([[server(1), 0]]));
  await director.configure(configurationOf(site({ servers: { 1: 'weight 4', 2: '' } })));
  t.same(tableText(kernel.table)[1], '  10.0.0.1:80 0');
  await director.setWeights(new Map());
  t.same(tableText(kernel.table)[1], '  10.0.0.1:80 4');
});

const ends: [how: 'keep' | 'remove' | 'flush', left: string[], remembers: boolean][] = [
  ['keep', [stranger, 'tcp 192.0.2.1:80'], true],
  ['remove', [stranger], false],
  ['flush', [], false],
];
for (const [how, left, remembers] of ends)
  t.test(`stop, ${how}: what is left`, async (t) => {
    const theirs = (await after(t, { vip: '192.0.2.99' })).kernel.table;
    const { director, kernel, clock, file } = scene(t, { kernel: new FakeKernel(theirs) });
    await director.open();
    await director.configure(configurationOf(site()));
    await director.stop(how);
    t.same([...kernel.table.keys()], left);
    t.equal(file.text !== undefined, remembers);
    t.equal(clock.pending, 0);
  });

t.test('a kernel that does not answer is logged and asked again', async (t) => {
  const { director, kernel, clock, log, down } = scene(t);
  await director.open();
  await director.configure(configurationOf(site()));
  kernel.read = () => Promise.reject(new Error('no answer'));
  await clock.run(10_000, 10_000);
  t.match(log.named('director.failed'), [{ reason: 'no answer' }]);
  kernel.read = () => Promise.resolve(kernel.table);
  down.add(server(1));
  await clock.run(1000, 1000);
  t.same(tableText(kernel.table), ['tcp 192.0.2.1:80 rr', '  10.0.0.2:80 1']);
});

t.test('the state file: what was written is read; what is none of ours is not believed', (t) => {
  const last = new Map([['tcp 192.0.2.1:80', ['10.0.0.1:80']]]);
  t.same(decodeLastApplied(encodeLastApplied(last)), last);
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"version":2,"services":{}}',
    '{"version":1}',
    '{"version":1,"services":{"a":[1]}}',
  ])
    t.equal(decodeLastApplied(text), undefined, text);
  t.end();
});

t.test(
  'removed_flows drain: a server that a reload removes stays with weight 0 for a while, also over our death',
  async (t) => {
    const { director, kernel, clock, file } = scene(t);
    await director.open();
    const drains = { service: 'removed_flows drain 30' };
    await director.configure(configurationOf(site(drains)));
    await director.configure(configurationOf(site({ ...drains, servers: { 1: '' } })));
    const draining = ['tcp 192.0.2.1:80 rr', '  10.0.0.1:80 1', '  10.0.0.2:80 0'];
    t.same(tableText(kernel.table), draining);
    clock.advance(29_000);
    await settled();
    t.same(tableText(kernel.table), draining);

    const next = scene(t, { kernel, file });
    await next.director.open();
    next.clock.advance(29_000);
    await next.director.configure(configurationOf(site({ ...drains, servers: { 1: '' } })));
    t.same(tableText(kernel.table), draining, 'the next director knows');
    next.clock.advance(1000);
    await settled();
    t.same(tableText(kernel.table), draining.slice(0, 2));
  },
);

t.test('removed_flows drain: a virtual server that goes leaves its servers at weight 0 for a while', async (t) => {
  const { director, kernel, clock } = scene(t);
  await director.open();
  await director.configure(configurationOf(site({ service: 'removed_flows drain 30' })));
  await director.configure(configurationOf(''));
  t.same(tableText(kernel.table), ['tcp 192.0.2.1:80 rr', '  10.0.0.1:80 0', '  10.0.0.2:80 0']);
  clock.advance(30_000);
  await settled();
  t.same(tableText(kernel.table), []);
});

t.test('slow_start: the clock alone makes the table change', async (t) => {
  const { director, kernel, clock, down } = scene(t);
  await director.open();
  await director.configure(configurationOf(site({ service: 'slow_start 10 50', servers: { 1: 'weight 5', 2: '' } })));
  down.add(server(1));
  director.look('tcp 192.0.2.1:80');
  await settled();
  down.clear();
  director.look('tcp 192.0.2.1:80');
  await settled();
  t.same(tableText(kernel.table), ['tcp 192.0.2.1:80 rr', '  10.0.0.2:80 1', '  10.0.0.1:80 2']);
  clock.advance(9_000);
  await settled();
  clock.advance(1_000);
  await settled();
  t.same(tableText(kernel.table), ['tcp 192.0.2.1:80 rr', '  10.0.0.2:80 1', '  10.0.0.1:80 5']);
});

/** As Node's: a timer may come up to a turn of the event loop before its time. */
class EarlyClock extends FakeClock {
  override after(ms: number, run: () => void): () => void {
    return super.after(ms > 1 ? ms - 0.5 : ms, run);
  }
}

t.test('a timer that comes too early is no reason to forget what it was for', async (t) => {
  const { director, kernel, clock, down } = scene(t, { clock: new EarlyClock() });
  await director.open();
  await director.configure(configurationOf(site({ service: 'dead_flows drain 30' })));
  down.add(server(1));
  director.look('tcp 192.0.2.1:80');
  await settled();
  t.same(tableText(kernel.table), ['tcp 192.0.2.1:80 rr', '  10.0.0.1:80 0', '  10.0.0.2:80 1']);
  clock.advance(30_001);
  await settled();
  t.same(tableText(kernel.table), ['tcp 192.0.2.1:80 rr', '  10.0.0.2:80 1']);
});

t.test('a server that left the file and comes back begins anew, whatever it was before', async (t) => {
  const { director, kernel } = scene(t);
  const climbs = { service: 'slow_start 10 50', servers: { 1: 'weight 4', 2: '' } };
  await director.open();
  await director.configure(configurationOf(site(climbs)));
  await director.configure(configurationOf(site({ ...climbs, servers: { 2: '' } })));
  await director.configure(configurationOf(site(climbs)));
  t.same(tableText(kernel.table), ['tcp 192.0.2.1:80 rr', '  10.0.0.2:80 1', '  10.0.0.1:80 2']);
});

t.test('removed_flows drain: who has weight 0 already drains too, and goes once', async (t) => {
  const { director, kernel, clock } = scene(t);
  const drains = { service: 'removed_flows drain 30' };
  const less = configurationOf(site({ ...drains, servers: { 1: '' } }));
  await director.open();
  await director.configure(configurationOf(site(drains)));
  await director.setWeights(new Map([[server(2), 0]]));
  await director.configure(less);
  const draining = ['tcp 192.0.2.1:80 rr', '  10.0.0.1:80 1', '  10.0.0.2:80 0'];
  t.same(tableText(kernel.table), draining);
  kernel.refuse = ({ do: what }) => (what === 'delete-destination' ? 'EBUSY' : undefined);
  clock.advance(30_000);
  await settled();
  t.same(tableText(kernel.table), draining, 'the kernel does not let it go');
  kernel.refuse = () => undefined;
  await director.configure(less);
  t.same(tableText(kernel.table), draining.slice(0, 2), 'its time is not given to it again');
});

t.test('a weight for a server that there is not waits for it, and touches nothing', async (t) => {
  const { director, kernel } = scene(t);
  await director.open();
  await director.configure(configurationOf(site({ servers: { 1: '' } })));
  const { changes } = await director.setWeights(new Map([[server(2), 0]]));
  t.same(changes, []);
  await director.configure(configurationOf(site()));
  t.same(tableText(kernel.table).slice(1), ['  10.0.0.1:80 1', '  10.0.0.2:80 0']);
});

t.test('weights touch only the virtual servers of those that differ', async (t) => {
  const { director, kernel } = scene(t);
  await director.open();
  await director.configure(configurationOf(site()));
  const before = kernel.writes.length;
  const { changes } = await director.setWeights(new Map([[server(1), 5]]));
  t.same(changes.map(changeName), ['edit-destination tcp 192.0.2.1:80 -> 10.0.0.1:80']);
  t.same((await director.setWeights(new Map([[server(1), 5]]))).changes, []);
  t.equal(kernel.writes.length, before + 1);
});

t.test('weights are foretold as they are carried out, and nothing else is', async (t) => {
  const { director, kernel } = scene(t);
  t.same(await director.previewWeights(new Map([[server(1), 0]])), [], 'nothing is wanted yet');
  await director.open();
  await director.configure(configurationOf(site()));
  kernel.refuse = () => 'EBUSY';
  await director.setWeights(new Map([[server(2), 9]])); // refused: it differs from the table from now on
  const writes = kernel.writes.length;
  for (const weights of [new Map([[server(1), 0]]), new Map([[server(2), 9]]), new Map([['nobody', 5]])]) {
    const foretold = await director.previewWeights(weights);
    t.equal(kernel.writes.length, writes);
    t.same(director.status.weights, new Map([[server(2), 9]]));
    t.ok(foretold.every((change) => change.do === 'edit-destination'));
  }
  kernel.refuse = () => undefined;
  const weights = new Map([[server(1), 0]]);
  const foretold = await director.previewWeights(weights);
  t.same(foretold.map(changeName), ['edit-destination tcp 192.0.2.1:80 -> 10.0.0.1:80']);
  t.same((await director.setWeights(weights)).changes, foretold);
});

t.test('what was found and is ours stays as it is when nobody knows whether it is wanted', async (t) => {
  const { director, kernel, ...rest } = scene(t);
  await director.open();
  await director.configure(configurationOf(site()));
  const before = tableText(kernel.table);
  const next = scene(t, { ...rest, kernel });
  await next.director.open();
  await next.director.strand();
  await next.director.configure(configurationOf(''));
  t.same(tableText(kernel.table), before);
});

t.test('the mark of a probe moves to another server: that one gets its service too', async (t) => {
  const { director, kernel } = scene(t);
  const probed = (vip: string, octet: number): string =>
    site({ vip, servers: { [octet]: 'TCP_CHECK {\nvia_forwarding\n}' } });
  const [one, other] = sameMark(probed);
  await director.open();
  await director.configure(one);
  // what did not change is the same object, as after a reload
  await director.configure({ ...other, virtualServers: [...other.virtualServers, ...one.virtualServers] });
  t.equal(kernel.table.size, 4, 'two services, and one for the probe of each');
});

t.test('a preview takes a new server with alpha for down, as its checks will', async (t) => {
  const { director, down } = scene(t);
  const alpha = (servers: Readonly<Record<number, string>>): SiteOptions => ({ service: 'alpha', servers });
  const more = configurationOf(site(alpha({ 1: 'TCP_CHECK {\n}', 2: 'TCP_CHECK {\n}', 3: '' })));
  await director.open();
  await director.configure(configurationOf(site(alpha({ 1: 'TCP_CHECK {\n}' }))));
  const preview = await director.preview(more);
  t.same(preview.map(changeName), [`add-destination ${server(3)}`]);
  down.add(server(2));
  t.same((await director.configure(more)).changes, preview);
});

t.test(
  'services made at run time stand beside those of the file, over verdicts, reloads and a new director',
  async (t) => {
    const made = await after(t, { vip: '192.0.2.7' });
    const { director, kernel, file, down } = scene(t);
    await director.open();
    await director.configure(configurationOf(site({ servers: { 1: '', 2: '' } })));
    const alone = tableText(kernel.table);
    const { changes } = await director.keep(made.kernel.table);
    t.ok(
      changes.every(({ do: what }) => what.startsWith('add-')),
      'nothing but added',
    );
    const both = tableText(kernel.table);
    t.ok(both.length > alone.length);
    down.add(server(2));
    director.look('192.0.2.1 80');
    await settled();
    t.equal(kernel.table.size, 2, 'a verdict');
    down.clear();
    await director.configure(configurationOf(site({ servers: { 1: '', 2: '' } })));
    t.same(tableText(kernel.table), both, 'a reload');

    const next = scene(t, { kernel, file });
    await next.director.open();
    await next.director.keep(made.kernel.table);
    kernel.writes.length = 0;
    await next.director.configure(configurationOf(site({ servers: { 1: '', 2: '' } })));
    t.same(kernel.writes, [], 'a new director finds them as they should be');
    await next.director.keep(new Map());
    t.same(tableText(kernel.table), alone, 'none any more');
  },
);

t.test('the next moment of very many that leave', (t) => {
  const moments = new Map(Array.from({ length: 300_000 }, (_, i) => [`10.0.0.1:${i}`, 1000 + i]));
  t.equal(nextGone(new Map([['tcp 192.0.2.1:80', moments]])), 1000);
  t.equal(nextGone(new Map()), Number.POSITIVE_INFINITY);
  t.end();
});

/** Two virtual servers whose servers' names have the same hash. */
function sameMark(text: (vip: string, octet: number) => string): readonly [Configuration, Configuration] {
  const seen = new Map<number, Configuration>();
  for (let i = 0; ; i++) {
    const configuration = configurationOf(text(`192.${i >> 12}.${(i >> 6) & 63}.${i & 63}`, 1));
    const [mark = 0] = probeMarks(configuration).values();
    const before = seen.get(mark);
    if (before !== undefined) return [before, configuration];
    seen.set(mark, configuration);
  }
}
