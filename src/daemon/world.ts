import type { RouteBoard } from '../announce/announcer.js';
import type { Bundle } from '../config/bundle.js';
import type { Configuration } from '../config/configuration.js';
import type { Journal } from '../events/journal.js';
import type { Forwarder } from '../model/change.js';
import type { ProbePorts } from '../health/ports.js';
import type { Links } from '../links/links.js';
import type { Log } from '../system/log.js';
import type { ServiceManager } from '../system/notify-socket.js';
import type { Sysctl } from '../system/sysctl.js';
import type { Engine } from './engine.js';
import type { EngineSyncDaemon } from './engine-sync-daemon.js';
import type { KernelView } from './kernel-view.js';
import type { AddressSource } from './local-addresses.js';
import type { SettingsPort } from './kernel-settings.js';
import type { SyncKeeper } from './sync-keeper.js';
import type { VrrpKeeper } from './vrrp-keeper.js';

/** What the daemon drives; a test passes fakes. */
export interface World extends Omit<ProbePorts, 'runCommand'> {
  readonly forwarder: Forwarder;
  /** Our own engine, which `forwarder` drives beside the kernel; undefined: there is none. */
  readonly engine?: Engine;
  /** Its sessions in the kernel's sync protocol; undefined: there is none. */
  readonly engineSync?: Pick<EngineSyncDaemon, 'follow' | 'status' | 'close'>;
  /** What the kernel's IPVS tells of itself; undefined: there is none. */
  readonly kernel?: KernelView;
  /** undefined: there are no settings beside the table. */
  readonly settings?: SettingsPort;
  /** Packets that get a mark, as the file says. */
  readonly marks?: { apply(rules: Configuration['fwmarkRules']): Promise<boolean>; remove(): Promise<boolean> };
  /** undefined: no sysctl is set, and probes go to the servers' own addresses. */
  readonly sysctl?: Sysctl;
  readonly links?: Pick<Links, 'list' | 'routeTo'>;
  /** The kernel's routes that a routing daemon reads; undefined: none is told anything. */
  readonly routes?: RouteBoard;
  /** The addresses of this machine; undefined: ha_suspend takes all to be here. */
  readonly addresses?: AddressSource;
  /** The process that holds the virtual addresses; undefined: there is none. */
  readonly vrrp?: Pick<
    VrrpKeeper,
    'follow' | 'report' | 'sessions' | 'roles' | 'pair' | 'failover' | 'tellPair' | 'close'
  >;
  /** The process that synchronises connections, and the way to the other director; undefined: there is none. */
  readonly sync?: Pick<SyncKeeper, 'follow' | 'report' | 'peer' | 'answerPeer' | 'close'>;
  /** Of each netlink socket: answers that were refused, by kind; undefined: nobody counts. */
  readonly netlinkErrors?: () => Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What was told to `log`, as far as others may follow it; undefined: nothing. */
  readonly journal?: Journal;
  /** Is told when a reload begins and ends; undefined: nobody wants to know. */
  readonly manager?: Pick<ServiceManager, 'reloading' | 'reloaded'>;
  readonly log: Log;
}

/** A configuration, or every complaint as a line of text. */
export interface ReadSource {
  /** undefined: there are errors. */
  readonly configuration: Configuration | undefined;
  readonly complaints: readonly string[];
  /** What it was read from; absent: it cannot be read, or is none of files. */
  readonly files?: Bundle | undefined;
}

/** The file, read again each time. */
export interface ConfigurationSource {
  /** Absolute. */
  readonly path: string;
  /** `files`: as if these lay there. */
  read(files?: Bundle): ReadSource;
  /** Another file, for once; absent: there are no others. */
  readAt?(path: string): ReadSource;
}
