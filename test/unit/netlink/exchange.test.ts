import fc from 'fast-check';
import t from 'tap';
import { isLvsError } from '../../../src/errors.js';
import { Malformed } from '../../../src/netlink/attributes.js';
import { KernelRefusal } from '../../../src/netlink/errno.js';
import { Exchange, type Request } from '../../../src/netlink/exchange.js';
import { type Message, messageFlag, messageType } from '../../../src/netlink/message.js';
import { done, FakeSocket, lost, part, verdict } from '../../helpers/fake-socket.js';

const TYPE = 30;

const read = (from: { bytes: Uint8Array }, at: number, end: number): number => {
  if (at >= end) throw new Malformed('empty');
  return from.bytes[at]!;
};

const command = (body = 1, over: Partial<Request<number>> = {}): Request<number> => ({
  operation: 'test',
  type: TYPE,
  repeatable: false,
  write: (to) => {
    const at = to.extend(1);
    to.memory.bytes[at] = body;
  },
  read,
  ...over,
});

const dump = (body = 1): Request<number> => command(body, { flags: messageFlag.dump, repeatable: true });
const bodyOf = (request: Message): number => request.from.bytes[request.at]!;
const ack = (request: Message): Uint8Array[] => [verdict(request, 0)];

t.test('requests of one turn travel in one datagram, and each gets its own answer, whatever their order', async (t) => {
  const held: Message[] = [];
  const socket = new FakeSocket((request) => {
    held.push(request);
    if (held.length < 3) return [];
    return [held[2]!, held[0]!, held[1]!].flatMap((one) => [
      part(one, TYPE, Uint8Array.of(bodyOf(one))),
      verdict(one, 0),
    ]);
  });
  const exchange = new Exchange(socket);
  t.strictSame(await Promise.all([1, 2, 3].map((n) => exchange.ask(command(n)))), [[1], [2], [3]]);
  t.equal(socket.sent.length, 1);
});

t.test("the kernel's no is a KernelRefusal with the errno, and the others go on", async (t) => {
  const exchange = new Exchange(new FakeSocket((request) => [verdict(request, bodyOf(request) === 2 ? 17 : 0)]));
  const [one, two, three] = await Promise.allSettled([1, 2, 3].map((n) => exchange.ask(command(n))));
  t.match([one, three], [{ status: 'fulfilled' }, { status: 'fulfilled' }]);
  t.match(two, { status: 'rejected', reason: { errno: 'EEXIST' } });
});

t.test('the words of an extended ack are in the error', async (t) => {
  // nlmsghdr (sequence 1), errno -22, the request's header (capped), NLMSGERR_ATTR_MSG "no one"
  const answer = Buffer.from(
    '30000000020000030100000000000000' + 'eaffffff' + '140000001e0005000100000000000000' + '0b0001006e6f206f6e650000',
    'hex',
  );
  const exchange = new Exchange(new FakeSocket(() => [answer]));
  await t.rejects(exchange.ask(command()), { message: 'EINVAL: no one' });
});

t.test('one dump at a time, commands in between keep their place', async (t) => {
  const order: number[] = [];
  let running = false;
  const socket = new FakeSocket((request) => {
    order.push(bodyOf(request));
    if ((request.flags & messageFlag.dump) !== messageFlag.dump) return ack(request);
    t.equal(running, false);
    return [part(request, TYPE, Uint8Array.of(bodyOf(request))), done(request)];
  });
  running = false;
  const exchange = new Exchange(socket);
  const answers = await Promise.all([
    exchange.ask(dump(1)),
    exchange.ask(command(2)),
    exchange.ask(command(3)),
    exchange.ask(dump(4)),
  ]);
  t.strictSame(answers, [[1], [], [], [4]]);
  t.strictSame(order, [1, 2, 3, 4]);
  t.equal(socket.sent.length, 3);
});

t.test('an interrupted dump is read again, and given up after eight times', async (t) => {
  let times = 0;
  const calming = new Exchange(
    new FakeSocket((request) => [
      part(request, TYPE, Uint8Array.of(++times)),
      done(request, times < 3 ? 2 | messageFlag.dumpInterrupted : 2),
    ]),
  );
  t.strictSame(await calming.ask(dump()), [3], 'rows of the interrupted ones are gone');

  const restless = new Exchange(new FakeSocket((request) => [done(request, 2 | messageFlag.dumpInterrupted)]));
  await t.rejects(restless.ask(dump()), { code: 'NETLINK_INTERRUPTED' });
});

t.test('an error at the end of a dump is not swallowed', async (t) => {
  const exchange = new Exchange(new FakeSocket((request) => [done(request, 2, 13)]));
  await t.rejects(exchange.ask(dump()), { message: 'EACCES' });
});

t.test('after an overrun what only reads is asked again, and what writes is told', async (t) => {
  let calls = 0;
  const exchange = new Exchange(
    new FakeSocket((request) => (++calls <= 2 ? [lost()] : [part(request, TYPE, Uint8Array.of(5)), done(request)])),
  );
  t.strictSame(await exchange.ask(dump()), [5]);
  t.equal(exchange.refused.overruns, 2);

  const writer = new Exchange(new FakeSocket(() => [lost()]));
  await t.rejects(writer.ask(command()), { code: 'NETLINK_OVERRUN' });
});

