import type { Configuration } from '../config/configuration.js';
import { LvsError } from '../errors.js';
import { reasonOf } from '../system/log.js';
import { type Document, documentsFor, documentsOf, fingerprintOfDocuments, readDocuments } from './documents.js';
import type { Etcd } from './etcd.js';
import { keysBelow, type KeyValue } from './etcd-codec.js';
import type { Fleet } from './fleet.js';
import {
  documentName,
  type FleetChecked,
  type FleetOrder,
  type FleetSeen,
  type FleetVersion,
  type FleetWritten,
} from './orders.js';
import { differences, readReport } from './report.js';

export interface DeskOptions {
  readonly fleet: Pick<Fleet, 'status' | 'followed' | 'etcd'>;
  /** Whether these virtual servers go with the file and what else there is. @throws LvsError LAYERS_CLASH */
  readonly fits: (layer: Pick<Configuration, 'virtualServers'>) => void;
  /** ISO. */
  readonly now: () => string;
}

/** An etcd that we know, and where our things are in it. */
interface Place {
  readonly etcd: Etcd;
  readonly followed: NonNullable<Fleet['followed']>;
}

const MOST_VERSIONS = 50;

/** Carries out an operator's orders for the fleet, by way of the etcd that this director follows. */
export class FleetDesk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** @throws LvsError FLEET_NOBODY, FLEET_AWAY, FLEET_ETCD, FLEET_DOCUMENT, FLEET_UNKNOWN, FLEET_CHANGED */
  async carryOut(
    order: FleetOrder,
  ): Promise<FleetSeen | FleetChecked | FleetWritten | readonly FleetVersion[] | string> {
    switch (order.what) {
      case 'status':
        return this.#seen();
      case 'check':
        return (await this.#checked(this.#place(), order)).checked;
      case 'put':
        return this.#put(order);
      case 'get':
        return (await this.#find(this.#place(), order, order.revision ?? undefined)).value;
      case 'history':
        return this.#history(order);
      case 'rollback': {
        const { value } = await this.#find(this.#place(), order, order.revision);
        return this.#put({ ...order, what: 'put', text: value, comment: `rollback to ${order.revision}` });
      }
      case 'remove':
        return this.#remove(order);
      case 'promote':
        return this.#promote(order);
    }
  }

  /** Also where etcd does not answer: then what this director knows of itself. */
  async #seen(): Promise<FleetSeen> {
    const { status } = this.#options.fleet;
    if (status === undefined) throw new LvsError('FLEET_NOBODY', []);
    const { name: here, prefix, report } = status;
    try {
      const { etcd, followed } = this.#place();
      const [kept, told] = await Promise.all([
        etcd.range(followed.keys.documents),
        etcd.range(followed.keys.directors),
      ]);
      const documents = documentsOf(prefix, kept.items);
      const directors = told.items
        .map(({ value }) => readReport(value))
        .filter((one) => one !== undefined)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const wanted = (director: string): string => fingerprintOfDocuments(documentsFor(director, documents));
      return {
        here,
        prefix,
        away: null,
        revision: kept.revision,
        documents: documents.map(({ text, ...rest }) => ({ ...rest, bytes: Buffer.byteLength(text) })),
        directors,
        differences: [
          ...(directors.some(({ run }) => run === report.run)
            ? []
            : [`${here} is not among the directors: its report is of somebody else, or on its way`]),
          ...differences(directors, wanted),
        ],
      };
    } catch (error) {
      const away = reasonOf(error);
      return {
        here,
        prefix,
        away,
        revision: report.seen,
        documents: [],
        directors: [report],
        differences: [`${here} does not reach etcd: ${away}`],
      };
    }
  }

  /** @throws LvsError FLEET_NOBODY, FLEET_AWAY */
  #place(): Place {
    const { followed, etcd, status } = this.#options.fleet;
    if (followed === undefined) throw new LvsError('FLEET_NOBODY', []);
    if (etcd === undefined) throw new LvsError('FLEET_AWAY', [status?.why ?? 'it is not opened yet']);
    return { etcd, followed };
  }

  /** All documents as they would be with this one, for whoever it is for. @throws LvsError FLEET_DOCUMENT */
  async #checked(
    { etcd, followed: { settings, keys, name: here } }: Place,
    { name, only, text }: Pick<Document, 'name' | 'only' | 'text'>,
  ): Promise<{ readonly checked: FleetChecked; readonly modRevision: number }> {
    const { items } = await etcd.range(keys.documents);
    const all = documentsOf(settings.prefix, items);
    const isThis = (one: Document): boolean => one.name === name && one.only === only;
    const modRevision = all.find(isThis)?.modRevision ?? 0;
    const director = only ?? here;
    const others = all.filter((one) => !isThis(one) && !(one.name === name && one.only === director));
    const next = documentsFor(director, [...others, { name, only, text, modRevision: 0, version: 0 }]);
    const read = readDocuments(next, { director, allowScripts: settings.allowScripts });
    const refuse = (why: string): never => {
      throw new LvsError('FLEET_DOCUMENT', [documentName(name, only), why], { cause: read.errors });
    };
    if (read.configuration === undefined) return refuse(read.errors.join('; '));
    try {
      if (director === here) this.#options.fits(read.configuration);
    } catch (error) {
      refuse(reasonOf(error));
    }
    return {
      checked: { warnings: read.warnings, virtualServers: read.configuration.virtualServers.length },
      modRevision,
    };
  }

  async #put(order: Extract<FleetOrder, { what: 'put' }>): Promise<FleetWritten> {
    const place = this.#place();
    const { etcd, followed } = place;
    const { name, only, text } = order;
    const { checked, modRevision } = await this.#checked(place, order);
    const key = followed.keys.document(name, only);
    const writes = [
      { put: key, value: text },
      { put: followed.keys.note(name, only), value: this.#note(order.who, order.comment) },
    ];
    const written = await etcd.write([{ key, modRevision }], writes);
    if (written === undefined) throw new LvsError('FLEET_CHANGED', [documentName(name, only)]);
    return { ...checked, revision: written.revision };
  }

  async #remove({ name, only }: Extract<FleetOrder, { what: 'remove' }>): Promise<FleetWritten> {
    const place = this.#place();
    const { etcd, followed } = place;
    const { key, modRevision } = await this.#find(place, { name, only });
    const writes = [{ delete: key }, { delete: followed.keys.note(name, only) }];
    const written = await etcd.write([{ key, modRevision }], writes);
    if (written === undefined) throw new LvsError('FLEET_CHANGED', [documentName(name, only)]);
    return { revision: written.revision, warnings: [], virtualServers: 0 };
  }

  /** In one transaction: nobody sees both, or none. */
  async #promote({ name, only, who }: Extract<FleetOrder, { what: 'promote' }>): Promise<FleetWritten> {
    const place = this.#place();
    const { etcd, followed } = place;
    const tried = await this.#find(place, { name, only });
    const { checked, modRevision } = await this.#checked(place, { name, only: null, text: tried.value });
    const key = followed.keys.document(name, null);
    const written = await etcd.write(
      [{ key, modRevision }, tried],
      [
        { put: key, value: tried.value },
        { put: followed.keys.note(name, null), value: this.#note(who, `as ${only} had it`) },
        { delete: tried.key },
        { delete: followed.keys.note(name, only) },
      ],
    );
    if (written === undefined) throw new LvsError('FLEET_CHANGED', [documentName(name, null)]);
    return { ...checked, revision: written.revision };
  }

  /** Newest first, as far back as etcd keeps what was. */
  async #history({ name, only }: Extract<FleetOrder, { what: 'history' }>): Promise<readonly FleetVersion[]> {
    const place = this.#place();
    const versions: FleetVersion[] = [];
    let next: KeyValue | undefined = await this.#find(place, { name, only });
    while (next !== undefined && versions.length < MOST_VERSIONS) {
      const { key, modRevision, version, value }: KeyValue = next;
      const [note] = await this.#at(place, place.followed.keys.note(name, only), modRevision);
      const said = note?.modRevision === modRevision ? note.value : '{}';
      versions.push({ revision: modRevision, version, bytes: Buffer.byteLength(value), ...readNote(said) });
      [next] = version <= 1 ? [] : await this.#at(place, key, modRevision - 1).catch(() => []);
    }
    return versions;
  }

  async #find(place: Place, { name, only }: Pick<Document, 'name' | 'only'>, revision?: number): Promise<KeyValue> {
    const [found] = await this.#at(place, place.followed.keys.document(name, only), revision);
    if (found === undefined) throw new LvsError('FLEET_UNKNOWN', [documentName(name, only)]);
    return found;
  }

  /** One key. */
  async #at({ etcd }: Place, key: string, revision?: number): Promise<readonly KeyValue[]> {
    const { items } = await etcd.range({ from: key, end: keysBelow(key).end }, revision);
    return items.filter((one) => one.key === key);
  }

  #note(who: string, comment: string): string {
    return JSON.stringify({ at: this.#options.now(), who, comment });
  }
}

function readNote(text: string): Pick<FleetVersion, 'at' | 'who' | 'comment'> {
  try {
    const { at = '', who = '', comment = '' } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return { at: String(at), who: String(who), comment: String(comment) };
  } catch {
    return { at: '', who: '', comment: '' };
  }
}
