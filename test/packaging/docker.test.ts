/**
 * The Dockerfile: built by docker where there is one, otherwise its instructions are carried out in a clean root, which shows that they work on
 * Debian 12, and not that docker takes them. What was built runs.
 */
// mostly waits
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import t from 'tap';
import { cleanRoot, debianPackage, type Ended, inRoot, must, root, run, unlessCleanRoots } from './clean-root.js';

t.setTimeout(0); // whoever runs us sets the limit
const FILE = join(root, 'packaging/docker/Dockerfile');

type Instruction = readonly [word: string, rest: string];

/** Lines with what continues them, without comments. */
const instructions = readFileSync(FILE, 'utf8')
  .replace(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line): Instruction => {
    const [word = '', ...rest] = line.split(' ');
    return [word, rest.join(' ').trim()];
  });

const of = (word: string): readonly string[] => instructions.filter(([name]) => name === word).map(([, rest]) => rest);
const words = (json: string | undefined): readonly string[] => JSON.parse(json ?? '[]') as readonly string[];

/** Carries out COPY and RUN; its answer runs a command of the image. */
function played(work: string, made: string): (command: readonly string[]) => Ended {
  const folder = cleanRoot(work);
  const environment = ['env', ...of('ENV').flatMap((rest) => rest.split(' '))];
  for (const [word, rest] of instructions) {
    if (word === 'COPY') copyFileSync(made, join(folder, rest.replace('${PACKAGE} ', '')));
    if (word !== 'RUN') continue;
    const { status, err } = inRoot(folder, ['sh', '-c', rest]);
    if (status !== 0) throw new Error(`${rest}: ${err}`);
  }
  return (command) => inRoot(folder, [...environment, ...command]);
}

/** By docker; `--network none`: nothing of this machine is touched. */
function built(
  t: { teardown: (run: () => void) => void },
  work: string,
  made: string,
): (command: readonly string[]) => Ended {
  const tag = `lvsd-test:${process.pid}`;
  copyFileSync(FILE, join(work, 'Dockerfile'));
  must(['docker', 'build', '--build-arg', `PACKAGE=${basename(made)}`, '--tag', tag, work], 500_000);
  t.teardown(() => void run(['docker', 'image', 'rm', '--force', tag]));
  return ([program = '', ...args]) =>
    run(['docker', 'run', '--rm', '--network', 'none', '--entrypoint', program, tag, ...args]);
}

t.test('the image', { skip: unlessCleanRoots() }, (t) => {
  const work = mkdtempSync(join(tmpdir(), 'lvsd-docker-'));
  t.teardown(() => rmSync(work, { recursive: true, force: true }));
  const made = debianPackage(work);
  const hasDocker = run(['docker', 'info']).status === 0;
  if (!hasDocker) t.comment('no docker runs here: its instructions are carried out in a clean root');
  t.same(of('FROM'), ['debian:12-slim']);
  const inImage = hasDocker ? built(t, work, made) : played(work, made);
  const entry = words(of('ENTRYPOINT')[0]);
  const order = words(of('CMD')[0]);
  t.match(inImage([...entry, 'check', ...order.slice(1)]), { status: 0 }, 'the command it begins with finds its file');
  t.match(inImage([...entry, '--help']), { status: 0, out: /lvsd run/ });
  t.match(
    inImage(['sh', '-c', 'id lvsd && id lvsd-check && ! command -v systemctl']),
    { status: 0 },
    'its users, and no systemd',
  );
  // it begins, says that it serves, and ends; whatever network it has is not touched by an empty file
  const life = `${[...entry, ...order].join(' ')} & for i in $(seq 300); do lvsctl status && break; sleep 0.2; done; kill $! && wait $!`;
  const lived = inImage([...(hasDocker ? [] : ['unshare', '--net']), 'sh', '-c', life]);
  t.match(lived, { status: 0, err: /daemon\.stopped/ }, lived.err);
  t.end();
});
