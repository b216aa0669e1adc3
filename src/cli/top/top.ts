import { LvsError } from '../../errors.js';
import { systemClock } from '../../system/clock.js';
import { Timers } from '../../system/timers.js';
import { flag, text, type Wrong } from '../arguments.js';
import { type ApiClient, openApi, type Page } from '../api-client.js';
import type { ServiceCounters } from '../api/documents.js';
import { findService } from '../api/targets.js';
import type { Context } from '../lvsctl-entry.js';
import { describe } from '../manual.js';
import { type Paint, screenPaint, sheetOf } from '../sheet.js';
import { tableText } from '../table.js';
import { type SortKey, topColumns } from './columns.js';
import { begin, rowsOf, step, type TopAction, type TopEvent, type TopState } from './machine.js';
import { ratesOf, type Sample } from './rates.js';
import { Screen } from './screen.js';
import { linesOf } from './view.js';

export interface TopOrder {
  readonly intervalMs: number;
  readonly sort: SortKey;
  readonly shows: TopState['shows'];
  readonly service?: string;
  readonly once: boolean;
}

const sortNames: Readonly<Record<string, SortKey>> = {
  name: 'name',
  connections: 'connections',
  'packets-in': 'inPackets',
  'packets-out': 'outPackets',
  'bytes-in': 'inBytes',
  'bytes-out': 'outBytes',
  active: 'active',
  inactive: 'inactive',
};
const USUAL_S = 2;

export const topCommand = describe(
  {
    program: 'lvsctl',
    name: 'top',
    summary: 'live rates of services and servers, sorted',
    synopsis: [
      '[--servers] [--service SERVICE] [--sort COLUMN] [--interval SECONDS]',
      '--once [--servers] [--service SERVICE] [--sort COLUMN] [--interval SECONDS]',
    ],
    shares: ['api', 'json'],
    about: [
      `New connections, packets and bytes, a second long, and connections of the moment, of all services, of all servers or of those of one
      service. It is looked at by keys; '?' shows them. --once prints two counts' difference and ends; so does --json, as a document.`,
      {
        title: 'Keys',
        terms: [
          ...topColumns.map(({ press, means }) => [press, `sort by ${means}; again: the other way round`] as const),
          ['r', 'the other way round'],
          ['up, down, enter, escape', 'choose a service, look at its servers, go back'],
          ['s, d', 'all services, all servers'],
          ['/', 'only names with what is typed'],
          ['+, -, space', 'slower, faster, stop counting'],
          ['q', 'quit'],
        ],
      },
    ],
  },
  {
    options: {
      servers: { ...flag, help: 'servers in place of services' },
      service: { ...text, value: 'SERVICE', fills: 'service', help: 'the servers of this one' },
      sort: {
        ...text,
        value: 'COLUMN',
        fills: Object.keys(sortNames),
        help: `${Object.keys(sortNames).join(', ')} (default connections)`,
      },
      interval: { ...text, short: 'i', value: 'SECONDS', help: `between two counts (default ${USUAL_S})` },
      once: { ...flag, help: 'print it once and end: for a pipe or a file' },
    },
    read: ({ servers, service, sort = 'connections', interval = String(USUAL_S), once }): TopOrder | Wrong => {
      const seconds = /^\d{1,4}(\.\d{1,3})?$/.test(interval) ? Number(interval) : 0;
      if (seconds < 0.1 || seconds > 3600)
        return { wrong: `--interval is a number of seconds from 0.1 to 3600, not '${interval}'` };
      const key = sortNames[sort];
      if (key === undefined) return { wrong: `--sort is ${Object.keys(sortNames).join(', ')}, not '${sort}'` };
      return {
        intervalMs: 1000 * seconds,
        sort: key,
        shows: servers || service !== undefined ? 'servers' : 'services',
        once,
        ...(service === undefined ? {} : { service }),
      };
    },
  },
);

