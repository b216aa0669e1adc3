/** The file, what the API declares, and the fleet, in one running daemon. */
import t, { type Test } from 'tap';
import { Daemon } from '../../../src/daemon/daemon.js';
import { configurationOf, site, tableText } from '../../helpers/configuration.js';
import { declared, MemoryAppendedFile } from '../../helpers/declared-site.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { FakeKernel } from '../../helpers/fake-kernel.js';
import { MemoryFile } from '../../helpers/memory-file.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { probePorts } from '../../helpers/probe-ports.js';

class Ground {
  readonly kernel = new FakeKernel();
  readonly clock = new FakeClock();
  readonly log = new MemoryLog();
  readonly file = new MemoryAppendedFile();
  readonly state = new MemoryFile();
  text = site();

  async start(t: Test): Promise<Daemon> {
    const read = (): ReturnType<typeof configurationOf> => configurationOf(this.text);
    const world = { ...probePorts(this.clock), forwarder: this.kernel, log: this.log };
    const daemon = await Daemon.start(read(), world, {
      source: { path: 'test.conf', read: () => ({ configuration: read(), complaints: [] }) },
      state: this.state,
      health: new MemoryFile(),
      made: new MemoryFile(),
      declared: this.file,
      controlPath: undefined,
      observeMs: 10_000,
      foreign: 'adopt',
    });
    t.teardown(() => daemon.stop());
    return daemon;
  }

  get services(): readonly string[] {
    return [...this.kernel.table.keys()];
  }
}

const put = (n: number): object & { do: 'put-service'; service: ReturnType<typeof declared> } => ({
  do: 'put-service',
  service: declared(n),
});
const who = 'test';

t.test(
  'a reload keeps what is declared; a file that declares it too is refused, and what was before stays',
  async (t) => {
    const here = new Ground();
    const daemon = await here.start(t);
    await daemon.declared.commit({ changes: [put(2)], who });
    t.same(here.services, ['tcp 192.0.2.1:80', 'tcp 192.0.2.2:80']);
    here.text = site({ servers: { 1: '' } });
    await daemon.reload();
    t.same(here.services, ['tcp 192.0.2.1:80', 'tcp 192.0.2.2:80']);
    here.text = site() + site({ vip: '192.0.2.2' }).replace(/global_defs \{\s*\}/, '');
    await t.rejects(daemon.reload(), { code: 'LAYERS_CLASH' });
    t.same(here.services, ['tcp 192.0.2.1:80', 'tcp 192.0.2.2:80']);
    t.equal(
      tableText(here.kernel.table).filter((line) => line.startsWith('  10.0.0.')).length,
      1,
      "the file's change is not in force",
    );
  },
);

t.test("started with what is declared twice: the file's is in force, it is said, and the rest goes on", async (t) => {
  const here = new Ground();
  const first = await here.start(t);
  await first.declared.commit({ changes: [put(2), put(3)], who });
  await first.stop();
  here.text = site() + site({ vip: '192.0.2.2', servers: { 9: '' } }).replace(/global_defs \{\s*\}/, '');
  const daemon = await here.start(t);
  t.same([...here.services].sort(), ['tcp 192.0.2.1:80', 'tcp 192.0.2.2:80', 'tcp 192.0.2.3:80']);
  t.match(here.log.named('layers.clash'), [{ reason: /192.0.2.2:80 is declared twice: by the file and by the api/ }]);
  t.same([...here.kernel.table.get('tcp 192.0.2.2:80')!.destinations.keys()], ['10.0.0.9:80']);
  await daemon.reload();
  await daemon.declared.commit({ changes: [{ do: 'delete-service', id: 'tcp-192.0.2.3-80' }], who });
  t.equal(here.services.length, 2);
  await daemon.declared.commit({ changes: [{ do: 'delete-service', id: 'tcp-192.0.2.2-80' }], who });
  t.same([...here.kernel.table.get('tcp 192.0.2.2:80')!.destinations.keys()], ['10.0.0.9:80'], "the file's stays");
});
