import t, { type Test } from 'tap';
import type { Change } from '../../../src/declare/change.js';
import type { Complaint } from '../../../src/declare/service.js';
import { site, tableText } from '../../helpers/configuration.js';
import {
  declared,
  type DeclaredSite,
  declaredSite,
  type Declaring,
  MemoryAppendedFile,
  server,
  startDeclaring,
  wallMsOf,
} from '../../helpers/declared-site.js';
import { settled } from '../../helpers/fake-clock.js';

const who = 'uid 0 (root)';

async function started(t: Test, here: DeclaredSite = declaredSite()): Promise<Declaring & { here: DeclaredSite }> {
  const all = await startDeclaring(here);
  t.teardown(() => all.stop());
  return { ...all, here };
}

/** lvsd ends without a word, and another one begins. */
const again = (t: Test, here: DeclaredSite): Promise<Declaring & { here: DeclaredSite }> => started(t, here);

const put = (...services: Parameters<typeof declared>[]): Change[] =>
  services.map((facts) => ({ do: 'put-service', service: declared(...facts) }));
const fileTable = ['tcp 192.0.2.1:80 rr', '  10.0.0.1:80 1', '  10.0.0.2:80 1'];
const second = ['tcp 192.0.2.2:80 rr', '  10.0.2.1:80 1', '  10.0.2.2:80 1'];

const complaintsOf = async (t: Test, doing: Promise<unknown>): Promise<readonly Complaint[]> => {
  const error = await doing.then(
    () => t.fail('it was taken'),
    (error: unknown) => error as Error,
  );
  t.match(error, { code: 'DECLARED_INVALID' });
  return (error as Error).cause as readonly Complaint[];
};

t.test('a service is declared, changed, deleted; what is in the file stands beside it', async (t) => {
  const { changes, here } = await started(t);
  const made = await changes.commit({ changes: put([2]), who });
  t.match(made, { revision: 1, pending: null, stored: true, refused: [], advice: [] });
  t.same(
    made.steps.map(({ change, effect }) => `${change} ${effect}`),
    [
      '+ tcp 192.0.2.2:80 rr none',
      '+ tcp 192.0.2.2:80 -> 10.0.2.1:80 masquerade weight 1 none',
      '+ tcp 192.0.2.2:80 -> 10.0.2.2:80 masquerade weight 1 none',
    ],
  );
  t.same(tableText(here.kernel.table), [...fileTable, ...second]);

  const id = 'tcp-192.0.2.2-80';
  await changes.commit({
    changes: [
      { do: 'patch-service', id, patch: { scheduler: 'wlc' } },
      { do: 'patch-destination', service: id, id: '10.0.2.1-80', patch: { weight: 7 } },
      { do: 'delete-destination', service: id, id: '10.0.2.2-80' },
      { do: 'put-destination', service: id, destination: server(2, 3) },
    ],
    who,
  });
  t.same(tableText(here.kernel.table).slice(3), ['tcp 192.0.2.2:80 wlc', '  10.0.2.1:80 7', '  10.0.2.3:80 1']);
  await changes.commit({ changes: [{ do: 'delete-service', id }], who });
  t.same(tableText(here.kernel.table), fileTable);
  t.same(
    changes.history().map(({ revision, what }) => [revision, what.length]),
    [
      [3, 1],
      [2, 4],
      [1, 1],
    ],
  );
});

t.test('a service may begin without servers, and lose its last one', async (t) => {
  const { changes, here } = await started(t);
  await changes.commit({ changes: put([2, []]), who });
  t.same(tableText(here.kernel.table).slice(3), ['tcp 192.0.2.2:80 rr']);
  await changes.commit({
    changes: [{ do: 'put-destination', service: 'tcp-192.0.2.2-80', destination: server(2, 1) }],
    who,
  });
  t.same(tableText(here.kernel.table).slice(3), second.slice(0, 2));
});

