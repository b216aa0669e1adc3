import t from 'tap';
import { main } from '../../../../src/cli/ipvsadm/run.js';
import { LvsError } from '../../../../src/errors.js';
import { IpvsClient } from '../../../../src/ipvs/client.js';
import { Growing, littleEndian } from '../../../../src/netlink/bytes.js';
import { messageType, writeMessage } from '../../../../src/netlink/message.js';
import { FakeSocket } from '../../../helpers/fake-socket.js';
import { replayedSteps, testIo } from './fixtures.js';
import { RecordedKernel } from './recorded-kernel.js';

const SURE = 'Are you sure that IP Virtual Server is built in the kernel or as module?\n';

/** A kernel that answers everything with one errno. */
const refusing = (errno: number) => (): IpvsClient =>
  new IpvsClient(
    new FakeSocket((request) => {
      const to = new Growing(64);
      writeMessage(to, { type: messageType.error, flags: 0x100, sequence: request.sequence }, () => {
        const at = to.extend(20);
        to.memory.view.setInt32(at, -errno, littleEndian);
      });
      return [to.written().slice()];
    }),
  );

const ENOENT = 2;
const EPERM = 1;

t.test('a kernel without IPVS: said before arguments are looked at, even for -h', async (t) => {
  for (const args of [['-h'], ['-Ln'], ['--bogus'], []]) {
    const io = testIo({ open: refusing(ENOENT) });
    t.equal(await main(args, io), 2);
    t.strictSame(io.printed, { stdout: '', stderr: `Can't initialize ipvs: Protocol not available\n${SURE}` });
  }
});

t.test('without privileges it is those that are missing', async (t) => {
  for (const errno of [ENOENT, EPERM]) {
    const io = testIo({ open: refusing(errno), privileged: () => false });
    t.equal(await main(['-Ln'], io), 2);
    t.equal(io.printed.stderr, `Can't initialize ipvs: Permission denied (you must be root)\n${SURE}`);
  }
});

t.test('the module is tried once, and if it comes the run goes on', async (t) => {
  const step = replayedSteps().find(({ id, argv }) => id === 'timeout-default' && argv[1] === '-L');
  const kernel = new RecordedKernel(step?.io ?? []);
  let [opened, loaded] = [0, 0];
  const io = testIo({
    open: () => (opened++ === 0 ? refusing(ENOENT)() : new IpvsClient(kernel.socket)),
    loadModule: () => ++loaded > 0,
  });
  t.equal(await main(['-L', '--timeout'], io), 0);
  t.strictSame([io.printed.stdout, opened, loaded], ['Timeout (tcp tcpfin udp): 900 120 300\n', 2, 1]);
});

t.test('no socket at all: the reason is told', async (t) => {
  const io = testIo({
    open: () => {
      throw new LvsError('NETLINK_SOCKET', ['Protocol not supported']);
    },
  });
  t.equal(await main(['-Ln'], io), 2);
  t.equal(io.printed.stderr, `Can't initialize ipvs: cannot open a netlink socket: Protocol not supported\n${SURE}`);
});
