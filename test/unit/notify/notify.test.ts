import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import type { MailSettings } from '../../../src/config/global-settings.js';
import { Commands } from '../../../src/daemon/commands.js';
import { Notify, type NotifyOptions } from '../../../src/notify/notify.js';
import type { RunScript, SendMails } from '../../../src/notify/ports.js';
import type { MailText } from '../../../src/notify/words.js';
import { systemClock } from '../../../src/system/clock.js';
import type { ScriptEnd } from '../../../src/system/run-script.js';
import { configurationOf, site, type SiteOptions } from '../../helpers/configuration.js';
import { FakeClock, settled } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const QUORUM = 'tcp 192.0.2.1:80';
const server = (octet: number): string => `${QUORUM} -> 10.0.0.${octet}:80`;

/** Scripts named after the event, in a version. */
const scripted = (version: number, more: SiteOptions = {}): ReturnType<typeof configurationOf> =>
  configurationOf(
    site({
      ...more,
      service: `quorum_up "/q up ${version}"\nquorum_down "/q down ${version}"\n${more.service ?? ''}`,
      servers:
        more.servers ??
        Object.fromEntries(
          [1, 2, 3].map((n) => [n, `notify_up "/s${n} up ${version}"\nnotify_down "/s${n} down ${version}"`]),
        ),
    }),
  );

interface Scene {
  readonly notify: Notify;
  readonly log: MemoryLog;
  readonly clock: FakeClock;
  /** Scripts in the order of their beginnings. */
  readonly ran: string[];
  /** Those under way. */
  readonly running: Map<string, (end: ScriptEnd) => void>;
  readonly mails: (MailText & { readonly settings: MailSettings })[];
}

function scene(more: Partial<NotifyOptions> = {}, finish = true): Scene {
  const [log, clock, ran] = [new MemoryLog(), new FakeClock(), [] as string[]];
  const running: Scene['running'] = new Map();
  const mails: Scene['mails'] = [];
  const run: RunScript = ({ argv }, { signal }) => {
    ran.push(argv.join(' '));
    if (finish) return Promise.resolve({ status: 0 });
    return new Promise((resolve) => {
      t.notOk(running.has(argv[0]!), `${argv[0]!} one at a time`);
      const end = (told: ScriptEnd): void => {
        running.delete(argv[0]!);
        resolve(told);
      };
      running.set(argv[0]!, end);
      signal?.addEventListener('abort', () => end({ failed: 'stopped' }));
    });
  };
  const send: SendMails = (settings, texts) => {
    mails.push(...texts.map((text) => ({ ...text, settings })));
    return Promise.resolve(texts.map(() => undefined));
  };
  const notify = new Notify({ clock, log, run, send, pipeOwner: () => Promise.resolve('us'), ...more });
  return { notify, log, clock, ran, running, mails };
}

t.test(
  'a start: quorum_up where it stands, no notify_up for servers that are assumed up, notify_down at the first failure',
  async (t) => {
    const { notify, ran } = scene();
    await notify.follow(scripted(1));
    notify.begin(() => true);
    notify.tell(QUORUM, true);
    notify.tell(server(1), true);
    notify.tell(server(2), false);
    notify.tell(server(2), false);
    notify.tell(server(2), true);
    await notify.stop();
    t.same(ran.sort(), ['/q up 1', '/s2 down 1', '/s2 up 1']);
  },
);

t.test('alpha: the first success and the first failure are both told', async (t) => {
  const { notify, ran } = scene();
  await notify.follow(scripted(1));
  notify.begin(() => false);
  notify.tell(QUORUM, false);
  t.same(ran, [], 'a quorum that was never met is no news without a sorry server');
  notify.tell(server(1), true);
  notify.tell(server(2), false);
  notify.tell(QUORUM, true);
  await notify.stop();
  t.same(ran.sort(), ['/q up 1', '/s1 up 1', '/s2 down 1']);
});

t.test('with a sorry server a quorum that is not met at the start is told', async (t) => {
  const { notify, ran } = scene();
  await notify.follow(scripted(1, { service: 'sorry_server 10.0.0.9 80' }));
  notify.tell(QUORUM, false);
  await notify.stop();
  t.same(ran, ['/q down 1']);
});