t.test('one change that is wrong: nothing of the transaction is done, and each complaint says where', async (t) => {
  const { changes, here } = await started(t);
  await changes.commit({ changes: put([2]), who });
  const id = 'tcp-192.0.2.2-80';
  const wrong: [change: Change, pointer: string, message: RegExp][] = [
    [{ do: 'put-service', service: declared(3, [1], { quorum: 5 }) }, '/changes/1/service/quorum', /never be met/],
    [
      { do: 'put-service', service: { ...declared(3), id: 'tcp-192.0.2.4-80' } },
      '/changes/1/service/id',
      /tcp-192.0.2.3-80/,
    ],
    [{ do: 'patch-service', id, patch: { scheduler: 'zork' } }, '/changes/1/patch/scheduler', /zork/],
    [{ do: 'patch-service', id, patch: { wieght: 1 } }, '/changes/1/patch/wieght', /not known/],
    [{ do: 'patch-service', id: 'tcp-192.0.2.9-80', patch: {} }, '/changes/1/id', /not declared/],
    [{ do: 'delete-service', id: 'tcp-192.0.2.1-80' }, '/changes/1/id', /not declared/],
    [
      { do: 'put-destination', service: id, destination: server(2, 1, { weight: -1 }) },
      '/changes/1/destination/weight',
      /weight/,
    ],
    [
      { do: 'patch-destination', service: id, id: '10.0.2.1-80', patch: { method: 'direct-route', port: 81 } },
      '/changes/1/patch',
      /port/,
    ],
    [{ do: 'delete-destination', service: id, id: '10.0.9.1-80' }, '/changes/1/id', /not declared/],
    [{ do: 'override', service: id, destination: '10.0.9.1-80', weight: 0 }, '/changes/1', /no real server/],
  ];
  for (const [change, pointer, message] of wrong) {
    const [complaint] = await complaintsOf(t, changes.commit({ changes: [...put([7]), change], who }));
    t.equal(complaint?.pointer, pointer, change.do);
    t.match(complaint?.message, message);
  }
  t.same(tableText(here.kernel.table), [...fileTable, ...second]);
  t.equal(changes.declared().revision, 1);
  t.equal(here.kernel.writes.length, 2);
});

t.test('what is wrong only between services is complained about, too', async (t) => {
  const { changes } = await started(t);
  const own = (n: number): Change[] =>
    put([n, [1], { engine: 'userspace', scheduler: 'maglev', userspace: { nodePort: 30080 } }]);
  await changes.commit({ changes: own(2), who });
  const [complaint] = await complaintsOf(t, changes.commit({ changes: [...put([7]), ...own(3)], who }));
  t.match(complaint, { pointer: '/changes/1/service', message: /node_port 30080/ });
  await changes.commit({ changes: put([3, [1], { engine: 'userspace', scheduler: 'maglev' }]), who });
  const patch = { userspace: { nodePort: 30080 } };
  for (const id of ['tcp-192.0.2.2-80', 'tcp-192.0.2.3-80'])
    await complaintsOf(
      t,
      changes.commit({
        changes: [
          { do: 'patch-service', id: 'tcp-192.0.2.3-80', patch },
          { do: 'patch-service', id, patch },
        ],
        who,
      }),
    );
});

t.test('a preview changes nothing and says which connections each step touches', async (t) => {
  const { changes, here } = await started(t);
  await changes.commit({ changes: put([2]), who });
  here.connections.set('10.0.2.1:80', { active: 40, inactive: 2, persistent: 0 });
  here.connections.set('10.0.2.2:80', { active: 5, inactive: 0, persistent: 1 });
  const id = 'tcp-192.0.2.2-80';
  const previewed = await changes.preview({
    changes: [
      { do: 'patch-destination', service: id, id: '10.0.2.2-80', patch: { weight: 0 } },
      { do: 'delete-destination', service: id, id: '10.0.2.1-80' },
    ],
    who,
  });
  t.same(
    previewed.steps.map(({ destination, effect, established, inactive }) => [
      destination,
      effect,
      established,
      inactive,
    ]),
    [
      ['10.0.2.2-80', 'drained', 5, 0],
      ['10.0.2.1-80', 'cut', 40, 2],
    ],
  );
  t.same(
    (await changes.preview({ changes: [{ do: 'delete-service', id }], who })).steps.map(({ effect, established }) => [
      effect,
      established,
    ]),
    [['cut', 45]],
  );
  t.equal(previewed.revision, 1);
  t.equal(here.kernel.writes.length, 2);
  t.same(tableText(here.kernel.table), [...fileTable, ...second]);
});

