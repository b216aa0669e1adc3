import type { ListedService, ServiceRow, SyncDaemon } from '../../ipvs/rows.js';
import type { ServiceKey } from '../../model/service.js';
import { startChange } from './changes.js';
import type { Command, ListFormat } from './command.js';
import { CONNECTIONS_FILE, connectionsText, readConnections } from './connections.js';
import { differences, playFile } from './diff.js';
import { endpointText } from './endpoint-text.js';
import { helpText, versionText } from './help.js';
import type { Io } from './io.js';
import { connectionsJson, daemonsJson, tableJson, timeoutsJson } from './json.js';
import { failureText } from './kernel-text.js';
import { parse } from './parse.js';
import { stageOf } from './play.js';
import { listing, type TableText, versionLine } from './print.js';
import { Refusal, wrong } from './refusal.js';
import { restore } from './restore.js';
import { saveLines, timeoutsLine } from './save.js';
import { sortServers, sortServices } from './sort.js';
import { type Kernel, openKernel } from './start.js';

/** Services whose servers are asked for at once. */
const WINDOW = 64;

/** One run of ipvsadm: arguments without the program's name in, exit code out. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  let kernel: Kernel | undefined;
  try {
    kernel = await openKernel(io);
    return await new Session(kernel, io).runLine(args);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.message !== '') io.err(`${error.message}\n`);
    return error.exitCode;
  } finally {
    kernel?.client.close();
  }
}

class Session {
  readonly #kernel: Kernel;
  readonly #io: Io;

  constructor(kernel: Kernel, io: Io) {
    this.#kernel = kernel;
    this.#io = io;
  }

  async runLine(args: readonly string[]): Promise<number> {
    const command = parse(this.#io.program(), args, this.#io.names);
    if (command instanceof Refusal) throw command;
    const change = startChange(this.#kernel.client, command);
    if (change === undefined) return this.execute(command);
    const text = await change;
    if (text === undefined) return 0;
    this.#io.err(`${text}\n`);
    return 255;
  }

  /** Everything that is no change. Throws a refusal where the original leaves at once. */
  async execute(command: Command): Promise<number> {
    switch (command.do) {
      case 'help':
        this.#io.out(helpText(this.#io.program()));
        return 0;
      case 'version':
        this.#io.out(versionText);
        return 0;
      case 'restore':
        return restore(this.#io, {
          startChange: (change) => startChange(this.#kernel.client, change),
          execute: (other) => this.execute(other),
        });
      case 'list':
        return this.#list(command.service, command.format);
      case 'list-connections':
        return this.#listConnections(command.format, command.engineData);
      case 'list-timeouts':
        return this.#listTimeouts(command.format);
      case 'list-daemons':
        return this.#listDaemons(command.format);
      case 'save':
        return this.#save(command.numeric, command.all);
      case 'diff':
        return this.#diff(command.file);
      default:
        throw new TypeError(`${command.do} is a change`);
    }
  }

  async #list(key: ServiceKey | undefined, format: ListFormat): Promise<number> {
    const info = key === undefined ? this.#kernel.info : undefined;
    const table = format.json ? tableJson(info) : listing(format, endpointText(format.numeric, this.#io.names));
    const statistics = format.json || format.view === 'stats' || format.view === 'rate';
    const services = key === undefined ? await this.#services(statistics) : [await this.#find(key)];
    if (info !== undefined && !format.json) this.#io.out(versionLine(info));
    await this.#print(services, table, { sorted: format.sorted, statistics });
    return 0;
  }

  #services(statistics: boolean): Promise<ServiceRow[]> {
    return this.#ask(() => this.#kernel.client.services({ statistics }));
  }

  async #find(key: ServiceKey): Promise<ServiceRow> {
    const row = await this.#ask(() => this.#kernel.client.findService(key));
    if (row === undefined) throw new Refusal('No such service', 1);
    return row;
  }

  /** Some services at a time: their servers are asked for, written and forgotten, for memory is dearer than anything else here. */
  async #print(
    services: readonly ServiceRow[],
    table: TableText,
    { sorted, statistics }: { readonly sorted: boolean; readonly statistics: boolean },
  ): Promise<void> {
    const { client } = this.#kernel;
    const ordered = sorted ? sortServices(services) : services;
    let out = table.head;
    for (let at = 0; at < ordered.length; at += WINDOW) {
      const some = ordered.slice(at, at + WINDOW);
      const servers = await this.#ask(() =>
        Promise.all(some.map(({ key }) => client.destinations(key, { statistics }))),
      );
      some.forEach((row, i) => {
        const listed = withServers(row, sorted ? sortServers(servers[i]!) : servers[i]!);
        out += (at + i === 0 ? '' : table.between) + table.service(listed);
      });
      this.#io.out(out);
      out = '';
    }
    this.#io.out(out + table.tail);
  }

  /** Listing failures leave with exit code 1. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw new Refusal(failureText(error, 'list'), 1);
    }
  }

  #listConnections(format: ListFormat, engineData: boolean): number {
    const text = this.#io.readFile(CONNECTIONS_FILE);
    if (text === undefined) throw new Refusal(`cannot open file ${CONNECTIONS_FILE}`, 1);
    const connections = readConnections(text);
    if (connections === undefined) throw new Refusal(`unexpected input from ${CONNECTIONS_FILE}`, 1);
    const { entries, whole } = connections;
    if (format.json) this.#io.out(connectionsJson(entries));
    else this.#io.out(connectionsText(entries, engineData, endpointText(format.numeric, this.#io.names)));
    if (!whole) throw new Refusal('', 1);
    return 0;
  }

  async #listTimeouts({ json }: ListFormat): Promise<number> {
    const timeouts = await this.#ask(() => this.#kernel.client.timeouts());
    const { tcp, tcpFin, udp } = timeouts;
    this.#io.out(json ? timeoutsJson(timeouts) : `Timeout (tcp tcpfin udp): ${tcp} ${tcpFin} ${udp}\n`);
    return 0;
  }

  async #listDaemons({ json }: ListFormat): Promise<number> {
    const daemons = await this.#ask(() => this.#kernel.client.daemons());
    this.#io.out(json ? daemonsJson(daemons) : daemons.map(daemonLine).join(''));
    return 0;
  }

  async #save(numeric: boolean, all: boolean): Promise<number> {
    if (all) this.#io.out(timeoutsLine(await this.#ask(() => this.#kernel.client.timeouts())));
    const table = saveLines({ text: endpointText(numeric, this.#io.names), all });
    await this.#print(await this.#services(false), table, { sorted: true, statistics: false });
    return 0;
  }

  async #diff(file: string): Promise<number> {
    const text = this.#io.readFile(file);
    if (text === undefined) throw wrong(`cannot open file ${file}`);
    const { client } = this.#kernel;
    const [services, timeouts, daemons] = await this.#ask(() =>
      Promise.all([client.list({ statistics: false }), client.timeouts(), client.daemons()]),
    );
    const before = stageOf(services, timeouts, daemons);
    const after = stageOf(services, timeouts, daemons);
    const { names } = this.#io;
    playFile(after, text, { program: this.#io.program(), names, note: (line) => this.#io.err(`${line}\n`) });
    const lines = differences(before, after, names);
    this.#io.out(lines);
    return lines === '' ? 0 : 1;
  }
}

const withServers = (row: ServiceRow, destinations: ListedService['destinations']): ListedService => ({
  key: row.key,
  settings: row.settings,
  get statistics() {
    return row.statistics;
  },
  destinations,
});

const daemonLine = ({ state, interface: name, syncId, maxLength, group, port, ttl }: SyncDaemon): string =>
  `${state} sync daemon (mcast=${name}, syncid=${syncId}, maxlen=${maxLength ?? 0}, group=${group ?? '0.0.0.0'}, port=${port ?? 0}, ttl=${ttl ?? 0})\n`;
