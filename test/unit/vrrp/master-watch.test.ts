import t from 'tap';
import { newState, step } from '../../../src/vrrp/machine.js';
import type { State } from '../../../src/vrrp/machine-types.js';
import { MasterWatch, type SessionNews } from '../../../src/vrrp/master-watch.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { settings } from '../../helpers/vrrp-world.js';

const PEER = '192.0.2.2';
const sessions = [
  { name: 'peer', neighbor: PEER },
  { name: 'third', neighbor: '192.0.2.3' },
];
const instances = [{ name: 'V1', masterSessions: ['peer', 'third'] }];

/** It has heard this one at 0, or nobody. */
function backup(source: string | undefined): State {
  const { state } = step(settings(), newState(100, false), { is: 'start', atMs: 0 });
  if (source === undefined) return state;
  const advert = { is: 'advert', priority: 150, intervalMs: 1000, source, sender: 'higher', atMs: 0 } as const;
  return step(settings(), state, advert).state;
}

function scene(state: State | undefined): {
  readonly watch: MasterWatch;
  readonly told: Map<string, (news: SessionNews) => void>;
  readonly lost: string[];
  readonly log: MemoryLog;
} {
  const log = new MemoryLog();
  const told = new Map<string, (news: SessionNews) => void>();
  const lost: string[] = [];
  const watch = new MasterWatch({
    log,
    follow(name, tell) {
      told.set(name, tell);
      return () => void told.delete(name);
    },
    stateOf: (name) => (name === 'V1' ? state : undefined),
    lost: (name) => void lost.push(name),
  });
  watch.follow(instances, sessions);
  return { watch, told, lost, log };
}

t.test('the session with the master goes down', (t) => {
  const { told, lost, log } = scene(backup(PEER));
  told.get('peer')?.('up');
  told.get('peer')?.('down');
  t.same(lost, ['V1']);
  t.match(log.named('vrrp.master-lost'), [{ router: 'V1', session: 'peer', source: PEER }]);
  told.get('peer')?.('down');
  t.equal(lost.length, 1, 'once');
  const { state } = step(settings(), backup(PEER), { is: 'master-lost', atMs: 42 });
  t.match(state, { is: 'backup', deadlineMs: 42 + (156 * 50) / 256 }, 'and the backup waits for its share of 50 ms');
  t.end();
});

t.test('what does not mean that the master is gone', (t) => {
  const rows: readonly [string, State | undefined, string, readonly SessionNews[]][] = [
    ['never up', backup(PEER), 'peer', ['down']],
    ['taken down in order', backup(PEER), 'peer', ['up', 'left']],
    ['down after it was left', backup(PEER), 'peer', ['up', 'left', 'down']],
    ['of another router', backup(PEER), 'third', ['up', 'down']],
    ['nobody was heard', backup(undefined), 'peer', ['up', 'down']],
    ['no such instance', undefined, 'peer', ['up', 'down']],
    ['a fault', { is: 'fault', priority: 100, held: false, why: 'x' }, 'peer', ['up', 'down']],
  ];
  for (const [what, state, session, news] of rows) {
    const { told, lost } = scene(state);
    for (const one of news) told.get(session)?.(one);
    t.same(lost, [], what);
  }
  t.end();
});

t.test('a reload follows others, and keeps what it knows of those that stay', (t) => {
  const { watch, told, lost } = scene(backup(PEER));
  const peer = told.get('peer');
  peer?.('up');
  watch.follow([{ name: 'V1', masterSessions: ['peer'] }], sessions);
  t.same([...told.keys()], ['peer']);
  t.equal(told.get('peer'), peer);
  peer?.('down');
  t.equal(lost.length, 1);
  watch.close();
  t.equal(told.size, 0);
  t.end();
});
