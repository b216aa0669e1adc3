import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LvsError } from '../errors.js';
import { formatFor } from '../metrics/accept.js';
import { contentTypes, type Format } from '../metrics/text.js';
import type { Api } from './schema.js';

export interface MetricsView {
  /** The document in pieces; those who ask at the same time share what is read for it. Never rejects. */
  scrape(format: Format): Promise<Iterable<string>>;
}

/** At the same time: a large one holds a copy of the table. */
const MOST_READERS = 8;
const PATH = '/metrics';

/** Not below /v1 and not in the OpenAPI document: its place and its formats are Prometheus's. */
export function metricsRoutes(api: Api, view: MetricsView): void {
  let readers = 0;
  api.get(PATH, async (request, reply): Promise<void> => {
    const format = formatFor(request.headers.accept);
    void reply.type(contentTypes[format]).header('vary', 'accept');
    if (request.method === 'HEAD') return send(reply, '');
    if (readers >= MOST_READERS) throw new LvsError('API_BUSY', [PATH, MOST_READERS]);
    readers++;
    reply.raw.once('close', () => readers--);
    return send(reply, Readable.from(inTurns(await view.scrape(format)), { objectMode: false }));
  });
}

/** fastify sends a stream as it is, which its types do not say. */
const send = (reply: FastifyReply, body: string | Readable): Promise<void> =>
  reply.send(body) as unknown as Promise<void>;

/** Characters handed over at once. */
const PIECE = 64 * 1024;

/** Everything else has its turn between two pieces. */
async function* inTurns(pieces: Iterable<string>): AsyncGenerator<string> {
  let waiting = '';
  for (const piece of pieces) {
    waiting += piece;
    if (waiting.length < PIECE) continue;
    yield waiting;
    waiting = '';
    await nextTurn();
  }
  if (waiting !== '') yield waiting;
}
