/** Several workers, each with queues of its own: replies come in where the flow is not known, and are handed over. */
import {
  ask,
  forward,
  kernelLooksAway,
  layCables,
  startEngine,
  startServer,
  table,
} from '../../helpers/engine-cables.js';
import t from 'tap';
import { findProgram } from '../../helpers/program.js';

const BULK = 3_000_000;
const CONNECTIONS = 200;

layCables(2);
await startServer();

const nft = findProgram('nft');
for (const mode of ['xdp-native', 'packet'] as const) {
  for (const method of ['masquerade', 'full-nat'] as const) {
    t.test(
      `two workers, ${method}, ports of mode ${mode}`,
      { skip: mode === 'packet' && nft === undefined },
      async (t) => {
        const { engine, said } = await startEngine(t, ['--workers', '2']);
        t.equal((await engine.hello()).workers, 2);
        if (mode === 'packet') kernelLooksAway(t);
        const opened = await forward(engine, mode, table(method), 2);
        t.match(
          opened,
          [
            { mode, queues: 2 },
            { mode, queues: 2 },
          ],
          said(),
        );
        t.equal(await ask('10.0.0.1', 80, BULK), 'right', 'bulk');
        t.equal(await ask('10.0.0.1', 80, 100, CONNECTIONS), 'right', 'many short connections');
        const { events, dropped, services, liveSessions } = await engine.counters();
        t.ok(events.get('handed_over')! > BigInt(CONNECTIONS / 2), `handed over: ${events.get('handed_over')}`);
        t.equal(services[0]!.connections, BigInt(CONNECTIONS + 1), 'each connection is counted once');
        t.equal(liveSessions, BigInt(CONNECTIONS + 1), 'and known to one worker alone');
        const lost = [...dropped].filter(([, count]) => count !== 0n).map(([reason, count]) => `${reason}: ${count}`);
        t.same(lost, [], 'nothing is lost');
      },
    );
  }
}
