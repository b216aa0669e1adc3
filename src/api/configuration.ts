import type { Change } from '../model/change.js';
import { changeName } from '../model/change.js';
import { destinationId, serviceId } from '../model/ids.js';
import { type Api, count, type Document, listOf, object, orNull, text, textOrNull, texts } from './schema.js';

export const configuration = {
  title: 'Configuration',
  ...object({
    files: { ...texts, description: 'those it was read from, the main one first' },
    fingerprint: { ...textOrNull, description: 'of their text, whatever they are called; null: not known' },
    virtualServers: count,
    virtualRouters: count,
  }),
} as const;

const change = {
  title: 'Change',
  ...object({
    do: {
      type: 'string',
      enum: [
        'add-service',
        'edit-service',
        'delete-service',
        'add-destination',
        'edit-destination',
        'delete-destination',
      ],
    },
    service: { ...text, description: 'id' },
    destination: { ...textOrNull, description: 'id; null: the service itself' },
    text: { ...text, description: 'as lvsctl and the log say it' },
  }),
} as const;

const plan = { title: 'Plan', ...object({ changes: listOf(change) }) } as const;

export interface ConfigurationView {
  /** What is in force. */
  inForce(): Document<typeof configuration>;
  /** What a reload would change. @throws LvsError CONFIG_REFUSED, caused by the complaints */
  plan(): Promise<readonly Change[]>;
  /** Reads the file and carries it out. @throws LvsError CONFIG_REFUSED, caused by the complaints */
  reload(): Promise<void>;
}

const changeShown = (one: Change): Document<typeof change> => ({
  do: one.do,
  service: serviceId(one.service),
  destination: 'destination' in one ? destinationId(one.destination) : null,
  text: changeName(one),
});

const read = {
  operationId: 'readConfiguration',
  summary: 'The configuration in force',
  response: { 200: configuration },
} as const;

const preview = {
  operationId: 'planReload',
  summary: 'What a reload of the file would change now',
  response: { 200: plan },
} as const;

const reload = {
  operationId: 'reload',
  summary: 'Reads the file again, as SIGHUP does; a broken one changes nothing',
  body: orNull(object({})),
  response: { 200: configuration },
} as const;

export function configurationRoutes(api: Api, view: ConfigurationView): void {
  api.get('/v1/configuration', { schema: read }, () => view.inForce());
  api.get('/v1/configuration/plan', { schema: preview }, async () => ({
    changes: (await view.plan()).map(changeShown),
  }));
  api.post('/v1/configuration/reload', { schema: reload }, async () => {
    await view.reload();
    return view.inForce();
  });
}
