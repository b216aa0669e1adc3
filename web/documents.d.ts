/** What the API answers, as far as the page reads it: the types of the API itself. */
import type { Document } from '../src/api/schema.js';
import type { status } from '../src/api/status.js';
import type { pair } from '../src/api/pair.js';
import type { vrrpReport, virtualRouter } from '../src/api/vrrp.js';
import type { serviceCounters } from '../src/api/statistics.js';

export type { Service } from '../src/api/services.js';
export type { Check } from '../src/api/health.js';
export type { Changed } from '../src/api/changed.js';
export type { Identity } from '../src/api/access.js';
export type { Pending } from '../src/declare/change.js';
export type { Problem } from '../src/api/problem.js';
export type { Page } from '../src/api/pages.js';
export type { LiveConnection } from '../src/api/live-connections.js';
export type { Destination } from '../src/api/destinations.js';
export type Status = Document<typeof status>;
export type Pair = Document<typeof pair>;
export type Vrrp = Document<typeof vrrpReport>;
export type VirtualRouter = Document<typeof virtualRouter>;
export type ServiceCounters = Document<typeof serviceCounters>;

/** An event of the stream, with the fields of its name. */
export interface StreamEvent {
  readonly id: number;
  readonly at: number;
  readonly event: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly [field: string]: unknown;
}

