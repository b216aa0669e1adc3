import { flag, type Wrong } from '../arguments.js';
import { type ApiClient, openApi, segment } from '../api-client.js';
import type { Context } from '../lvsctl-entry.js';
import { describe } from '../manual.js';
import type { Changed } from './changed.js';
import type { ShownDestination } from './documents.js';
import { type Drain, pathOf, type ServersOrder } from './drains.js';
import { findServers } from './targets.js';

export interface MaintenanceOrder {
  readonly on: boolean;
  readonly server: readonly string[];
  readonly dryRun: boolean;
}

export const maintenanceCommand = describe(
  {
    program: 'lvsctl',
    name: 'maintenance',
    summary: 'no new connections for a server, until it is off again',
    synopsis: ['on|off SERVER [--dry-run]'],
    shares: ['api', 'json'],
    about: [
      `Holds over what the file and all checks say, over reloads and restarts. Connections that there are go on; 'lvsctl drain' waits for them.`,
      `SERVER is a name as status has it ('tcp 192.0.2.1:80 -> 10.0.0.1:80'), a service and a server of it, or an address with or without a port:
      then the server of all services that have it.`,
    ],
  },
  {
    options: { 'dry-run': { ...flag, help: 'only say whom it would be for, and how many are connected' } },
    words: [['on', 'off'], 'server', 'nothing'],
    read: ({ 'dry-run': dryRun }, [state, ...server]): MaintenanceOrder | Wrong => {
      if (state !== 'on' && state !== 'off') return { wrong: 'maintenance on or off?' };
      if (server.length === 0 || server.length > 2) return { wrong: `maintenance ${state} for which server?` };
      return { on: state === 'on', server, dryRun };
    },
  },
);

/** Answers with the exit status. @throws LvsError of the client */
export const maintenance = (order: MaintenanceOrder, context: Context): Promise<number> =>
  ofEach(order.server, context, (api, one) => hold(api, one, order));

/** A drain that runs is taken back; a server that was drained and kept is in maintenance, which ends. */
export const undrain = ({ server }: ServersOrder, context: Context): Promise<number> =>
  ofEach(server, context, async (api, one) => {
    if (one.drain === null || one.drain === undefined) return hold(api, one, { on: false, dryRun: false });
    const answer = await api.send<Drain>('DELETE', `/v1/drains/${segment(one.drain.id)}`);
    return { answer, text: `${answer.server}: takes new connections again` };
  });

interface Told {
  readonly answer: object;
  readonly text: string;
}

async function ofEach(
  words: readonly string[],
  { asked, output }: Context,
  change: (api: ApiClient, one: ShownDestination) => Promise<Told>,
): Promise<number> {
  const api = openApi(asked.api);
  try {
    const answers: object[] = [];
    for (const one of await findServers(api, words)) {
      const { answer, text } = await change(api, one);
      answers.push(answer);
      if (!asked.json) output.out(`${text}\n`);
    }
    if (asked.json) output.out(`${JSON.stringify({ items: answers })}\n`);
    return 0;
  } finally {
    api.close();
  }
}

async function hold(
  api: ApiClient,
  one: ShownDestination,
  { on, dryRun }: Pick<MaintenanceOrder, 'on' | 'dryRun'>,
): Promise<Told> {
  const answer = await api.send<Changed>('PATCH', pathOf(one), { maintenance: on }, dryRun ? { dryRun } : {});
  return { answer, text: lineOf(one, on, answer) };
}

function lineOf({ server, id }: ShownDestination, on: boolean, { dryRun, steps, stored }: Changed): string {
  const established = steps.reduce((sum, step) => sum + (step.established ?? 0), 0);
  const connected = established === 0 ? '' : `, ${established} established connections`;
  const kept = stored || dryRun ? '' : ' (the disk did not take it: it holds until lvsd ends)';
  return `${server ?? id}: maintenance ${dryRun ? 'would be ' : ''}${on ? 'on' : 'off'}${connected}${kept}`;
}
