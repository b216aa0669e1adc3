import t from 'tap';
import { type AddressSource, MachineAddresses } from '../../../src/daemon/local-addresses.js';
import { settled } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

class FakeSource implements AddressSource {
  addresses: string[] = [];
  asked = 0;
  fails = false;
  event = (): void => undefined;
  isOpen = true;
  /** Answers wait for this. */
  gate: Promise<void> = Promise.resolve();

  async list(): Promise<{ address: string }[]> {
    this.asked++;
    const answer = this.addresses.map((address) => ({ address }));
    await this.gate;
    if (this.fails) throw new Error('EBUSY');
    return answer;
  }
  watch(onEvent: () => void): void {
    this.event = onEvent;
  }
  close(): void {
    this.isOpen = false;
  }
}

t.test('knows the addresses from the start, and tells when they are others', async (t) => {
  const source = new FakeSource();
  source.addresses = ['192.0.2.1'];
  const addresses = new MachineAddresses(source, new MemoryLog());
  await addresses.open();
  t.ok(addresses.has('192.0.2.1'));
  let told = 0;
  const end = addresses.watch(() => (told += 1));
  source.event();
  await settled();
  t.equal(told, 0, 'the same ones');
  source.addresses = ['2001:db8::1'];
  source.event();
  await settled();
  t.equal(told, 1);
  t.notOk(addresses.has('192.0.2.1'));
  t.ok(addresses.has('2001:db8::1'));
  end();
  source.addresses = [];
  source.event();
  await settled();
  t.equal(told, 1);
  addresses.close();
  t.notOk(source.isOpen);
});

t.test('what happens while it asks is asked for once more, not ten times', async (t) => {
  const source = new FakeSource();
  const addresses = new MachineAddresses(source, new MemoryLog());
  let open = (): void => undefined;
  source.gate = new Promise((resolve) => (open = resolve));
  const opened = addresses.open();
  source.addresses = ['192.0.2.1'];
  for (let i = 0; i < 10; i++) source.event();
  open();
  await opened;
  t.equal(source.asked, 2);
  t.ok(addresses.has('192.0.2.1'));
});

t.test('an answer that does not come leaves what was known', async (t) => {
  const [source, log] = [new FakeSource(), new MemoryLog()];
  source.addresses = ['192.0.2.1'];
  const addresses = new MachineAddresses(source, log);
  await addresses.open();
  source.fails = true;
  source.event();
  await settled();
  t.ok(addresses.has('192.0.2.1'));
  t.match(log.events, [{ event: 'health.addresses-unknown', reason: 'EBUSY' }]);
});
