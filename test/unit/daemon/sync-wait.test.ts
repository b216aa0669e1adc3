import t from 'tap';
import { ALONE_MS, type Part, verdictOf, type WaitView } from '../../../src/daemon/sync-wait.js';

const here: Part = { is: 'here' };
const missing: Part = { is: 'missing', what: 'the sessions' };
const hopeless: Part = { is: 'hopeless', why: 'another sync id' };
const connected: WaitView['peer'] = { is: 'connected', forMs: 0, why: null };
const away = (forMs: number): WaitView['peer'] => ({ is: 'away', forMs, why: 'connect ECONNREFUSED' });

const cases: readonly (readonly [string, WaitView['peer'], readonly Part[], 'wait' | 'go', RegExp])[] = [
  ['all has come', connected, [here, here], 'go', /all is here/],
  ['something is missing', connected, [here, missing], 'wait', /^the sessions$/],
  ['both are missing', connected, [missing, missing], 'wait', /the sessions and the sessions/],
  ['something will not come, and something may', connected, [hopeless, missing], 'wait', /the sessions/],
  ['something will not come', connected, [hopeless, here], 'go', /another sync id/],
  ['nothing is needed, and nobody is there', away(0), [here, here], 'go', /all is here/],
  ['the other one is away for a moment', away(ALONE_MS - 1), [missing, here], 'wait', /the other director/],
  ['the other one is away', away(ALONE_MS), [missing, here], 'go', /alone: connect ECONNREFUSED/],
  ['away, and it would not come anyway', away(0), [hopeless, here], 'wait', /the other director/],
  ['another key', { is: 'untrusted', forMs: 0, why: 'its key is not ours' }, [missing], 'go', /its key is not ours/],
];

for (const [name, peer, parts, is, says] of cases)
  t.test(name, (t) => {
    const verdict = verdictOf({ peer, parts });
    t.equal(verdict.is, is);
    t.match(verdict.is === 'go' ? verdict.why : verdict.for, says);
    t.end();
  });
