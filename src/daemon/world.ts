import type { Configuration } from '../config/configuration.js';
import type { Forwarder } from '../model/change.js';
import type { ProbePorts } from '../health/ports.js';
import type { Links } from '../links/links.js';
import type { Log } from '../system/log.js';
import type { Sysctl } from '../system/sysctl.js';
import type { Engine } from './engine.js';
import type { KernelView } from './kernel-view.js';
import type { AddressSource } from './local-addresses.js';
import type { SettingsPort } from './kernel-settings.js';
import type { VrrpKeeper } from './vrrp-keeper.js';

/** What the daemon drives; a test passes fakes. */
export interface World extends Omit<ProbePorts, 'runCommand'> {
  readonly forwarder: Forwarder;
  /** Our own engine, which `forwarder` drives beside the kernel; undefined: there is none. */
  readonly engine?: Engine;
  /** What the kernel's IPVS tells of itself; undefined: there is none. */
  readonly kernel?: KernelView;
  /** undefined: there are no settings beside the table. */
  readonly settings?: SettingsPort;
  /** Packets that get a mark, as the file says. */
  readonly marks?: { apply(rules: Configuration['fwmarkRules']): Promise<boolean>; remove(): Promise<boolean> };
  /** undefined: no sysctl is set, and probes go to the servers' own addresses. */
  readonly sysctl?: Sysctl;
  readonly links?: Pick<Links, 'list' | 'routeTo'>;
  /** The addresses of this machine; undefined: ha_suspend takes all to be here. */
  readonly addresses?: AddressSource;
  /** The process that holds the virtual addresses; undefined: there is none. */
  readonly vrrp?: Pick<VrrpKeeper, 'follow' | 'report' | 'sessions' | 'pair' | 'failover' | 'tellPair' | 'close'>;
  readonly log: Log;
}

/** The file, read again: a configuration, or every complaint as a line of text. */
export interface ConfigurationSource {
  readonly path: string;
  read(): { readonly configuration: Configuration | undefined; readonly complaints: readonly string[] };
}
