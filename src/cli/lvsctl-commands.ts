/** The table of lvsctl's commands: what they are called, read, told of and completed by. */
import { connections, connectionsCommand } from './api/connections.js';
import { drain, drainCommand, undrainCommand } from './api/drains.js';
import { events, eventsCommand } from './api/events.js';
import { confirm, confirmCommand, history, historyCommand, rollback, rollbackCommand } from './api/history.js';
import { maintenance, maintenanceCommand, undrain } from './api/maintenance.js';
import { services, servicesCommand } from './api/services.js';
import { apply, applyCommand, planCommand } from './api/transactions.js';
import { announceCommand } from './announce.js';
import { capture, captureCommand } from './capture.js';
import { doctor, doctorCommand } from './doctor.js';
import { completion, completionCommand } from './completion.js';
import { explainCommand } from './explain.js';
import { fleetCommand } from './fleet.js';
import { help, helpCommand } from './help.js';
import { asking, doing, entry, type Entry } from './lvsctl-entry.js';
import { failoverCommand, pairCommand } from './pair.js';
import { reloadCommand, statusCommand, weightCommand } from './plain-commands.js';
import { pushCommand } from './push.js';
import { sessions, sessionsCommand } from './sessions.js';
import { top, topCommand } from './top/top.js';
import { whatIfCommand, whatIfOfFile, whatIfRequestOf } from './what-if.js';

export const commands: readonly Entry[] = [
  asking('look', statusCommand),
  doing('look', servicesCommand, services),
  doing('look', connectionsCommand, connections),
  doing('look', topCommand, top),
  doing('look', eventsCommand, events),
  asking('look', explainCommand),
  entry('suppose', planCommand, (told) => {
    if ('do' in told) return { request: told };
    return { own: 'plan', order: told, run: (context) => apply(told, context) };
  }),
  doing('look', doctorCommand, (order, { asked, output }) => doctor(order, asked.json, output)),
  entry('suppose', whatIfCommand, (order) => {
    const { file } = order;
    if (file === undefined) return { request: whatIfRequestOf(order) };
    return {
      own: 'what-if',
      order,
      run: ({ asked, output, environment }) => whatIfOfFile(order, file, asked, output, environment),
    };
  }),
  asking('change', weightCommand),
  doing('change', drainCommand, drain),
  doing('change', undrainCommand, undrain),
  doing('change', maintenanceCommand, maintenance),
  doing('change', applyCommand, apply),
  doing('change', confirmCommand, confirm),
  doing('change', rollbackCommand, rollback),
  doing('change', historyCommand, history),
  asking('change', reloadCommand),
  asking('pair', pairCommand),
  asking('pair', failoverCommand),
  asking('pair', pushCommand),
  asking('pair', fleetCommand),
  asking('pair', announceCommand),
  doing('engine', sessionsCommand, (order, { asked, output }) => sessions(order, asked, output)),
  doing('engine', captureCommand, (order, { asked, output }) => capture(order, asked.path, output)),
  doing('lvsctl', helpCommand, help),
  doing('lvsctl', completionCommand, completion),
];
