import t from 'tap';
import type { VrrpConfiguration } from '../../../../src/config/vrrp/vrrp.js';
import { type TrackerPorts, VrrpTrackers } from '../../../../src/vrrp/trackers/trackers.js';
import { configurationOf } from '../../../helpers/configuration.js';
import { FakeClock, settled } from '../../../helpers/fake-clock.js';
import { MemoryLog } from '../../../helpers/memory-log.js';

const DEFINED = `
vrrp_script good { script "/bin/good"
}
vrrp_script idle { script "/bin/idle"
}
track_file load { file /run/load
}
track_file other { file /run/other
}
bfd_instance peer { neighbor_ip 192.0.2.2
}
vrrp_track_process ha { process haproxy
}
`;

const vrrpOf = (tracks: string, group = '', defined = DEFINED): VrrpConfiguration =>
  configurationOf(`${defined}
vrrp_instance V1 {
interface eth0
virtual_router_id 51
virtual_ipaddress { 192.0.2.50
}
${tracks}
}
vrrp_sync_group G {
group { V1
}
${group}
}`).vrrp;

const files = [
  { name: 'load', path: '/run/load' },
  { name: 'other', path: '/run/other' },
];

const ALL =
  'track_interface { eth1\n}\ntrack_script { good\n}\ntrack_file { load\n}\ntrack_bfd { peer\n}\ntrack_process { ha\n}';

function scene(): {
  readonly trackers: VrrpTrackers;
  readonly clock: FakeClock;
  readonly ran: string[];
  readonly followed: Map<string, (value: never) => void>;
  readonly links: Map<string, boolean>;
  readonly changes: () => number;
} {
  const clock = new FakeClock();
  const ran: string[] = [];
  const followed = new Map<string, (value: never) => void>();
  const links = new Map<string, boolean>();
  let changes = 0;
  const follow = (name: string, tell: (value: never) => void): (() => void) => {
    t.notOk(followed.has(name), `${name} once`);
    followed.set(name, tell);
    return () => void followed.delete(name);
  };
  const ports: TrackerPorts = {
    clock,
    log: new MemoryLog(),
    runScript: ({ argv }) => {
      ran.push(argv.join(' '));
      return Promise.resolve({ status: 0 });
    },
    followNumber: follow,
    followSession: follow,
    link: (name) => {
      const running = links.get(name);
      return running === undefined ? undefined : { running };
    },
    processes: {
      pids: () => Promise.resolve([]),
      read: () => Promise.resolve(undefined),
      follow: () => () => undefined,
    },
  };
  const trackers = new VrrpTrackers(ports);
  trackers.onChange(() => (changes += 1));
  trackers.define(files);
  return { trackers, clock, ran, followed, links, changes: () => changes };
}

t.test('only what instances and groups name is watched, and what both name once', async (t) => {
  const { trackers, ran, followed, clock } = scene();
  trackers.follow(vrrpOf('track_script { good\n}\ntrack_bfd { peer\n}', 'track_file { load\n}\ntrack_bfd { peer\n}'));
  t.same(ran, ['/bin/good']);
  t.same([...followed.keys()].sort(), ['/run/load', 'peer']);
  trackers.follow(vrrpOf('track_file { other\n}'));
  await clock.run(5000);
  t.same(ran, ['/bin/good'], 'it does not run any more');
  t.same([...followed.keys()], ['/run/other']);
  trackers.close();
  t.equal(followed.size, 0);
  t.equal(clock.pending, 0);
});

t.test('what is known of each kind', async (t) => {
  const { trackers, followed, links, clock } = scene();
  trackers.follow(vrrpOf(ALL));
  const look = () => ({
    interface: trackers.look('interfaces', 'eth1'),
    script: trackers.look('scripts', 'good'),
    file: trackers.look('files', 'load'),
    bfd: trackers.look('bfd', 'peer'),
    process: trackers.look('processes', 'ha'),
  });
  t.same(look(), {
    interface: { good: false },
    script: 'unknown',
    file: 'unknown',
    bfd: 'unknown',
    process: 'unknown',
  });
  links.set('eth1', true);
  followed.get('/run/load')?.(-7 as never);
  followed.get('peer')?.(true as never);
  await settled();
  t.same(look(), {
    interface: { good: true },
    script: { good: true },
    file: { value: -7 },
    bfd: { good: true },
    process: { good: false },
  });
  t.equal(trackers.look('scripts', 'idle'), 'unknown');
  trackers.close();
  t.equal(clock.pending, 0);
});

t.test('much that changes at once is told once', async (t) => {
  const { trackers, followed, clock, changes } = scene();
  trackers.follow(vrrpOf(ALL));
  followed.get('/run/load')?.(1 as never);
  followed.get('peer')?.(true as never);
  await settled();
  t.equal(changes(), 0);
  clock.advance(0);
  t.equal(changes(), 1);
  followed.get('/run/load')?.(1 as never);
  clock.advance(0);
  t.equal(changes(), 1, 'no change');
  followed.get('/run/load')?.(2 as never);
  clock.advance(0);
  t.equal(changes(), 2);
  trackers.close();
});

t.test('a reload that changes nothing runs no script anew; one that does keeps what was known', async (t) => {
  const { trackers, ran } = scene();
  trackers.follow(vrrpOf(ALL));
  await settled();
  trackers.follow(vrrpOf(ALL, '', `# another line\n${DEFINED}`));
  t.same(ran, ['/bin/good']);
  trackers.follow(vrrpOf(ALL, '', DEFINED.replace('"/bin/good"', '"/bin/better"')));
  t.same(ran, ['/bin/good', '/bin/better']);
  t.same(trackers.look('scripts', 'good'), { good: true }, 'before it has ended');
  trackers.define([{ name: 'load', path: '/run/else' }]);
  trackers.follow(vrrpOf(ALL));
  trackers.close();
});
