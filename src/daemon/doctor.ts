import type { Configuration } from '../config/configuration.js';
import { examineDirector, type KernelTold, nothingTold } from '../doctor/director.js';
import { connectionsOf } from '../doctor/expected.js';
import type { Finding } from '../doctor/finding.js';
import { LvsError } from '../errors.js';
import type { Clock } from '../system/clock.js';
import { runShell } from '../system/run-shell.js';
import type { KernelView } from './kernel-view.js';

export interface DoctorOptions {
  /** The one in force. */
  readonly configuration: () => Configuration | undefined;
  /** undefined: it has no IPVS. */
  readonly kernel: Pick<KernelView, 'services' | 'timeouts'> | undefined;
  readonly clock: Clock;
}

const WITHIN_MS = 20_000;

/** Looks at this machine for whoever asks; those who ask meanwhile get the same answer. */
export class Doctor {
  readonly #options: DoctorOptions;
  #underWay: Promise<readonly Finding[]> | undefined;

  constructor(options: DoctorOptions) {
    this.#options = options;
  }

  /** @throws LvsError DOCTOR_BLIND */
  examine(): Promise<readonly Finding[]> {
    this.#underWay ??= this.#examine().finally(() => (this.#underWay = undefined));
    return this.#underWay;
  }

  async #examine(): Promise<readonly Finding[]> {
    const { configuration, clock } = this.#options;
    const now = configuration();
    if (now === undefined) return [];
    const shell = (script: string, words: readonly string[]): ReturnType<typeof runShell> =>
      runShell(['/bin/sh', '-s', '--', ...words], script, clock, WITHIN_MS);
    return examineDirector(now, shell, await this.#askKernel());
  }

  async #askKernel(): Promise<KernelTold> {
    const { kernel } = this.#options;
    try {
      if (kernel === undefined) return nothingTold;
      const [{ tcp }, services] = await Promise.all([kernel.timeouts(), kernel.services()]);
      return { idleSeconds: tcp, connections: connectionsOf(services) };
    } catch (error) {
      if (error instanceof LvsError) return nothingTold;
      throw error;
    }
  }
}
