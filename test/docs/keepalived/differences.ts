/** What lvsd does otherwise than keepalived while it runs; what it says of files otherwise stands in the conformance tests. */
export const runningDifferences: readonly (readonly [what: string, reason: string])[] = [
  [
    'A check whose script is missing, not safe or not executable fails; its server is down',
    'in keepalived the check disappears and the server stays up, unmonitored',
  ],
  [
    'A file with errors, or a missing file, changes nothing at a reload',
    'keepalived applies what it understood: a typo removes a server, a missing file removes all services',
  ],
  [
    'A server that was down stays down over a reload and a restart until it passes',
    'keepalived puts it back when its check was changed',
  ],
  ['A real server without a port has that of its service, and so have its checks', 'keepalived checks port 0'],
  ['A range of a group may cross the end of a /24', 'keepalived 2.3.4 and 2.4.3 count for ever'],
  [
    'The kernel table is watched; what others change in our services is put right (`lvs_drift`)',
    'keepalived never looks at it again',
  ],
  [
    'Blocks may stand in any order: vrrp_script, track_file and bfd_instance behind those that name them',
    'nothing depends on it',
  ],
  [
    'Scripts of one object run one after the other, each with a time limit (`script_timeout`)',
    'keepalived runs those of one event at once, in no order, without a limit',
  ],
  [
    'UDP clients are not stuck to a dead server (`dead_flows`)',
    'the kernel sends known flows to it until they time out',
  ],
  ['`skip_check_adv_addr off` switches it off', 'keepalived switches it on by any value'],
  ['Names of one letter may begin a DNS_CHECK name', 'keepalived refuses `x.example.org`'],
  [
    "`lvs_sync_daemon` is not started twice, and strangers' daemons are left running",
    'they may be of another director',
  ],
  [
    'With a `vrrp_instance`, only the sync daemon of its state runs, whatever ran before',
    'after a crash keepalived lets both run, and cannot start the one of the next state',
  ],
];
