/**
 * config/ — keepalived-style text → words → blocks → typed configuration, with every error at its place. Pure, but for include.ts.
 * text: parse.ts, expand.ts, lexer.ts, tree-builder.ts · words: vocabulary.ts and a table per block · result: configuration.ts, build.ts, validate.ts
 */
import { announceOf, announceTerm } from './announce.js';
import { apiOf, apiTerm } from './api.js';
import { buildVirtualServer } from './build.js';
import type { Configuration, VirtualServer } from './configuration.js';
import { type Diagnostic, Diagnostics } from './diagnostics.js';
import { fleetOf, fleetTerm } from './fleet.js';
import { fwmarkRule } from './fwmark-rules.js';
import { buildGlobals, checkerAlertsOf, globalWords } from './global-defs.js';
import { bfdInstances } from './bfd-instance.js';
import { outermostWithoutEffect } from './later.js';
import { metricsTerm, usualMetrics } from './metrics.js';
import { byName, valuesOf } from './named.js';
import { namespaceWords } from './namespaces.js';
import { sslOf, sslTerm } from './ssl.js';
import { staticBlocks } from './static/blocks.js';
import { trackFiles } from './track-file.js';
import { buildVrrp, checkTrackGroups, syncDaemonOf, vrrpBlocks } from './vrrp/blocks.js';
import { parse, type ParseOptions, type SourceText, type SyntaxTree } from './parse.js';
import { placeOfWord, type Statement } from './tree.js';
import type { Shape } from './tree-builder.js';
import { blocksOf, type Reuse } from './reuse.js';
import { validate, validateServers } from './validate.js';
import { virtualServer, type VirtualServerDraft, virtualServerWords } from './virtual-server.js';
import { type Group, virtualServerGroup } from './virtual-server-group.js';
import { blockOf, each, obsolete } from './terms.js';
import { webhooksOf, webhookTerm } from './webhook.js';
import { type Block, readBlock, type Term, type Values, type Vocabulary } from './vocabulary.js';

export interface Reading {
  /** undefined if there is any error. */
  readonly configuration: Configuration | undefined;
  /** All of them, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was read, the main file first, each as often as it was included. */
  readonly sources: readonly SourceText[];
}

export interface ReadOptions extends ParseOptions {
  /** What the last reading of the same file left, and what is left to the next. */
  readonly reuse?: Reuse;
}

/** Text → configuration and complaints. Never throws for what is in the text. */
export function readConfiguration(source: SourceText, options: ReadOptions = {}): Reading {
  const diagnostics = new Diagnostics();
  const tree = parse(source, options, shape, diagnostics);
  const configuration = understand(tree, diagnostics, options.reuse);
  return {
    configuration: diagnostics.hasErrors ? undefined : configuration,
    diagnostics: diagnostics.sorted(tree.files),
    sources: tree.sources,
  };
}

const group = each(virtualServerGroup);

/** The lines of all global_defs blocks are read together. */
const globalDefs: Term<readonly { readonly header: Statement; readonly lines: readonly Statement[] }[]> = each({
  words: globalWords,
  read: (statement, context) => ({ header: statement, lines: blockOf(statement, context) ?? [] }),
});

/**
 * Read when it is wanted, and thrown away then: of thousands of large blocks no more than one is there half-read, and what is known from
 * the last reading is not read at all. It complains then; complaints are sorted.
 */
const virtualServerBlock: Term<{ readonly statement: Statement; readonly read: () => VirtualServerDraft | undefined }> =
  {
    words: virtualServerWords,
    read: (statement, context) => ({ statement, read: () => virtualServer.read(statement, context) }),
  };

/** The words that stand outermost. */
export const outermost = {
  ...outermostWithoutEffect,
  ...namespaceWords,
  ...vrrpBlocks,
  ...staticBlocks,
  track_file: trackFiles('track_file'),
  vrrp_track_file: obsolete('track_file', trackFiles('vrrp_track_file')),
  bfd_instance: bfdInstances,
  SSL: sslTerm,
  global_defs: globalDefs,
  virtual_server: each(virtualServerBlock),
  virtual_server_group: group,
  fwmark_rule: each(fwmarkRule),
  api: apiTerm,
  webhook: webhookTerm,
  metrics: metricsTerm,
  fleet: fleetTerm,
  announce: announceTerm,
} satisfies Vocabulary;

