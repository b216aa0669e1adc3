import type { LinkView } from '../network.js';
import type { Observed } from '../priority.js';

/** What is looked up and not followed: whoever asks is told of changes of links anyway (`Network.follow`). */
export type LookAtLink = (name: string) => Pick<LinkView, 'running'> | undefined;

/** track_interface. One that is not there is down; interface_up_down_delays are in `running` already. */
export const observeInterface = (name: string, link: LookAtLink): Observed => ({ good: link(name)?.running ?? false });