t.test('others have their turn while a large table is read, whoever asks for its rows', async (t) => {
  let time = 0;
  const now = (): number => (time += 0.1);
  const exchange = new Exchange(new FakeSocket((request) => [part(request, TYPE, Uint8Array.of(1)), done(request)]), {
    now,
  });
  let turn = 0;
  const answeredIn: number[] = [];
  const count = (): void => {
    turn++;
    if (answeredIn.length < 200) setImmediate(count);
  };
  count();
  const together = Array.from({ length: 100 }, async () => {
    await exchange.ask(dump(1));
    answeredIn.push(turn);
  });
  await Promise.all(together);
  for (let i = 0; i < 100; i++) {
    await exchange.ask(dump(1)); // each only when the one before it was answered
    answeredIn.push(turn);
  }
  const inOneTurn = answeredIn.map((one) => answeredIn.filter((other) => other === one).length);
  t.ok(Math.max(...inOneTurn) <= 10, `${Math.max(...inOneTurn)} in one turn`);
});

t.test('late answers are waited for, and a deadline ends the wait', async (t) => {
  const socket = new FakeSocket(ack);
  socket.late = true;
  const deadlines: (() => void)[] = [];
  const exchange = new Exchange(socket, {
    timeoutMs: 50,
    after: (ms, run) => {
      t.equal(ms, 50);
      deadlines.push(run);
      return () => undefined;
    },
  });
  const answered = exchange.ask(command());
  await Promise.resolve();
  await Promise.resolve();
  socket.deliver();
  t.strictSame(await answered, []);

  const silent = exchange.ask(command());
  while (deadlines.length < 2) await new Promise((resolve) => setImmediate(resolve));
  deadlines.at(-1)?.();
  await t.rejects(silent, { code: 'NETLINK_TIMEOUT' });
});

t.test('duplicated, unasked and broken answers are counted and harm nobody', async (t) => {
  const socket = new FakeSocket((request) => [
    Uint8Array.of(1, 2, 3),
    part({ ...request, sequence: 999 }, TYPE, Uint8Array.of(9)),
    verdict(request, 0),
    verdict(request, 17),
  ]);
  const exchange = new Exchange(socket);
  t.strictSame(await exchange.ask(command()), []);
  t.match(exchange.refused, { malformed: 1, unexpected: 2 }, 'the stranger and the second verdict');
});

t.test('an answer that cannot be read fails its own request only', async (t) => {
  const exchange = new Exchange(
    new FakeSocket((request) => [
      part(request, TYPE, bodyOf(request) === 1 ? new Uint8Array() : Uint8Array.of(7)),
      verdict(request, 0),
    ]),
  );
  const [bad, good] = await Promise.allSettled([exchange.ask(command(1)), exchange.ask(command(2))]);
  t.match(bad, { status: 'rejected', reason: { code: 'NETLINK_MALFORMED' } });
  t.match(good, { status: 'fulfilled', value: [7] });
});

t.test('closing answers whoever waits, and refuses who comes later', async (t) => {
  const socket = new FakeSocket(() => []);
  const exchange = new Exchange(socket);
  const waiting = [exchange.ask(command()), exchange.ask(dump())];
  await Promise.resolve();
  exchange.close();
  exchange.close();
  const results = await Promise.allSettled([...waiting, exchange.ask(command())]);
  t.ok(results.every((result) => result.status === 'rejected' && isLvsError(result.reason, 'NETLINK_CLOSED')));
  t.equal(socket.closed, true);
});

t.test('a refused send fails what was in it', async (t) => {
  const socket = new FakeSocket(ack);
  socket.send = () => {
    throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
  };
  await t.rejects(new Exchange(socket).ask(command()), { code: 'EPERM' });
});

t.test('random bytes for an answer never throw past the exchange', async () => {
  const runs = fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }), async (garbage) => {
    const exchange = new Exchange(new FakeSocket((request) => [...garbage, verdict(request, 0)]));
    const result = await exchange.ask(command()).catch((error: unknown) => error);
    return Array.isArray(result) || result instanceof KernelRefusal || isLvsError(result, 'NETLINK_MALFORMED');
  });
  await fc.assert(runs, { numRuns: 1000 });
});

t.test('hostile headers that do match the request are refused or believed, never a crash', async () => {
  const runs = fc.asyncProperty(
    fc.uint8Array({ maxLength: 60 }),
    fc.constantFrom(messageType.error, messageType.done, TYPE),
    fc.nat(0xffff),
    async (payload, type, flags) => {
      const exchange = new Exchange(
        new FakeSocket((request) => [
          part(request, type, payload, flags & ~messageFlag.dumpInterrupted),
          verdict(request, 0),
        ]),
      );
      const result = await exchange.ask(command()).catch((error: unknown) => error);
      return Array.isArray(result) || result instanceof KernelRefusal || isLvsError(result, 'NETLINK_MALFORMED');
    },
  );
  await fc.assert(runs, { numRuns: 2000 });
});
