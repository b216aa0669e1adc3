/** What lvsctl reads of documents is what the API writes: the compiler compares. */
import t from 'tap';
import type { LiveConnection } from '../../../src/api/live-connections.js';
import type { Destination } from '../../../src/api/destinations.js';
import type { Document } from '../../../src/api/schema.js';
import type { Service } from '../../../src/api/services.js';
import type { serviceCounters } from '../../../src/api/statistics.js';
import type {
  ServiceCounters,
  ShownConnection,
  ShownDestination,
  ShownService,
} from '../../../src/cli/api/documents.js';

/** Fails to compile unless all that `Written` may be is a `Read`. */
type Agrees<Read, Written extends Read> = [Read, Written];
type Agreeing = readonly [
  Agrees<ShownService, Service>,
  Agrees<ShownDestination, Destination>,
  Agrees<ServiceCounters, Document<typeof serviceCounters>>,
  Agrees<ShownConnection, LiveConnection>,
];
const compared: Agreeing['length'] = 4;

t.test('the documents of the API are those that lvsctl reads: this file compiles', (t) => {
  t.equal(compared, 4);
  t.end();
});
