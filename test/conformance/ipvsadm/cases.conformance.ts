/** Everything recorded that needs no traffic. */
import { judgeCases } from './judge.js';

judgeCases(({ id }) => !id.startsWith('traffic-'));