/** Words that mean a block wherever they stand, and words that are never inside another block. */
export const shape: Shape = {
  opens: new Set(
    `global_defs virtual_server virtual_server_group fwmark_rule real_server url vrrp_instance vrrp_script vrrp_sync_group
    vrrp_track_process vrrp_track_file garp_group static_ipaddress static_routes static_rules
    interface_up_down_delays linkbeat_interfaces SSL notification_email authentication auth_hmac virtual_ipaddress_excluded
    virtual_routes virtual_rules unicast_peer track_interface track_script track_process track_bfd
    bfd_instance virtual_ipaddress TCP_CHECK HTTP_GET SSL_GET SMTP_CHECK DNS_CHECK MISC_CHECK UDP_CHECK PING_CHECK
    FILE_CHECK BFD_CHECK GRPC_CHECK`.split(/\s+/),
  ),
  outermost: new Set(
    `global_defs virtual_server virtual_server_group fwmark_rule vrrp_instance vrrp_script vrrp_sync_group vrrp_track_process
    bfd_instance static_ipaddress static_routes static_rules interface_up_down_delays garp_group vrrp_track_file SSL`.split(
      /\s+/,
    ),
  ),
};

function understand(tree: SyntaxTree, diagnostics: Diagnostics, reuse: Reuse | undefined): Configuration {
  const { values } = readBlock('the outermost level', outermost, tree.statements, diagnostics);
  const definitions = values.global_defs ?? [];
  const lines = definitions.flatMap((block) => block.lines);
  const globals: Block<typeof globalWords> = readBlock('global_defs', globalWords, lines, diagnostics);
  const read = buildGlobals(globals, definitions[0]?.header, diagnostics);
  const settings = { ...read, syncDaemon: syncDaemonOf(values, globals, diagnostics) };
  const groups = groupsByName(values.virtual_server_group ?? [], diagnostics);
  const files = byName(values.track_file ?? [], diagnostics);
  const bfd = byName(values.bfd_instance ?? [], diagnostics);
  const options = {
    groups,
    engine: globals.values.lvs_engine ?? ('kernel' as const),
    logAllFailures: globals.values.checker_log_all_failures ?? false,
    alerts: checkerAlertsOf(globals),
    named: { ssl: sslOf(values.SSL, diagnostics), trackFiles: files, bfd },
  };
  const blocks = reuse === undefined ? undefined : blocksOf(tree.sources, tree.statements);
  /** Those about which nothing was said, by the names of their blocks. */
  const clear = new Map<string, VirtualServer>();
  const virtualServers: VirtualServer[] = [];
  for (const { statement, read } of values.virtual_server ?? []) {
    const name = blocks?.nameOf(statement);
    let virtual = name === undefined ? undefined : reuse?.find(blocks!, name);
    if (virtual === undefined) {
      const before = diagnostics.said;
      const draft = read();
      if (draft === undefined) continue;
      virtual = buildVirtualServer(draft, options, diagnostics);
      validateServers(virtual, diagnostics);
      if (name !== undefined && diagnostics.said === before) clear.set(name, virtual);
    } else clear.set(name!, virtual);
    virtualServers.push(virtual);
  }
  const fwmarkRules = values.fwmark_rule ?? [];
  validate(virtualServers, fwmarkRules, diagnostics);
  if (!diagnostics.hasErrors) reuse?.keep(blocks, clear);
  return {
    globals: settings,
    virtualServers,
    fwmarkRules,
    vrrp: buildVrrp(values, { globals: settings, trackFiles: files, bfd }, diagnostics),
    statics: staticsOf(values, diagnostics),
    trackFiles: valuesOf(files),
    bfd: valuesOf(bfd),
    netNamespace: values.net_namespace,
    netNamespaceIpvs: values.net_namespace_ipvs,
    api: apiOf(values.api, diagnostics),
    webhooks: webhooksOf(values.webhook, diagnostics),
    metrics: values.metrics ?? usualMetrics,
    fleet: fleetOf(values.fleet, settings.routerId, diagnostics),
    announce: announceOf(values.announce, diagnostics),
    files: tree.files,
  };
}

/** Its roles would follow those of the instance, which nobody plays yet. */
function staticsOf(values: Values<typeof outermost>, diagnostics: Diagnostics): Configuration['statics'] {
  const statics = {
    addresses: values.static_ipaddress ?? [],
    routes: values.static_routes ?? [],
    rules: values.static_rules ?? [],
    linkDelays: values.interface_up_down_delays ?? [],
  };
  const instances = new Map((values.vrrp_instance ?? []).map(({ name }) => [name, true]));
  return { ...statics, trackGroups: checkTrackGroups(values.track_group ?? [], instances, statics, diagnostics) };
}

function groupsByName(groups: readonly Group[], diagnostics: Diagnostics): ReadonlyMap<string, Group> {
  const byName = new Map<string, Group>();
  for (const one of groups) {
    const before = byName.get(one.name);
    if (before !== undefined) {
      const message = `virtual_server_group '${one.name}' is there already, in line ${before.header.line}`;
      diagnostics.error(placeOfWord(one.header, 1), message, { expected: 'another name' });
    }
    byName.set(one.name, before ?? one);
  }
  return byName;
}