t.test('an expected revision that is another one by now', async (t) => {
  const { changes } = await started(t);
  await changes.commit({ changes: put([2]), who, expectRevision: 0 });
  await t.rejects(changes.commit({ changes: put([3]), who, expectRevision: 0 }), { code: 'DECLARED_REVISION' });
});

t.test('what is declared, set and drained outlives lvsd', async (t) => {
  const { changes, here } = await started(t);
  await changes.commit({ changes: put([2]), who, comment: 'first' });
  await changes.commit({
    changes: [
      { do: 'override', service: 'tcp-192.0.2.1-80', destination: '10.0.0.2-80', weight: 9 },
      { do: 'override', service: 'tcp-192.0.2.2-80', destination: '10.0.2.2-80', maintenance: true },
    ],
    who,
  });
  const table = [...fileTable.slice(0, 2), '  10.0.0.2:80 9', ...second.slice(0, 2), '  10.0.2.2:80 0'];
  t.same(tableText(here.kernel.table), table);
  const { writes } = here.kernel;
  const before = writes.length;
  const next = await again(t, here);
  t.same(tableText(here.kernel.table), table);
  t.equal(writes.length, before, 'and the next one found all as it should be');
  t.match(next.changes.history(), [{ revision: 2 }, { revision: 1, comment: 'first', who, kind: 'commit' }]);
  await next.changes.commit({
    changes: [{ do: 'override', service: 'tcp-192.0.2.1-80', destination: '10.0.0.2-80', weight: null }],
    who,
  });
  t.same(tableText(here.kernel.table).slice(0, 3), fileTable);
});

t.test('maintenance holds over a weight, and the weight is there again behind it', async (t) => {
  const { changes, here } = await started(t);
  const of = { do: 'override', service: 'tcp-192.0.2.1-80', destination: '10.0.0.2-80' } as const;
  const weights: string[] = [];
  for (const more of [{ weight: 9 }, { maintenance: true }, { weight: 4 }, { maintenance: false }, { weight: null }]) {
    await changes.commit({ changes: [{ ...of, ...more }], who });
    weights.push(tableText(here.kernel.table)[2]!.trim());
  }
  t.same(weights, ['10.0.0.2:80 9', '10.0.0.2:80 0', '10.0.0.2:80 0', '10.0.0.2:80 4', '10.0.0.2:80 1']);
  t.equal(changes.declared().overrides.size, 0);
});

t.test("lvsctl's weight goes the same road", async (t) => {
  const { changes, here } = await started(t);
  const name = 'tcp 192.0.2.1:80 -> 10.0.0.1:80';
  await changes.overrideServer(name, 3, 'lvsctl');
  t.same(tableText(here.kernel.table)[1], '  10.0.0.1:80 3');
  t.match(changes.history()[0], { who: 'lvsctl', what: ['override 10.0.0.1-80 of tcp-192.0.2.1-80: weight 3'] });
  here.text = site({ servers: { 2: '' } });
  await changes.overrideServer(name, null, 'lvsctl');
  t.equal(changes.declared().overrides.size, 0);
  await t.rejects(changes.overrideServer('tcp 192.0.2.1:80 -> 10.0.0.9:80', 3, 'lvsctl'), { code: 'SERVER_UNKNOWN' });
});

t.test('a declared service of the file: refused, naming both', async (t) => {
  const { changes } = await started(t);
  await t.rejects(changes.commit({ changes: put([1]), who }), { code: 'LAYERS_CLASH', message: /file.*api/ });
  await t.rejects(changes.preview({ changes: put([1]), who }), { code: 'LAYERS_CLASH' });
  t.equal(changes.declared().revision, 0);
});

