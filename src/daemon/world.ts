import type { Configuration } from '../config/configuration.js';
import type { Forwarder } from '../model/change.js';
import type { ProbePorts } from '../health/ports.js';
import type { Log } from '../system/log.js';
import type { SettingsPort } from './kernel-settings.js';

/** What the daemon drives; a test passes fakes. */
export interface World extends ProbePorts {
  readonly forwarder: Forwarder;
  /** undefined: there are no settings beside the table. */
  readonly settings?: SettingsPort;
  /** Packets that get a mark, as the file says. */
  readonly marks?: { apply(rules: Configuration['fwmarkRules']): Promise<boolean>; remove(): Promise<boolean> };
  readonly log: Log;
}

/** The file, read again: a configuration, or every complaint as a line of text. */
export interface ConfigurationSource {
  readonly path: string;
  read(): { readonly configuration: Configuration | undefined; readonly complaints: readonly string[] };
}
