import t from 'tap';
import { openBackupDaemon, QueueWatch } from '../../../src/connsync/backup-daemon.js';
import { systemClock } from '../../../src/system/clock.js';

const text = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  411: 510000E0:2290 00000000:0000 07 00000000:00000B00 00:00000000 00000000     0        0 152 2 00000000257ae6eb 0
  412: 0100007F:2290 00000000:0000 07 00000000:0000FF00 00:00000000 00000000     0        0 153 2 00000000257ae6ec 0
`;
const text6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt
  411: 000002FF000000000000000051000000:2290 00000000000000000000000000000000:0000 07 00000000:00000040 00:00000000 00000000 0 0
`;

t.test('what waits at the socket of the group', (t) => {
  t.equal(new QueueWatch('224.0.0.81', 8848).read(text), 0xb00);
  t.equal(new QueueWatch('224.0.0.81', 8849).read(text), undefined);
  t.equal(new QueueWatch('ff02::51', 8848).read(text6), 0x40);
  t.end();
});

t.test('an interface that is not there', (t) =>
  t.rejects(openBackupDaemon({ state: 'backup', interface: 'lvsd-none', syncId: 1 }, systemClock), {
    code: 'RESYNC_FAILED',
    message: /lvsd-none has no IPv4 address/,
  }),
);
