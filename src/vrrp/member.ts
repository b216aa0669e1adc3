import type { VrrpInstance } from '../config/vrrp/vrrp.js';
import type { HmacSettings } from './hmac.js';
import type { Guard } from './address-guard.js';
import type { Instance } from './instance.js';
import type { Possessions } from './network.js';
import type { Verdict } from './priority.js';
import type { SharedFault } from './sync-group.js';

/** What router.ts knows of one virtual router. */
export interface Member {
  config: VrrpInstance;
  hmac: HmacSettings | undefined;
  readonly instance: Instance;
  readonly possessions: Possessions;
  readonly guard: Guard;
  /** What was told last; undefined: there is none. */
  fault: SharedFault | undefined;
  started: boolean;
  /** The interface of its own is there, and what others left is gone. */
  ready: boolean;
  /** That is being done. */
  isPreparing: boolean;
  /** Why it is not, for the log: said once. */
  trouble: string | undefined;
  /** Of the interface below, as it was seen last: another one of the same name has to be prepared again. */
  index: number | undefined;
  /** Whether it can hear and speak; `refused`: by the kernel. */
  connection: 'open' | 'impossible' | 'refused';
  verdict: Verdict;
}

export const isMaster = ({ instance }: Member): boolean => instance.state.is === 'master';

/** Its own fault. The end of one is no start: that waits for what has to be known first. */
export function ownFault({ verdict, fault, started }: Member): SharedFault | undefined {
  const [why] = verdict.faults;
  if (why !== undefined) return { why, byGroup: false };
  const [unknown] = verdict.unknown;
  if (started || fault === undefined || unknown === undefined) return undefined;
  return { why: `${unknown} is not known yet`, byGroup: false };
}

/** Whether the same is asked for: where in a file it is written does not count. */
export const isSaidAlike = (before: unknown, now: unknown): boolean => plain(before) === plain(now);

const plain = (said: unknown): string =>
  JSON.stringify(said, (key, value: unknown) => (key === 'position' ? undefined : value));

/** Whether a router can go on as it is under other settings; else it is another one. */
export const isSame = (before: VrrpInstance, now: VrrpInstance | undefined): boolean =>
  now !== undefined &&
  before.family === now.family &&
  before.version === now.version &&
  before.vrid === now.vrid &&
  before.interface === now.interface &&
  before.vrf === now.vrf &&
  isSaidAlike(before.virtualInterface, now.virtualInterface);
