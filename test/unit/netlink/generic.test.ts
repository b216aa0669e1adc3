import t from 'tap';
import { encodeAttributes, text, u16 } from '../../../src/netlink/attributes.js';
import { Growing } from '../../../src/netlink/bytes.js';
import { Exchange } from '../../../src/netlink/exchange.js';
import { GenericFamily } from '../../../src/netlink/generic.js';
import type { Message } from '../../../src/netlink/message.js';
import { FakeSocket, part, verdict } from '../../helpers/fake-socket.js';

const CONTROL = 16;

const familyReply = (id: number): Uint8Array => {
  const to = new Growing();
  to.extend(4);
  encodeAttributes(to, { id: [1, u16], name: [2, text] } as const, { id, name: 'IPVS' });
  return to.written().slice();
};

/** A kernel whose family has a number that changes when its module is reloaded. */
const kernel =
  (state: { id: number | undefined; asked: number }) =>
  (request: Message): Uint8Array[] => {
    if (request.type === CONTROL) {
      state.asked++;
      return state.id === undefined
        ? [verdict(request, 2)]
        : [part(request, CONTROL, familyReply(state.id)), verdict(request, 0)];
    }
    return [verdict(request, request.type === state.id ? 0 : 2)];
  };

const command = { operation: 'test', command: 1, repeatable: false } as const;

t.test('the number is asked for once, also by many at a time', async (t) => {
  const state = { id: 30, asked: 0 };
  const family = new GenericFamily(new Exchange(new FakeSocket(kernel(state))), 'IPVS', 1);
  await Promise.all([family.ask(command), family.ask(command), family.ask(command)]);
  await family.ask(command);
  t.equal(state.asked, 1);
});

t.test('a reloaded module is found again under its new number', async (t) => {
  const state = { id: 30, asked: 0 };
  const family = new GenericFamily(new Exchange(new FakeSocket(kernel(state))), 'IPVS', 1);
  await family.ask(command);
  state.id = 31;
  await family.ask(command);
  t.equal(state.asked, 2);
});

t.test('ENOENT of a command stays ENOENT when the number is the same', async (t) => {
  const socket = new FakeSocket((request) =>
    request.type === CONTROL ? [part(request, CONTROL, familyReply(30)), verdict(request, 0)] : [verdict(request, 2)],
  );
  await t.rejects(new GenericFamily(new Exchange(socket), 'IPVS', 1).ask(command), { message: 'ENOENT' });
});

t.test('a kernel without the family says so', async (t) => {
  const state = { id: undefined, asked: 0 };
  await t.rejects(new GenericFamily(new Exchange(new FakeSocket(kernel(state))), 'IPVS', 1).resolve(), {
    name: 'FamilyMissing',
  });
});
