/** What is watched decides, what happens is told, and a lost BFD session with the master is enough: by real processes on a link of their own. */
// mostly waits
import '../helpers/own-machine.js';
import { chmodSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { exchange } from '../../src/cli/ask.js';
import { eventually } from '../lab/eventually.js';
import { Folder, Running } from './interop/router.js';
import { LINK } from './interop/settings.js';
import { type Place, Site } from './interop/site.js';

t.setTimeout(0); // whoever runs us sets the limit

const LVSD = fileURLToPath(new URL('../../../bin/lvsd', import.meta.url));
const LIMIT_MS = 60_000;

interface Router {
  readonly folder: Folder;
  readonly process: Running;
}

function run(t: Test, place: Place, folder: Folder, text: string): Router {
  writeFileSync(folder.file('conf'), text);
  const places = ['--state', folder.file('director.json'), '--control', folder.file('control.sock')];
  const process = new Running(place.host, [LVSD, 'run', '-f', folder.file('conf'), ...places], folder.file('log'));
  t.teardown(() => process.kill());
  return { folder, process };
}

function folderOf(t: Test): Folder {
  const folder = new Folder();
  t.teardown(() => folder.remove());
  return folder;
}

const linesOf = (folder: Folder, name: string): readonly string[] => folder.text(name).split('\n').slice(0, -1);

t.test('files, scripts and processes make faults and priorities; scripts and pipes are told each of it', async (t) => {
  await using site = await Site.build();
  const folder = folderOf(t);
  const script = (name: string, text: string): string => {
    writeFileSync(folder.file(name), `#!/bin/sh\n${text}\n`);
    chmodSync(folder.file(name), 0o755);
    return folder.file(name);
  };
  const [state, pipe] = [folder.file('state'), folder.file('pipe')];
  writeFileSync(state, '0\n');
  writeFileSync(folder.file('verdict'), '0');
  const { process } = run(
    t,
    site.a,
    folder,
    `
global_defs {
  script_user root
  vrrp_notify_fifo ${pipe}
  vrrp_notify_fifo_script ${script('reader', `exec cat "$1" >> ${folder.file('lines')}`)}
}
track_file state { file ${state}
}
vrrp_script verdict {
  script ${script('verdict.sh', `exit $(cat ${folder.file('verdict')})`)}
  interval 0.1
  timeout 5
  weight -30
}
vrrp_track_process here {
  process sleep 9876
  weight 7
}
vrrp_instance V1 {
  interface ${LINK}
  version 3
  advert_int 0.1
  virtual_router_id 51
  priority 100
  virtual_ipaddress { 10.77.0.50/24
  }
  track_file { state weight 0
  }
  track_script { verdict
  }
  track_process { here
  }
  notify_priority_changes
  notify_master "${script('told', `echo "$@" >> ${folder.file('news')}`)} first"
  notify ${folder.file('told')}
}
`,
  );
  const told = async (line: string): Promise<void> => {
    await eventually(() => {
      const lines = linesOf(folder, 'lines');
      if (lines.at(-1) !== line)
        throw new Error(`${lines.join(' | ')} does not end with ${line}\n${folder.text('log')}`);
    }, LIMIT_MS);
  };
  await told('INSTANCE "V1" MASTER 100');
  writeFileSync(folder.file('verdict'), '1');
  await told('INSTANCE "V1" MASTER_PRIORITY 70');
  const sleeper = new Running(site.a.host, ['sleep', '9876'], folder.file('sleep'));
  await told('INSTANCE "V1" MASTER_PRIORITY 77');
  await sleeper.kill();
  await told('INSTANCE "V1" MASTER_PRIORITY 70');
  writeFileSync(folder.file('verdict'), '0');
  await told('INSTANCE "V1" MASTER_PRIORITY 100');
  writeFileSync(state, '1\n');
  await told('INSTANCE "V1" FAULT 100');
  writeFileSync(state, '0\n');
  await told('INSTANCE "V1" MASTER 100');
  await process.stop();
  const news = ['BACKUP', 'MASTER', 'FAULT', 'BACKUP', 'MASTER', 'STOP'].flatMap((one) => [
    ...(one === 'MASTER' ? ['first'] : []),
    `INSTANCE V1 ${one} 100`,
  ]);
  t.same(linesOf(folder, 'news'), news, 'scripts in order, and each once');
  const changes = linesOf(folder, 'lines').filter((line) => !line.includes('PRIORITY'));
  const states = ['BACKUP', 'MASTER', 'FAULT', 'BACKUP', 'MASTER'].map((one) => `INSTANCE "V1" ${one} 100`);
  t.same(changes.slice(0, 5), states, 'the pipe, too');
});

t.test('bfd_master: the backup need not wait for adverts that do not come', async (t) => {
  await using site = await Site.build();
  const text = (ours: Place, other: Place, priority: number): string => `
bfd_instance other {
  neighbor_ip ${other.addresses.ip4}
  source_ip ${ours.addresses.ip4}
  min_tx 200
  min_rx 200
  multiplier 10
}
vrrp_instance V1 {
  interface ${LINK}
  version 3
  advert_int 10
  virtual_router_id 51
  priority ${priority}
  virtual_ipaddress { 10.77.0.50/24
  }
  bfd_master other
}
`;
  const [first, second] = [folderOf(t), folderOf(t)];
  // an owner is master at once; nobody has to wait for half a minute
  const a = run(t, site.a, first, text(site.a, site.b, 255).replace('priority 255', 'state MASTER\n  priority 255'));
  const b = run(t, site.b, second, text(site.b, site.a, 100));
  const roles = (folder: Folder): readonly string[] =>
    linesOf(folder, 'log')
      .filter((line) => line.includes('"event":"vrrp.role"'))
      .map((line) => (JSON.parse(line) as { readonly to: string }).to);
  const logged = (folder: Folder, what: string): Promise<void> =>
    eventually(() => {
      if (!folder.text('log').includes(what)) throw new Error(`${what} not in ${folder.text('log')}`);
    }, LIMIT_MS);
  await eventually(() => {
    if (roles(first).at(-1) !== 'master') throw new Error(first.text('log'));
  }, LIMIT_MS);
  await logged(second, '"event":"vrrp.new-master"');
  await logged(second, '"to":"up"');
  await eventually(async () => {
    const answer = await exchange(second.file('vrrp.sock'), { do: 'sessions', known: -1 });
    if (!JSON.stringify(answer).includes('"other":{"is":"alive"')) throw new Error(JSON.stringify(answer));
  }, LIMIT_MS);
  t.pass('the director may ask, too');
  const cutMs = performance.now();
  await site.cut(site.a);
  await eventually(() => {
    if (roles(second).at(-1) !== 'master') throw new Error(second.text('log'));
  }, LIMIT_MS);
  const tookMs = performance.now() - cutMs;
  t.ok(tookMs < 20_000, `${Math.round(tookMs)} ms, and not the 36 s of three adverts and a skew`);
  t.match(second.text('log'), '"event":"vrrp.master-lost"');
  t.match(second.text('log'), '"why":"master-lost"');
  t.comment(`${Math.round(tookMs)} ms from the cut to the new master`);
  await b.process.stop();
  await a.process.stop();
});
