import type { SimulatedEngine, SimulationOptions } from '../dataplane/engine.js';
import { Session, type Site } from './session.js';
import { Simulation } from './simulation.js';
import { slotCounts } from './slots.js';

/** An engine of its own: src/addon has it. */
export type EngineMaker = (options: SimulationOptions) => SimulatedEngine;

export interface Opened {
  readonly simulation: Simulation;
  readonly session: Session;
}

/** A session with an engine that nobody else has. Its hash secret is always the same: a replay is repeatable. */
export function openSession(make: EngineMaker, sessions: number, site: Omit<Site, 'slotsOf' | 'uuid'>): Opened {
  const simulation = new Simulation(make({ sessions, secret: SECRET }));
  return { simulation, session: new Session(simulation, { ...site, slotsOf: slotCounts, uuid: uuids() }) };
}

const SECRET = 0x6c76_7364_2072_6570_6c61_7920_7365_6372n;

/** Of load balancers made in a replay: counted, so that two replays are equal. */
function uuids(): () => string {
  let last = 0;
  return () => `00000000-0000-4000-8000-${(++last).toString(16).padStart(12, '0')}`;
}
