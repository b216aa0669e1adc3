import { dirname, join } from 'node:path';
import { EngineClient, type EngineEvents } from '../dataplane/client.js';
import { readServicesImage } from '../dataplane/services-image.js';
import { isLvsError } from '../errors.js';
import type { Table } from '../model/table.js';
import { systemClock } from '../system/clock.js';
import { ask } from './ask.js';
import type { Status } from './control.js';

/** Straight to the engine, for what is too much for the director. It answers without a director too. @throws LvsError ENGINE_ABSENT */
export async function connectEngine(control: string, events: EngineEvents = {}): Promise<EngineClient> {
  return EngineClient.connect({ path: await engineSocket(control), clock: systemClock, ...events });
}

/** As the director says; beside the control socket where none answers. */
async function engineSocket(control: string): Promise<string> {
  const beside = join(dirname(control), 'engine.sock');
  try {
    const { engine } = (await ask(control, { do: 'status' })) as Status;
    return engine?.path ?? beside;
  } catch (error) {
    if (isLvsError(error, 'DIRECTOR_ABSENT')) return beside;
    throw error;
  }
}

/** Names of its ports by index, '' where there is none. */
export async function portsOf(client: EngineClient): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { index, name } of (await client.hello()).ports) names[index] = name;
  return Array.from(names, (name: string | undefined) => name ?? '');
}

/** What it forwards; services stand in the order of its image, which sessions refer to. */
export async function tableOf(client: EngineClient): Promise<Table> {
  const image = await client.services();
  return image === undefined ? new Map() : readServicesImage(image, await portsOf(client));
}
