import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A network namespace with lo up, alive as long as a process that sleeps in it. */
export class Namespace implements AsyncDisposable {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async create(): Promise<Namespace> {
    const namespace = new Namespace(spawn('unshare', ['--net', 'sleep', '3600'], { stdio: 'ignore' }));
    const ours = readlinkSync('/proc/self/ns/net');
    for (let tries = 0; namespace.#link() === ours || namespace.#link() === undefined; tries++) {
      if (tries === 6000) throw new Error('no network namespace after a minute');
      await sleep(10);
    }
    namespace.run(['ip', 'link', 'set', 'lo', 'up'], {});
    return namespace;
  }

  #link(): string | undefined {
    return existsSync(this.path) ? readlinkSync(this.path) : undefined;
  }

  get path(): string {
    return `/proc/${this.#holder.pid ?? 0}/ns/net`;
  }

  /** /proc/net as it is seen inside. */
  procNet(file: string): string {
    return `/proc/${this.#holder.pid ?? 0}/net/${file}`;
  }

  /** A process inside, to its end. Only the network is another, so that namespaces it makes are seen outside. */
  run(
    argv: readonly string[],
    options: { readonly env?: NodeJS.ProcessEnv; readonly stdin?: string },
  ): { readonly rc: number; readonly stdout: string; readonly stderr: string } {
    const { status, stdout, stderr } = spawnSync('nsenter', [`--net=${this.path}`, '--', ...argv], {
      cwd: '/',
      env: options.env,
      input: options.stdin ?? '',
      encoding: 'utf8',
      timeout: 180_000,
      killSignal: 'SIGKILL',
    });
    return { rc: status ?? -1, stdout, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of ['c', 'r1', 'r2']) if (existsSync(`/run/netns/${name}`)) removeNamed(name);
    if (this.#holder.exitCode !== null) return;
    const ended = once(this.#holder, 'exit');
    this.#holder.kill('SIGKILL');
    await ended;
  }
}

/** The servers in it outlive the step that started them. */
function removeNamed(name: string): void {
  for (const pid of execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).split('\n'))
    if (pid !== '') process.kill(Number(pid), 'SIGKILL');
  execFileSync('ip', ['netns', 'del', name]);
}