t.test('a change that the kernel refuses: all of it is taken back, on the disk too', async (t) => {
  const { changes, here } = await started(t);
  await changes.commit({ changes: put([2]), who });
  here.kernel.refuse = (change) =>
    'destination' in change && change.destination.address === '10.0.4.1' ? 'ENOMEM' : undefined;
  const doing = changes.commit({ changes: [...put([3], [4]), { do: 'delete-service', id: 'tcp-192.0.2.2-80' }], who });
  await t.rejects(doing, { code: 'DECLARED_NOT_TAKEN', cause: [/10.0.4.1:80: .*ENOMEM/] });
  const table = [...fileTable, ...second];
  t.same(tableText(here.kernel.table), table);
  t.same([...changes.declared().services.keys()], ['tcp-192.0.2.2-80']);
  t.match(changes.history(), [{ kind: 'refused', revision: 3 }, { kind: 'commit' }, { kind: 'commit' }]);
  t.equal(here.log.named('declared.refused').length, 1);
  await again(t, here);
  t.same(tableText(here.kernel.table), table);
});

t.test('commit-confirm: confirmed it stays, otherwise it goes by itself', async (t) => {
  const { changes, here } = await started(t);
  const waits = await changes.commit({ changes: put([2]), who, confirmWithinSeconds: 60 });
  t.same(waits.pending, { revision: 1, until: wallMsOf(here) + 60_000, who });
  await t.rejects(changes.commit({ changes: put([3]), who }), { code: 'DECLARED_PENDING' });
  await here.clock.run(59_000, 59_000);
  t.same(tableText(here.kernel.table), [...fileTable, ...second]);
  await changes.confirm('somebody');
  await here.clock.run(10_000, 10_000);
  t.same(tableText(here.kernel.table), [...fileTable, ...second]);
  t.match(changes.history(), [{ revision: 1, confirmed: true }]);
  await t.rejects(changes.confirm(who), { code: 'DECLARED_NOT_PENDING' });

  await changes.commit({ changes: put([3]), who, confirmWithinSeconds: 60 });
  await changes.commit({
    changes: [{ do: 'override', service: 'tcp-192.0.2.2-80', destination: '10.0.2.2-80', weight: 5 }],
    who,
  });
  await here.clock.run(60_000, 60_000);
  await settled();
  t.same(
    tableText(here.kernel.table).slice(0, 6),
    [...fileTable, ...second.slice(0, 2), '  10.0.2.2:80 5'],
    'what came after it stays',
  );
  t.equal(here.kernel.table.size, 2);
  t.match(changes.history()[0], { kind: 'expired', who: 'lvsd' });
  t.equal(changes.declared().pending, null);
});

t.test('commit-confirm over a restart: the time goes on, also where it ended meanwhile', async (t) => {
  const { changes, here } = await started(t);
  await changes.commit({ changes: put([2]), who, confirmWithinSeconds: 60 });
  here.clock.advance(10_000);
  const next = await again(t, here);
  t.match(next.changes.declared().pending, { revision: 1 });
  t.same(tableText(here.kernel.table), [...fileTable, ...second]);
  await here.clock.run(50_000, 50_000);
  await settled();
  t.same(tableText(here.kernel.table), fileTable);

  await next.changes.commit({ changes: put([2]), who, confirmWithinSeconds: 60 });
  await next.stop();
  await changes.close();
  here.clock.advance(61_000);
  const third = await again(t, here);
  t.equal(third.changes.declared().pending, null);
  t.same(tableText(here.kernel.table), fileTable);
  t.match(third.changes.history()[0], { kind: 'expired' });
});

