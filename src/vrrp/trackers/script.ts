import type { Script } from '../../config/configuration.js';
import type { TrackScript } from '../../config/vrrp/vrrp.js';
import type { Clock } from '../../system/clock.js';
import type { Log } from '../../system/log.js';
import type { ScriptEnd } from '../../system/run-script.js';
import { Timers } from '../../system/timers.js';
import type { Observed } from '../priority.js';

/** What a script is taken for, and how many results in a row have said otherwise. `good` undefined: it has not run yet. */
export interface ScriptBelief {
  readonly good: boolean | undefined;
  readonly against: number;
}

export const newBelief = ({ startsFailed }: Pick<TrackScript, 'startsFailed'>): ScriptBelief => ({
  good: startsFailed ? false : undefined,
  against: 0,
});

/** The very first result counts at once; then `rise` successes make a bad one good, `fall` failures a good one bad. Pure. */
export function believe(
  { good, against }: ScriptBelief,
  succeeded: boolean,
  { rise, fall }: RiseAndFall,
): ScriptBelief {
  if (good === undefined || succeeded === good) return { good: succeeded, against: 0 };
  const enough = against + 1 >= (succeeded ? rise : fall);
  return enough ? { good: succeeded, against: 0 } : { good, against: against + 1 };
}

type RiseAndFall = Pick<TrackScript, 'rise' | 'fall'>;

/** Runs a script; ends it, gently first, when `signal` is aborted. Resolves when it has ended. Never rejects. */
export type RunTrackScript = (
  script: Script,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly endsWithUs: boolean },
) => Promise<ScriptEnd>;

export interface ScriptPorts {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly log: Log;
  readonly run: RunTrackScript;
  readonly changed: () => void;
}

/**
 * vrrp_script: one run at each beat of its interval. A run that takes too long has failed at that moment and is ended; as long as it has
 * not ended, or has some of its time left, beats are left out.
 */
export class ScriptTracker {
  readonly settings: TrackScript;
  readonly #ports: ScriptPorts;
  readonly #timers: Timers<'beat' | 'late'>;
  readonly #stopped = new AbortController();
  #belief: ScriptBelief;
  #running = false;

  /** @param before what was believed under other settings of the same name */
  constructor(settings: TrackScript, ports: ScriptPorts, before: ScriptBelief = newBelief(settings)) {
    this.settings = settings;
    this.#ports = ports;
    this.#timers = new Timers(ports.clock);
    this.#belief = before;
    this.#beat();
  }

  get belief(): ScriptBelief {
    return this.#belief;
  }

  get observed(): Observed {
    const { good } = this.#belief;
    return good === undefined ? 'unknown' : { good };
  }

  stop(): void {
    this.#stopped.abort();
    this.#timers.disarmAll();
  }

  #beat(): void {
    this.#timers.arm('beat', 1000 * this.settings.intervalSeconds, () => this.#beat());
    if (this.#running) {
      this.#ports.log.debug({ event: 'vrrp.script-skipped', script: this.settings.name });
      return;
    }
    this.#running = true;
    void this.#run().finally(() => (this.#running = false));
  }

  async #run(): Promise<void> {
    const { script, user, timeoutSeconds } = this.settings;
    const ending = new AbortController();
    const end = (): void => ending.abort();
    this.#stopped.signal.addEventListener('abort', end, { once: true });
    this.#timers.arm('late', 1000 * timeoutSeconds, () => {
      this.#take(false, `took longer than ${timeoutSeconds} s`);
      end();
    });
    const ended = await this.#ports.run(user === undefined ? script : { ...script, user }, {
      timeoutMs: Number.POSITIVE_INFINITY,
      signal: ending.signal,
      endsWithUs: true,
    });
    this.#stopped.signal.removeEventListener('abort', end);
    if (ending.signal.aborted) return;
    this.#timers.disarm('late');
    this.#judge(ended);
  }

  #judge(ended: ScriptEnd): void {
    // this machine had no process left for it, which says nothing of what the script looks at
    if ('failed' in ended && ended.shortage === true) {
      this.#ports.log.warn({ event: 'vrrp.script-not-run', script: this.settings.name, reason: ended.failed });
      return;
    }
    if ('failed' in ended) this.#take(false, ended.failed);
    else this.#take(ended.status === 0, `exit status ${ended.status}`);
  }

  #take(succeeded: boolean, detail: string): void {
    const { name } = this.settings;
    const before = this.#belief;
    this.#belief = believe(before, succeeded, this.settings);
    const { good } = this.#belief;
    if (good === before.good) return;
    const level = good === true ? 'info' : 'warn';
    this.#ports.log[level]({ event: 'vrrp.script', script: name, is: good === true ? 'good' : 'bad', detail });
    this.#ports.changed();
  }
}