t.test('rs_init_notifies: servers that are up at the start are told', async (t) => {
  const { notify, ran } = scene();
  await notify.follow(scripted(1, { globals: 'rs_init_notifies' }));
  notify.begin((name) => name !== server(2));
  await notify.stop();
  t.same(ran.sort(), ['/s1 up 1', '/s3 up 1']);
});

t.test('a restart tells what changed meanwhile, and nothing again', async (t) => {
  const told = new Map<string, boolean>();
  const before = scene({ onTold: (name, isUp) => void told.set(name, isUp) });
  await before.notify.follow(scripted(1));
  before.notify.begin(() => true);
  before.notify.tell(QUORUM, true);
  before.notify.tell(server(1), false);
  await before.notify.stop();

  const after = scene({ toldBefore: (name) => told.get(name) });
  await after.notify.follow(scripted(2));
  after.notify.begin((name) => name !== server(2));
  after.notify.tell(QUORUM, true);
  await after.notify.stop();
  t.same(after.ran.sort(), ['/s1 up 2', '/s2 down 2']);
});

t.test('what was not begun before a kill -9 is told after it, once and as it is then', async (t) => {
  const told = new Map<string, boolean>();
  const before = scene({ onTold: (name, isUp) => void told.set(name, isUp) }, false);
  await before.notify.follow(scripted(1));
  before.notify.begin(() => true);
  for (const isUp of [false, true, false]) before.notify.tell(server(1), isUp);
  for (const isUp of [false, true]) before.notify.tell(server(2), isUp);
  before.notify.tell(server(3), false);
  t.same(before.ran, ['/s1 down 1', '/s2 down 1', '/s3 down 1'], 'the others wait');

  const after = scene({ toldBefore: (name) => told.get(name) });
  await after.notify.follow(scripted(1));
  after.notify.begin((name) => name === server(2));
  await after.notify.stop();
  t.same(after.ran, ['/s2 up 1'], 'of the others the last that was told is what is true');
});

t.test(
  'who leaves the configuration while it is up goes down, with its old scripts; who comes back is new',
  async (t) => {
    const { notify, ran, mails, clock } = scene();
    const mail = 'smtp_server 127.0.0.1\nnotification_email {\nops@example.org\n}\nrouter_id lb1';
    await notify.follow(scripted(1, { globals: mail }));
    notify.begin((name) => name !== server(3));
    notify.tell(server(3), false);
    await notify.follow(scripted(2, { globals: mail, servers: { 2: 'notify_up "/s2 up 2"' } }));
    notify.begin(() => true);
    await notify.follow(scripted(3, { globals: mail }));
    notify.begin((name) => name === server(2));
    notify.tell(server(1), true);
    await settled();
    t.same(ran, ['/s3 down 1', '/s1 down 1', '/s1 up 3']);
    await clock.run(2000);
    t.same(
      mails.map(({ subject, body }) => [subject.replace(/ of .* - /, ' '), body.split('\n')[0]]),
      [
        ['[lb1] Realserver [10.0.0.3]:tcp:80 DOWN', '=> CHECK failed on service <='],
        ['[lb1] Realserver [10.0.0.1]:tcp:80 DOWN', '=> Removing <='],
        ['[lb1] Realserver [10.0.0.1]:tcp:80 UP', '=> CHECK succeed on service <='],
      ],
      'servers are mailed about by default, quorums are not',
    );
    await notify.stop();
  },
);

t.test('omega: what is up goes down, servers first', async (t) => {
  const { notify, ran } = scene();
  await notify.follow(scripted(1, { service: 'omega' }));
  notify.begin(() => true);
  notify.tell(QUORUM, true);
  notify.tell(server(2), false);
  await settled();
  ran.length = 0;
  notify.tellOmega((name) => name !== server(2), new Map([[QUORUM, true]]));
  await notify.stop();
  t.same(ran, ['/s1 down 1', '/s3 down 1', '/q down 1']);
});

t.test('a stop waits, but not for ever, and says what it cut', async (t) => {
  const { notify, clock, log, ran } = scene({}, false);
  await notify.follow(scripted(1));
  notify.begin(() => true);
  for (const isUp of [false, true, false]) notify.tell(server(1), isUp);
  const stopped = notify.stop(5000);
  await clock.run(5000, 1000);
  await stopped;
  t.same(ran, ['/s1 down 1']);
  t.match(log.named('notify.cut'), [{ name: server(1), dropped: 2, level: 'error' }]);
  t.match(log.named('notify.failed'), [{ name: server(1), failed: 'stopped' }]);
});

