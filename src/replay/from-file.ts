import type { Configuration } from '../config/configuration.js';
import { defaultEngineGlobals, type EngineGlobals } from '../dataplane/network.js';
import { desired } from '../director/desired.js';
import { defaultEngineSettings, type EngineOptions } from '../model/engine.js';
import type { Table, TableService } from '../model/table.js';

/** What the engine forwards when all servers of a file are up. */
export interface FileSite {
  readonly table: Table;
  readonly globals: EngineGlobals;
  /** What is not as it would be when the file runs. */
  readonly notes: readonly string[];
}

/** The engine carries services of the kernel too: a replay has no kernel. Pure. */
export function siteOf(configuration: Configuration): FileSite {
  const { table: whole } = desired(configuration, {
    isUp: () => true,
    weightOf: (_, configured) => configured,
    weights: new Map(),
    quorums: new Map(),
    lives: new Map(),
    probeMarks: new Map(),
    now: 0,
  });
  const notes: string[] = [];
  const table = new Map<string, TableService>();
  for (const [name, service] of whole) {
    if (service.key.by === 'fwmark') {
      notes.push(`${name} was left out: a capture has no firewall marks`);
      continue;
    }
    if (service.settings.engine === undefined)
      notes.push(`${name} is the kernel's; the userspace engine stands in for it`);
    table.set(name, withEngine(service));
  }
  return { table, globals: engineGlobalsOf(configuration.globals.engine), notes };
}

const withEngine = (service: TableService): TableService =>
  service.settings.engine === undefined
    ? { ...service, settings: { ...service.settings, engine: defaultEngineSettings } }
    : service;

export const engineGlobalsOf = ({
  tunnelSource4,
  tunnelSource6,
  tunnelTtl,
  timeouts,
}: EngineOptions): EngineGlobals => ({
  ...defaultEngineGlobals,
  timeouts: { ...defaultEngineGlobals.timeouts, ...timeouts },
  ...(tunnelTtl === undefined ? {} : { tunnelTtl }),
  ...(tunnelSource4 === undefined ? {} : { tunnelSource4 }),
  ...(tunnelSource6 === undefined ? {} : { tunnelSource6 }),
});