t.test('rollback: the last change, any point that is remembered, and forward again', async (t) => {
  const { changes, here } = await started(t);
  for (const n of [2, 3, 4]) await changes.commit({ changes: put([n]), who });
  const services = (): string[] => [...here.kernel.table.keys()].slice(1);
  t.same(await changes.rollback(who).then(({ revision }) => revision), 4);
  t.same(services(), ['tcp 192.0.2.2:80', 'tcp 192.0.2.3:80']);
  t.same(
    (await changes.previewRollback(0)).steps.map(({ change }) => change),
    ['- tcp 192.0.2.2:80', '- tcp 192.0.2.3:80'],
  );
  await changes.rollback(who, 0);
  t.same(services(), []);
  await changes.rollback(who, 3);
  t.same(services(), ['tcp 192.0.2.2:80', 'tcp 192.0.2.3:80', 'tcp 192.0.2.4:80']);
  await t.rejects(changes.rollback(who, 9), { code: 'DECLARED_NO_REVISION' });
  const next = await again(t, here);
  await next.changes.rollback(who, 2);
  t.same(services(), ['tcp 192.0.2.2:80', 'tcp 192.0.2.3:80']);
});

t.test('a drain ends when nobody is connected, and the server stays in maintenance', async (t) => {
  const { changes, here } = await started(t);
  here.connections.set('10.0.0.1:80', { active: 2, inactive: 1, persistent: 0 });
  const drain = await changes.drain('tcp-192.0.2.1-80', '10.0.0.1-80', { withinSeconds: 600, then: 'keep' }, who);
  t.match(drain, { state: 'running', server: 'tcp 192.0.2.1:80 -> 10.0.0.1:80' });
  t.equal(tableText(here.kernel.table)[1], '  10.0.0.1:80 0');
  await here.clock.run(3_000, 500);
  t.match(changes.drains(), [{ state: 'running', connections: { active: 2, inactive: 1 } }]);
  here.connections.set('10.0.0.1:80', { active: 0, inactive: 0, persistent: 0 });
  await here.clock.run(3_000, 500);
  t.match(changes.drains(), [{ id: drain.id, state: 'drained', connections: { active: 0 } }]);
  t.equal(tableText(here.kernel.table)[1], '  10.0.0.1:80 0');
  t.match(here.log.named('declared.drain-ended'), [{ state: 'drained' }]);
  await changes.commit({
    changes: [{ do: 'override', service: 'tcp-192.0.2.1-80', destination: '10.0.0.1-80', maintenance: false }],
    who,
  });
  t.same(tableText(here.kernel.table), fileTable);
});

t.test('a drain: its time is up; it is cancelled; its server goes; it outlives lvsd', async (t) => {
  const { changes, here, reload } = await started(t);
  for (const n of [1, 2]) here.connections.set(`10.0.0.${n}:80`, { active: 1, inactive: 0, persistent: 0 });
  const order = { withinSeconds: 10, then: 'keep' } as const;
  const one = await changes.drain('tcp-192.0.2.1-80', '10.0.0.1-80', order, who);
  const two = await changes.drain('tcp-192.0.2.1-80', '10.0.0.2-80', order, who);
  await changes.cancelDrain(two.id, who);
  t.equal(tableText(here.kernel.table)[2], '  10.0.0.2:80 1');
  await here.clock.run(5_000, 500);
  await changes.close();
  const next = await again(t, here);
  await here.clock.run(7_000, 500);
  const states = (): unknown => Object.fromEntries(next.changes.drains().map(({ id, state }) => [id, state]));
  t.same(states(), { [one.id]: 'deadline', [two.id]: 'cancelled' });
  const three = await next.changes.drain('tcp-192.0.2.1-80', '10.0.0.2-80', order, who);
  here.text = site({ servers: { 1: '' } });
  await next.reload();
  await here.clock.run(3_000, 500);
  t.match(states(), { [three.id]: 'gone' });
  await t.rejects(next.changes.cancelDrain('zork', who), { code: 'DRAIN_MISSING' });
  t.ok(reload);
});

t.test(
  "a drain that removes: a declared server goes when it is empty, one of the file is not the API's to remove",
  async (t) => {
    const { changes, here } = await started(t);
    await changes.commit({ changes: put([2]), who });
    const order = { withinSeconds: 60, then: 'remove' } as const;
    await t.rejects(changes.drain('tcp-192.0.2.1-80', '10.0.0.1-80', order, who), { code: 'DECLARED_MISSING' });
    here.connections.set('10.0.2.1:80', { active: 1, inactive: 0, persistent: 0 });
    await changes.drain('tcp-192.0.2.2-80', '10.0.2.1-80', order, who);
    await here.clock.run(3_000, 500);
    t.equal(tableText(here.kernel.table).length, 6);
    here.connections.clear();
    await here.clock.run(3_000, 500);
    t.same(tableText(here.kernel.table).slice(3), ['tcp 192.0.2.2:80 rr', '  10.0.2.2:80 1']);
    t.equal(changes.declared().overrides.size, 0);
    t.match(changes.drains(), [{ state: 'drained' }]);
  },
);

