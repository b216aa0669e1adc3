/** `lvsctl doctor --server` through a real sshd to another machine. */
import '../../helpers/own-machine.js';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { doctor } from '../../../src/cli/doctor.js';
import { LvsError } from '../../../src/errors.js';
import { findProgram, temporaryDirectory, unlessInstalled } from '../../helpers/program.js';
import { mustRun, Network, run } from '../../lab/topology.js';

t.setTimeout(120_000);

const configuration = `virtual_server 203.0.113.20 80 {
  lb_algo rr
  lb_kind DR
  protocol TCP
  real_server 10.0.1.11 80 {
    weight 1
  }
}
`;

/** sshd in the namespace of the server; answers with the words that reach it. */
async function sshd(t: Test): Promise<string> {
  const folder = temporaryDirectory(t);
  const [key, host] = [join(folder, 'key'), join(folder, 'host')];
  for (const path of [key, host]) await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path]);
  await mustRun(['mkdir', '-p', '/run/sshd']);
  const options = {
    HostKey: host,
    AuthorizedKeysFile: `${key}.pub`,
    StrictModes: 'no',
    UsePAM: 'no',
    PermitRootLogin: 'yes',
    PidFile: 'none',
    ListenAddress: '10.0.1.11',
  };
  const words = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const server = spawn(
    'ip',
    ['netns', 'exec', 'server', findProgram('sshd')!, '-D', '-e', '-f', '/dev/null', ...words],
    {
      stdio: 'ignore',
    },
  );
  t.teardown(() => server.kill('SIGKILL'));
  for (let i = 0; i < 500; i++) {
    if ((await run(['ip', 'netns', 'exec', 'server', 'grep', ':0016 .* 0A', '/proc/net/tcp'])).stdout !== '') break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const quiet = '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes';
  return `ip netns exec director ssh -F none -i ${key} ${quiet}`;
}

t.test('findings of a real server', { skip: unlessInstalled('sshd') }, async (t) => {
  await using network = await Network.build({
    hosts: { director: { links: { in: ['10.0.1.1/24'] } }, server: { links: { in: ['10.0.1.11/24'] } } },
  });
  const ssh = (await sshd(t)).split(' ');
  const path = join(t.testdir({ 'lvsd.conf': configuration }), 'lvsd.conf');
  let text = '';
  const output = { out: (said: string) => void (text += said), err: (said: string) => void (text += said) };

  t.equal(await doctor({ file: path, server: '10.0.1.11', ssh }, false, output), 1);
  t.match(text, /^wrong: 203\.0\.113\.20 is on no interface {2}\[server-vip-missing\]$/m);
  t.match(text, /^ {4}mend: lvsd realserver --vip 203\.0\.113\.20 --method dr$/m);
  t.match(text, /^wrong: nobody listens at tcp 203\.0\.113\.20:80/m);

  await network.must('server', 'ip', 'addr', 'add', '203.0.113.20/32', 'dev', 'lo');
  text = '';
  t.equal(await doctor({ file: path, server: '10.0.1.11', ssh }, false, output), 1);
  t.notMatch(text, /server-vip-missing/);
  t.match(text, /^wrong: arp_ignore of in is 0 {2}\[server-arp-ignore\]$/m);

  await t.rejects(doctor({ file: path, server: '10.0.1.1', ssh }, false, output), LvsError, 'nobody answers there');
});

t.test('who is no real server, and who cannot be reached', async (t) => {
  const path = join(t.testdir({ 'lvsd.conf': configuration }), 'lvsd.conf');
  const output = { out: () => undefined, err: () => undefined };
  const visit = (ssh: readonly string[]): Promise<number> => doctor({ file: path, server: 'web9', ssh }, false, output);
  await t.rejects(visit(['sh', '-c', 'exec sh']), { code: 'DOCTOR_STRANGER' });
  await t.rejects(visit(['sh', '-c', 'echo no route to host >&2; exit 255']), {
    message: 'web9 did not tell its facts: sh ended with 255: no route to host',
  });
  await t.rejects(visit(['sh', '-c', 'echo hello']), { code: 'DOCTOR_BLIND' });
  await t.rejects(visit(['/nonexistent/ssh']), { code: 'DOCTOR_BLIND' });
  await t.rejects(visit(['sh', '-c', 'yes']), { message: /it says more than facts/ });
});
