/**
 * metrics/ — what is counted, as Prometheus and OpenMetrics read it.
 * families.ts: every name and what it means · text.ts: the two formats · tables.ts: services and destinations, bounded ·
 * histogram.ts, loop-delay.ts: times · accept.ts: which format is wanted
 */
export interface Family {
  readonly type: 'counter' | 'gauge' | 'info' | 'histogram';
  readonly help: string;
  /** The name ends with it. */
  readonly unit?: 'seconds' | 'bytes';
  readonly labels?: readonly string[];
}

/** Without `lvsd_` in front and, of counters, `_total` behind. */
export const families = {
  // services and destinations, of both engines
  service_connections: perService('counter', 'Connections scheduled.'),
  service_in_packets: perService('counter', 'Packets from clients.'),
  service_out_packets: perService('counter', 'Packets to clients, where they come back through the director.'),
  service_in_bytes: { ...perService('counter', 'Bytes from clients.'), unit: 'bytes' },
  service_out_bytes: {
    ...perService('counter', 'Bytes to clients, where they come back through the director.'),
    unit: 'bytes',
  },
  service: {
    type: 'info',
    help: 'A service in force: the virtual server of the file that it is of, its engine and its scheduler.',
    labels: ['service', 'virtual_server', 'engine', 'scheduler'],
  },
  destination_connections: perDestination('counter', 'Connections scheduled to it.'),
  destination_in_packets: perDestination('counter', 'Packets to it.'),
  destination_out_packets: perDestination('counter', 'Packets from it, where they come back through the director.'),
  destination_in_bytes: { ...perDestination('counter', 'Bytes to it.'), unit: 'bytes' },
  destination_out_bytes: {
    ...perDestination('counter', 'Bytes from it, where they come back through the director.'),
    unit: 'bytes',
  },
  destination_active_connections: perDestination('gauge', 'Connections that are established now.'),
  destination_inactive_connections: perDestination('gauge', 'Connections in every other state.'),
  destination_weight: perDestination('gauge', 'Its weight in force; absent: it is in no table.'),
  destination_up: perDestination('gauge', 'Whether its checks say that it is up; of one without checks 1.'),
  virtual_server_quorum: {
    type: 'gauge',
    help: 'Whether a virtual server of the file has its quorum.',
    labels: ['virtual_server'],
  },
  // the director
  director: { type: 'info', help: 'Release of lvsd and of Node.', labels: ['version', 'node'] },
  services: { type: 'gauge', help: 'Services in force.' },
  destinations: { type: 'gauge', help: 'Destinations in force.' },
  checks: { type: 'gauge', help: 'Checks by what they say.', labels: ['verdict'] },
  check_attempts: { type: 'counter', help: 'Attempts of checks that are there now.' },
  check_failures: { type: 'counter', help: 'Of those, the ones that failed.' },
  check_lateness_seconds: {
    type: 'histogram',
    help: 'How much later than due attempts of checks began.',
    unit: 'seconds',
  },
  refused_changes: { type: 'gauge', help: 'Changes that the kernel or the engine refused, and that are tried again.' },
  drift: { type: 'gauge', help: 'Changes of somebody else that are only reported (lvs_drift report).' },
  foreign_services: { type: 'gauge', help: 'Services of the file that somebody else made and that are left alone.' },
  weight_overrides: { type: 'gauge', help: 'Servers whose weight an operator overrides.' },
  held_servers: { type: 'gauge', help: 'Servers that are down and stay in service (pool_guard).' },
  table_writes: { type: 'counter', help: 'Batches of changes handed to the kernel or the engine.' },
  // the configuration
  config: { type: 'info', help: 'Fingerprint of the files in force.', labels: ['fingerprint'] },
  config_last_reload_successful: { type: 'gauge', help: 'Whether the last reload came into force.' },
  config_last_reload_timestamp_seconds: {
    type: 'gauge',
    help: 'When the last reload was tried, or the start.',
    unit: 'seconds',
  },
  // what happened
  events: { type: 'counter', help: 'Events of the log from level info on (docs/operating.md).', labels: ['event'] },
  event_streams: { type: 'gauge', help: 'Open streams of events.' },
  event_streams_cut: { type: 'counter', help: 'Streams cut off because nobody read them.' },
  webhook_waiting: { type: 'gauge', help: 'Events that wait for a webhook.', labels: ['webhook'] },
  webhook_delivered: { type: 'counter', help: 'Events that a webhook took.', labels: ['webhook'] },
  webhook_failed: { type: 'counter', help: 'Attempts that a webhook did not take.', labels: ['webhook'] },
  webhook_lost: { type: 'counter', help: 'Events that a webhook will not get.', labels: ['webhook'] },
  webhook_up: { type: 'gauge', help: 'Whether the last attempt was taken.', labels: ['webhook'] },
  // virtual routers and the pair
  vrrp_up: { type: 'gauge', help: 'Whether the process of the virtual addresses answers; absent: nothing is held.' },
  vrrp_role: {
    type: 'gauge',
    help: 'One for the role that a virtual router has, zero for the others.',
    labels: ['router', 'role'],
  },
  vrrp_priority: { type: 'gauge', help: 'Its priority in effect.', labels: ['router'] },
  vrrp_adverts_sent: { type: 'counter', help: 'Adverts sent.', labels: ['router'] },
  vrrp_adverts_accepted: { type: 'counter', help: 'Adverts accepted.', labels: ['router'] },
  vrrp_adverts_refused: { type: 'counter', help: 'Adverts refused.', labels: ['router', 'reason'] },
  vrrp_addresses_in_use: {
    type: 'gauge',
    help: 'Addresses of a master that somebody else on the link has, too.',
    labels: ['router'],
  },
  pair_connected: { type: 'gauge', help: 'Whether the other director is there; absent: there is no pair.' },
  pair_differences: { type: 'gauge', help: 'What should be equal on both directors and is not.' },
  sync_connected: { type: 'gauge', help: "Whether the other director's lvsd sync is there." },
  sync_whole: {
    type: 'gauge',
    help: 'Whether all connections of the other director are here: 0 while they come, or when that failed.',
  },
  sync_lost_messages: { type: 'counter', help: 'Sync messages lost at the door of the backup daemon.' },
  // the userspace engine
  engine_up: { type: 'gauge', help: 'Whether the userspace engine runs.' },
  engine_restarts: { type: 'counter', help: 'How often it was started again because it had died.' },
  engine_sessions: { type: 'gauge', help: 'Its sessions.' },
  engine_session_capacity: { type: 'gauge', help: 'For how many it has room.' },
  engine_dropped_packets: { type: 'counter', help: 'Packets dropped (docs/counters.md).', labels: ['reason'] },
  engine_events: { type: 'counter', help: 'What else it counts (docs/counters.md).', labels: ['event'] },
  engine_ports: { type: 'gauge', help: 'Its ports by how they are open.', labels: ['port', 'mode'] },
  engine_silent_neighbours: { type: 'gauge', help: 'Next hops in use that do not answer.' },
  // lvsd itself
  event_loop_delay_seconds: {
    type: 'histogram',
    help: 'How much later than due a timer of lvsd ran, looked at ten times a second.',
    unit: 'seconds',
  },
  event_loop_active_seconds: { type: 'counter', help: 'Time that the event loop was at work.', unit: 'seconds' },
  netlink_errors: {
    type: 'counter',
    help: 'Answers of the kernel that were malformed, unexpected, or lost for want of room.',
    labels: ['socket', 'kind'],
  },
  cpu_seconds: { type: 'counter', help: 'Processor time of lvsd run.', unit: 'seconds' },
  resident_memory_bytes: { type: 'gauge', help: 'Memory of lvsd run.', unit: 'bytes' },
  heap_bytes: { type: 'gauge', help: "Of that, JavaScript's objects.", unit: 'bytes' },
  start_time_seconds: { type: 'gauge', help: 'When lvsd run was started.', unit: 'seconds' },
  open_descriptors: { type: 'gauge', help: 'Descriptors of lvsd run.' },
  descriptor_limit: { type: 'gauge', help: 'How many it may have (LimitNOFILE=).' },
  // this scrape
  table_read_successful: { type: 'gauge', help: "Whether the kernel's and the engine's counters could be read." },
  table_read_seconds: { type: 'gauge', help: 'How long that took.', unit: 'seconds' },
  series_left_out: {
    type: 'gauge',
    help: 'Series of destinations and services beyond the limit (metrics { series N }).',
  },
} as const satisfies Readonly<Record<string, Family>>;

export type FamilyName = keyof typeof families;

function perService(type: 'counter' | 'gauge', help: string) {
  return { type, help, labels: ['service'] } as const;
}

function perDestination(type: 'counter' | 'gauge', help: string) {
  return { type, help, labels: ['service', 'destination'] } as const;
}

/** Events that alerts ask for: counted from 0 on, or their first one would be no increase. */
export const alertedEvents = [
  'announce.memory-lost',
  'api.audit-failed',
  'api.certificate-ends',
  'api.failed',
  'declared.not-stored',
  'declared.unreadable',
  'director.drift',
  'director.state-failed',
  'fleet.away',
  'fleet.memory-lost',
  'fleet.refused',
  'health.memory-failed',
  'made.not-written',
  'vrrp.not-remembered',
  'vrrp.role',
  'webhook.not-remembered',
] as const;
