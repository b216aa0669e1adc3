import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Journal, StreamEvent } from '../events/journal.js';
import type { EventStreams } from '../events/streams.js';
import { isWanted, type Wants } from '../events/wants.js';
import { LvsError } from '../errors.js';
import { type Api, count, type Document, flag, listOf, object, partial, text } from './schema.js';

/** What happened, and who follows it. */
export interface EventsView {
  readonly journal: Pick<Journal, 'after' | 'last' | 'oldest'>;
  readonly streams: Pick<EventStreams, 'follow' | 'mustHaveRoom' | 'endAll'>;
}

const EVENT_STREAM = 'text/event-stream';
const MOST_WORDS = 32;
const USUAL = 100;
const MOST = 1000;

const event = {
  title: 'Event',
  type: 'object',
  description: 'with the fields of its event: docs/operating.md lists them',
  required: ['id', 'at', 'event', 'level'],
  properties: {
    id: { ...count, description: 'greater than those of all events before, also over a restart' },
    at: { type: 'number', description: 'milliseconds since 1970' },
    event: text,
    level: { type: 'string', enum: ['debug', 'info', 'warn', 'error'] },
  },
} as const;

const page = {
  title: 'Events',
  ...object({
    items: listOf(event),
    next: { ...count, description: 'the `after` of the next page' },
    isMore: { ...flag, description: 'more is kept already' },
    reset: {
      ...flag,
      description: 'what was behind `after` is not kept any more, at least in part: look at everything again',
    },
  }),
} as const;

const read = {
  operationId: 'listEvents',
  summary: `What happened, in order; with 'accept: ${EVENT_STREAM}' followed by what happens, as server-sent events`,
  querystring: partial({
    after: {
      ...count,
      description: 'id of the last event that is known; 0: all that are kept; absent: none that were',
    },
    event: {
      ...text,
      maxLength: 1024,
      pattern: `^[a-z][a-z.-]*(,[a-z][a-z.-]*){0,${MOST_WORDS - 1}}$`,
      description: 'only those whose name begins with one of these words, with commas between: health.,vrrp.role',
    },
    level: { type: 'string', enum: ['info', 'warn', 'error'], description: 'this level and those above' },
    limit: { type: 'integer', minimum: 1, maximum: MOST, description: `of a page, ${USUAL} where it is not said` },
  }),
  headers: {
    type: 'object',
    properties: {
      'last-event-id': {
        ...text,
        maxLength: 32,
        description: 'as `after`, and goes before it: what a browser sends that connects again',
      },
    },
  },
  response: { 200: page },
  alsoAnswers: [EVENT_STREAM],
} as const;

type Query = Document<typeof read.querystring>;

export function eventRoutes(api: Api, { journal, streams }: EventsView): void {
  api.get('/v1/events', { schema: read }, (request, reply) => {
    const { query, headers } = request;
    const wants: Wants = { events: query.event?.split(',') ?? [], level: query.level ?? 'info' };
    const after = readId(headers['last-event-id']) ?? query.after;
    void reply.header('vary', 'accept');
    if (request.headers.accept?.includes(EVENT_STREAM) !== true) return pageOf(journal, after, wants, query);
    if (query.limit !== undefined) throw new LvsError('API_REQUEST', ["'limit' is for pages: a stream has no end"]);
    follow(request, reply, () => streams.follow(reply.raw, after, wants), streams);
    return undefined;
  });
}

const ID = /^(0|[1-9]\d{0,15})$/;

/** A header that is empty says nothing: so browsers begin. @throws LvsError API_REQUEST */
function readId(header: string | undefined): number | undefined {
  if (header === undefined || header === '') return undefined;
  if (!ID.test(header)) throw new LvsError('API_REQUEST', ["'last-event-id' is no id of an event"]);
  return Number(header);
}

/** Of those that are kept. */
function pageOf(
  journal: EventsView['journal'],
  after = journal.last,
  wants: Wants,
  { limit = USUAL }: Query,
): Document<typeof page> {
  const behind = journal.after(after);
  const reset = behind === 'gone';
  const events = reset ? journal.after(0) : behind;
  if (events === 'gone') throw new LvsError('API_FAILED', []); // nothing is in front of 0
  const wanted: StreamEvent[] = [];
  for (const one of events) {
    if (isWanted(wants, one)) wanted.push(one);
    if (wanted.length > limit) break;
  }
  const isMore = wanted.length > limit;
  const items = isMore ? wanted.slice(0, limit) : wanted;
  return {
    items: items.map((one) => JSON.parse(one.text) as Document<typeof event>),
    next: isMore ? items.at(-1)!.id : journal.last,
    isMore,
    reset,
  };
}

/** From here on the answer is the stream's. HEAD is told what GET would be, and has no stream. */
function follow(
  { method }: FastifyRequest,
  reply: FastifyReply,
  begin: () => void,
  streams: Pick<EventStreams, 'mustHaveRoom'>,
): void {
  void reply.type(EVENT_STREAM).header('cache-control', 'no-store').header('x-accel-buffering', 'no');
  if (method === 'HEAD') return void reply.send();
  try {
    streams.mustHaveRoom();
  } catch (error) {
    void reply.header('retry-after', '5');
    throw error;
  }
  reply.hijack();
  reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>);
  begin();
}