/** Answers with the exit status. @throws LvsError NO_TERMINAL and those of the client */
export async function top(order: TopOrder, context: Context): Promise<number> {
  const { asked, output } = context;
  const isOnce = order.once || asked.json;
  if (!isOnce && (output.terminal === undefined || !process.stdin.isTTY)) throw new LvsError('NO_TERMINAL', []);
  const api = openApi(asked.api);
  try {
    const service = order.service === undefined ? undefined : (await findService(api, order.service)).id;
    const sample = await count(api, service);
    return await (isOnce
      ? printOnce(api, order, service, sample, context)
      : new Top(api, order, service, sample, screenPaint(context.environment)).run());
  } finally {
    api.close();
  }
}

/** Of all services, or one. */
async function count(api: Pick<ApiClient, 'pages'>, service: string | undefined): Promise<Sample> {
  const services: ServiceCounters[] = [];
  let at = 0;
  for await (const page of api.pages<ServiceCounters, Page<ServiceCounters> & { readonly at: number }>(
    '/v1/statistics',
    { service },
  )) {
    at ||= page.at;
    for (const one of page.items) services.push(one);
  }
  return { at, services };
}

async function printOnce(
  api: ApiClient,
  { intervalMs, sort, shows }: TopOrder,
  service: string | undefined,
  first: Sample,
  { asked, output, environment }: Context,
): Promise<number> {
  await new Promise<void>((resolve) => systemClock.after(intervalMs, resolve));
  const sample = await count(api, service);
  const rates = ratesOf(first, sample);
  const start = begin({ shows, service, sort, intervalMs, columns: 0, lines: 0, sample });
  const rows = rowsOf({ ...start, rates });
  if (asked.json) output.out(`${JSON.stringify({ at: rates.at, seconds: rates.seconds, items: rows })}\n`);
  else output.out(tableText(rows, topColumns, sheetOf(output, environment)));
  return 0;
}

/** Of a shell's child that a signal ended. */
const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** The owner of screen, timer and state. */
class Top {
  readonly #api: ApiClient;
  readonly #paint: Paint;
  readonly #timers = new Timers<'count'>(systemClock);
  readonly #screen: Screen;
  readonly #ended: Promise<number>;
  #end: (status: number) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  #state: TopState;
  #isCounting = false;

  constructor(api: ApiClient, order: TopOrder, service: string | undefined, sample: Sample, paint: Paint) {
    this.#api = api;
    this.#paint = paint;
    this.#ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.#screen = new Screen(process, {
      onKey: (key) => this.#take({ is: 'pressed', key }),
      onResize: (columns, lines) => this.#take({ is: 'resized', columns, lines }),
      onBack: () => this.#take({ is: 'resized', ...this.#screen.size }),
      onEnd: (signal) => this.#end(statuses[signal]),
    });
    const { shows, sort, intervalMs } = order;
    this.#state = begin({ shows, service, sort, intervalMs, sample, ...this.#screen.size });
  }

  async run(): Promise<number> {
    this.#screen.open();
    try {
      this.#draw();
      this.#arm();
      return await this.#ended;
    } finally {
      this.#timers.disarmAll();
      this.#screen.close();
    }
  }

  #take(event: TopEvent): void {
    const { intervalMs } = this.#state;
    const { state, action } = step(this.#state, event);
    this.#state = state;
    if (state.intervalMs !== intervalMs) this.#arm();
    if (action !== undefined) this.#act(action);
    this.#draw();
  }

  #act(action: TopAction): void {
    switch (action) {
      case 'quit':
        return this.#end(0);
      case 'suspend':
        return this.#screen.suspend();
      case 'redraw':
        return this.#screen.forget();
      case 'count':
        return void this.#count();
    }
  }

  #draw(): void {
    this.#screen.draw(linesOf(this.#state, this.#paint));
  }

  #arm(): void {
    this.#timers.arm('count', this.#state.intervalMs, () => void this.#count());
  }

  /** One at a time; the next one an interval later. A director that is away may come back. */
  async #count(): Promise<void> {
    if (this.#isCounting) return;
    this.#isCounting = true;
    try {
      if (!this.#state.isPaused) this.#take({ is: 'counted', sample: await count(this.#api, this.#state.service) });
    } catch (error) {
      if (!(error instanceof LvsError)) this.#fail(error);
      else this.#take({ is: 'failed', why: error.message });
    } finally {
      this.#isCounting = false;
      this.#arm();
    }
  }
}