t.test('failures are logged with what the script said', async (t) => {
  const { notify, log } = scene({ run: () => Promise.resolve({ status: 3, output: 'no such table' }) });
  await notify.follow(scripted(1));
  notify.tell(QUORUM, true);
  await notify.stop();
  t.match(log.named('notify.failed'), [{ name: QUORUM, script: '/q up 1', status: 3, output: 'no such table' }]);
});

type Step =
  | { readonly do: 'tell'; readonly object: number; readonly isUp: boolean }
  | { readonly do: 'reload' | 'finish'; readonly which: number };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('tell' as const), object: fc.nat(3), isUp: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reload' as const), which: fc.nat(9) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('finish' as const), which: fc.nat(9) }) },
  ),
  { maxLength: 80 },
);

t.test('whatever happens: each change exactly once, in order, with the script of its moment', () =>
  fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const { notify, ran, running } = scene({}, false);
      const versions = [...Array(10).keys()].map((version) => scripted(version));
      let version = 0;
      await notify.follow(versions[0]!);
      notify.begin(() => true);
      notify.tell(QUORUM, true);
      const wanted = new Map([['/q', ['/q up 0']], ...[1, 2, 3].map((n): [string, string[]] => [`/s${n}`, []])]);
      const state = [true, true, true, true];
      const finish = (which: number): void => {
        const ends = [...running.values()];
        ends[which % Math.max(1, ends.length)]?.({ status: which % 2 });
      };
      for (const step of all) {
        if (step.do === 'tell') {
          notify.tell(step.object === 0 ? QUORUM : server(step.object), step.isUp);
          const script = step.object === 0 ? '/q' : `/s${step.object}`;
          if (state[step.object] !== step.isUp)
            wanted.get(script)?.push(`${script} ${step.isUp ? 'up' : 'down'} ${version}`);
          state[step.object] = step.isUp;
        } else if (step.do === 'reload') {
          version = step.which;
          await notify.follow(versions[version]!);
          notify.begin((name) => state[[1, 2, 3].find((n) => server(n) === name)!]!);
        } else finish(step.which);
        if (step.do !== 'tell') await settled();
      }
      const stopped = notify.stop();
      for (let turn = 0; turn < 500 && running.size > 0; turn++) {
        finish(0);
        await settled();
      }
      await stopped;
      for (const [script, events] of wanted)
        t.same(
          ran.filter((line) => line.startsWith(`${script} `)),
          events,
        );
    }),
    { numRuns: 100 },
  ),
);

t.test('with real scripts: slow ones, in order, over a reload', async (t) => {
  const folder = t.testdir();
  const log = new MemoryLog();
  const commands = new Commands(systemClock, log);
  const notify = new Notify({
    clock: systemClock,
    log,
    run: (script, options) => commands.run(script, options),
    send: () => Promise.resolve([]),
    pipeOwner: () => Promise.resolve('us'),
  });
  const line = (what: string): string => `"/bin/sh -c 'sleep 0.0$(($$ % 5)); echo ${what} >> ${folder}/told'"`;
  const configuration = (version: number): ReturnType<typeof configurationOf> =>
    scripted(version, {
      globals: 'script_user root',
      servers: { 1: `notify_up ${line(`up${version}`)}\nnotify_down ${line(`down${version}`)}` },
    });
  await notify.follow(configuration(1));
  notify.begin(() => true);
  const wanted: string[] = [];
  for (let i = 0; i < 20; i++) {
    if (i === 10) await notify.follow(configuration(2));
    const what = i % 2 === 0 ? 'down' : 'up';
    notify.tell(server(1), what === 'up');
    wanted.push(`${what}${i < 10 ? 1 : 2}`);
  }
  await notify.stop(120_000);
  t.same(readFileSync(`${folder}/told`, 'utf8').trim().split('\n'), wanted);
});

t.test('a server that joins and is known to be down is told down, before it is told up', async (t) => {
  const { notify, ran } = scene();
  await notify.follow(scripted(1));
  notify.begin(
    (name) => name === server(1),
    (name) => name === server(2),
  );
  notify.tell(server(2), true);
  notify.tell(server(3), true);
  await settled();
  t.same(ran, ['/s2 down 1', '/s3 up 1', '/s2 up 1']);
});