t.test(
  'a full disk: nothing is declared, but a server can be taken out, and that is written when there is room',
  async (t) => {
    const file = new MemoryAppendedFile();
    const { changes, here } = await started(t, declaredSite({ file }));
    await changes.commit({ changes: put([2]), who });
    file.failure = 'ENOSPC';
    await t.rejects(changes.commit({ changes: put([3]), who }), { code: 'DECLARED_NOT_STORED' });
    t.equal(here.kernel.table.size, 2);
    const out = await changes.overrideServer('tcp 192.0.2.1:80 -> 10.0.0.1:80', 0, who);
    t.equal(out.stored, false);
    t.equal(tableText(here.kernel.table)[1], '  10.0.0.1:80 0');
    t.equal(here.log.named('declared.not-stored').length, 1);
    file.failure = undefined;
    await here.clock.run(60_000, 60_000);
    await again(t, here);
    t.equal(tableText(here.kernel.table)[1], '  10.0.0.1:80 0');
    t.equal(here.kernel.table.size, 2);
  },
);

t.test(
  'a file that is torn in the middle, or newer: all is forwarded as before, nothing is declared, nothing is overwritten',
  async (t) => {
    const file = new MemoryAppendedFile();
    const before = await started(t, declaredSite({ file }));
    for (const n of [2, 3]) await before.changes.commit({ changes: put([n]), who });
    const table = tableText(before.here.kernel.table);
    const good = file.text!;
    await before.stop();
    const spoilt = [
      good.replace('192.0.2.2', '192.0.2.8'),
      'zork',
      good.slice(20),
      `${good.split('\n')[0]!.slice(0, -5)}\n${good.split('\n')[1]!}\n`,
    ];
    for (const text of spoilt) {
      file.text = text;
      const { changes, here, stop, reload } = await started(t, { ...before.here, file });
      t.same(tableText(here.kernel.table), table, text.slice(0, 30));
      await reload();
      t.same(tableText(here.kernel.table), table);
      t.equal(here.log.named('declared.unreadable').length > 0, true);
      await t.rejects(changes.commit({ changes: put([4]), who }), { code: 'DECLARED_UNREADABLE' });
      await t.rejects(changes.rollback(who), { code: 'DECLARED_UNREADABLE' });
      const out = await changes.overrideServer('tcp 192.0.2.1:80 -> 10.0.0.1:80', 0, who);
      t.equal(out.stored, false);
      await changes.overrideServer('tcp 192.0.2.1:80 -> 10.0.0.1:80', null, who);
      t.equal(file.text, text, 'it is as it was');
      await stop();
    }
    file.text = good;
    await started(t, { ...before.here, file });
    t.same(tableText(before.here.kernel.table), table, 'mended');
  },
);

t.test('a last line that was not written to its end was told to nobody', async (t) => {
  const file = new MemoryAppendedFile();
  const before = await started(t, declaredSite({ file }));
  await before.changes.commit({ changes: put([2]), who });
  const one = file.text!;
  await before.changes.commit({ changes: put([3]), who });
  const two = file.text!;
  await before.changes.rollback(who);
  await before.stop();
  for (const end of [1, 17, 100, two.length - one.length - 1]) {
    file.text = two.slice(0, one.length + end);
    const { changes, here, stop } = await started(t, { ...before.here, file });
    t.equal(changes.declared().revision, 1);
    t.same(tableText(here.kernel.table), [...fileTable, ...second]);
    await changes.commit({ changes: put([5]), who });
    await changes.rollback(who);
    await stop();
  }
  t.equal(before.here.log.named('declared.torn').length, 4);
});
