import { noStatistics } from '../../src/model/statistics.js';
import type { Configuration } from '../../src/config/configuration.js';
import { DeclaredChanges } from '../../src/daemon/declared.js';
import { type Layers, mergeLayers } from '../../src/declare/merge.js';
import type { DeclaredDestination, DeclaredService } from '../../src/declare/service.js';
import { Director } from '../../src/director/director.js';
import { LvsError } from '../../src/errors.js';
import type { CountedTable } from '../../src/model/counted.js';
import type { AppendedFile } from '../../src/system/appended-file.js';
import type { StateFile } from '../../src/system/state-file.js';
import { configurationOf, site } from './configuration.js';
import { FakeClock } from './fake-clock.js';
import { FakeKernel } from './fake-kernel.js';
import { MemoryFile } from './memory-file.js';
import { MemoryLog } from './memory-log.js';

/** `tcp-192.0.2.N-80` with servers `10.0.N.1` and so on, by their last octet. */
export const declared = (
  n: number,
  octets: readonly number[] = [1, 2],
  more: Partial<DeclaredService> = {},
): DeclaredService => ({
  id: `tcp-192.0.2.${n}-80`,
  by: 'address',
  protocol: 'tcp',
  address: `192.0.2.${n}`,
  port: 80,
  scheduler: 'rr',
  destinations: octets.map((octet) => server(n, octet)),
  ...more,
});

export const server = (n: number, octet: number, more: Partial<DeclaredDestination> = {}): DeclaredDestination => ({
  id: `10.0.${n}.${octet}-80`,
  address: `10.0.${n}.${octet}`,
  port: 80,
  ...more,
});

/** An appended file without a disk, that may fail or be full. */
export class MemoryAppendedFile implements AppendedFile {
  readonly path = '/memory/declared.jsonl';
  text: string | undefined;
  /** What the next writes fail with. */
  failure: string | undefined;
  writes = 0;

  constructor(text?: string) {
    this.text = text;
  }

  read(): Promise<string | undefined> {
    return Promise.resolve(this.text);
  }

  async write(text: string): Promise<void> {
    await this.#mayFail();
    this.text = text;
  }

  async append(line: string): Promise<void> {
    await this.#mayFail();
    this.text = `${this.text ?? ''}${line}`;
  }

  #mayFail(): Promise<void> {
    this.writes++;
    return this.failure === undefined ? Promise.resolve() : Promise.reject(new Error(this.failure));
  }
}

/** What outlives an lvsd. */
export interface DeclaredSite {
  readonly kernel: FakeKernel;
  readonly clock: FakeClock;
  readonly file: AppendedFile;
  readonly state: Pick<StateFile, 'path' | 'read' | 'write' | 'remove'>;
  /** Of the file; a test may write another one. */
  text: string;
  readonly log: MemoryLog;
  /** Connections by destinationName, of whatever service. */
  readonly connections: Map<string, { active: number; inactive: number; persistent: number }>;
}

export const declaredSite = (more: Partial<DeclaredSite> = {}): DeclaredSite => ({
  kernel: new FakeKernel(),
  clock: new FakeClock(),
  file: new MemoryAppendedFile(),
  state: new MemoryFile(),
  text: site(),
  log: new MemoryLog(),
  connections: new Map(),
  ...more,
});

export const wallMsOf = ({ clock }: DeclaredSite): number => 1_700_000_000_000 + clock.now();

/** What of an lvsd has to do with what is declared: the director, its layers, and their owner. */
export interface Declaring {
  readonly director: Director;
  readonly changes: DeclaredChanges;
  /** Reads `text` again. */
  readonly reload: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startDeclaring(here: DeclaredSite): Promise<Declaring> {
  const { kernel, clock, file, state, log } = here;
  const director = new Director({
    forwarder: kernel,
    clock,
    log,
    state,
    isUp: () => true,
    weightOf: (_, configured) => configured,
    wallMs: () => wallMsOf(here),
    onQuorum: () => undefined,
    observeMs: 1_000_000_000,
    foreign: 'adopt',
  });
  const layers = new FakeLayers(director);
  const changes = new DeclaredChanges({
    file,
    director,
    reload: layers,
    counts: { read: () => Promise.resolve(countedOf(here)) },
    clock,
    wallMs: () => wallMsOf(here),
    log,
  });
  await director.open();
  await changes.open();
  await layers.take(configurationOf(here.text));
  return {
    director,
    changes,
    reload: () => layers.take(configurationOf(here.text)),
    stop: async () => {
      await changes.close();
      await director.stop('keep');
    },
  };
}

/** As Reload is, for one layer and the director alone. */
class FakeLayers {
  readonly #director: Director;
  #file: Configuration | undefined;
  #layers: Layers = new Map();
  configuration: Configuration | undefined;

  constructor(director: Director) {
    this.#director = director;
  }

  withLayer(
    name: 'api' | 'fleet',
    { virtualServers }: Pick<Configuration, 'virtualServers'>,
  ): Configuration | undefined {
    if (this.#file === undefined) return undefined;
    const { configuration, clashes } = mergeLayers(this.#file, new Map([[name, virtualServers]]));
    for (const { service, first, second } of clashes) throw new LvsError('LAYERS_CLASH', [service, first, second]);
    return configuration;
  }

  followWeights(): Promise<void> {
    return Promise.resolve();
  }

  async setLayer(name: 'api' | 'fleet', layer: Pick<Configuration, 'virtualServers'> | undefined): Promise<void> {
    this.#layers = new Map([[name, layer?.virtualServers ?? []]]);
    if (this.#file !== undefined) await this.take(this.#file);
  }

  async take(file: Configuration): Promise<void> {
    this.#file = file;
    const { configuration } = mergeLayers(file, this.#layers);
    await this.#director.configure(configuration);
    this.configuration = configuration;
  }
}

const countedOf = ({ kernel, connections, clock }: DeclaredSite): CountedTable => ({
  at: clock.now(),
  services: [...kernel.table.values()].map(({ key, destinations }) => ({
    key,
    engine: 'kernel',
    statistics: noStatistics,
    destinations: [...destinations].map(([name, one]) => ({
      key: one.key,
      statistics: noStatistics,
      ...(connections.get(name) ?? { active: 0, inactive: 0, persistent: 0 }),
    })),
  })),
});
