import t from 'tap';
import type { EngineSyncState, Status } from '../../../src/cli/control.js';
import { statusText } from '../../../src/cli/status-text.js';

const sync: EngineSyncState = {
  ...{ master: true, backup: false, running: true, trouble: '', interface: 'eth1', group: '224.0.0.81', port: 8848 },
  syncId: 51,
  sent: { messages: 3, connections: 100, untold: { 'half-open': 7 }, failed: { EAGAIN: 1 } },
  received: { messages: 1, taken: 0, refused: { 'sync-id': 1 } },
};
const status = (engineSync: EngineSyncState | null): Status => ({
  ...{ services: [], checks: [], quorumLost: [], lastPlan: [], refused: [], drift: [], foreign: [], writes: 0 },
  engineSync,
});

t.test("what lvsctl status prints of the engine's sync daemon", (t) => {
  t.equal(
    statusText(status(sync)),
    `userspace engine's sync daemon:
  master on eth1, 224.0.0.81:8848, sync id 51
  sent: 100 connections in 3 messages
  not told, half-open: 7
  not sent, EAGAIN: 1
  received: 1 message, taken: 0 connections
  refused, sync-id: 1
kernel writes: 0
`,
  );
  const first = (more: Partial<EngineSyncState>): string | undefined =>
    statusText(status({ ...sync, ...more }))
      .split('\n')[1]
      ?.trim();
  t.equal(first({ backup: true, group: 'ff02::81' }), 'master and backup on eth1, [ff02::81]:8848, sync id 51');
  t.equal(
    first({ running: false, trouble: 'there is no eth1' }),
    'master on eth1, 224.0.0.81:8848, sync id 51, does not run: there is no eth1',
  );
  t.match(first({ running: false }), /, does not run: there is no engine$/);
  t.equal(statusText(status(null)), 'kernel writes: 0\n');
  t.end();
});
