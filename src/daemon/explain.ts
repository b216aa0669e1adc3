import type { ExplainStep, Explanation, SentFrame } from '../cli/explain.js';
import { type AskedPacket, packetName } from '../dataplane/asked-packet.js';
import { frameOf } from '../dataplane/frame.js';
import { LvsError } from '../errors.js';
import type { Connection } from '../ipvs/proc.js';
import { readIpvsSysctl } from '../ipvs/sysctls.js';
import type { Links } from '../links/links.js';
import { reasonOf } from '../system/log.js';
import type { Sysctl } from '../system/sysctl.js';
import type { Engine } from './engine.js';
import { explainKernel, type KernelExplanation, type KernelRules } from './explain-kernel.js';
import type { KernelView } from './kernel-view.js';

export interface Explainers {
  readonly engine: Pick<Engine, 'running' | 'portFor' | 'portName' | 'explain'> | undefined;
  /** undefined: the kernel has no IPVS. */
  readonly kernel: KernelView | undefined;
  readonly sysctl: Sysctl | undefined;
  readonly links: Pick<Links, 'list' | 'routeTo'> | undefined;
}

/**
 * What becomes of a packet. The engine meets packets first: what it leaves to the kernel is the kernel's to explain, if that has a service
 * or a connection for it. @throws LvsError EXPLAIN_NOBODY, ENGINE_CANNOT and those of the engine's client
 */
export async function explainPacket(
  owners: Explainers,
  packet: AskedPacket,
  at: string | undefined,
): Promise<Explanation> {
  const { engine, kernel } = owners;
  const byEngine = engine?.running === true ? await explainByEngine(engine, packet, at) : undefined;
  if (byEngine !== undefined && (byEngine.verdict !== 'pass' || kernel === undefined)) return byEngine;
  if (kernel === undefined) throw new LvsError('EXPLAIN_NOBODY', []);
  const told = await explainByKernel(owners, kernel, packet);
  if (byEngine !== undefined && !told.concerned) return byEngine;
  return kernelExplanation(packet, at, told);
}

/** What native/engine's explain tells. */
interface EngineTold {
  readonly steps: readonly ExplainStep[];
  readonly verdict: string;
  readonly reason?: string;
  readonly port: number;
  readonly frame: string;
  readonly answers: readonly { readonly port: number; readonly frame: string }[];
}

async function explainByEngine(
  engine: NonNullable<Explainers['engine']>,
  packet: AskedPacket,
  at: string | undefined,
): Promise<Explanation> {
  const { name, mac } = engine.portFor(at, packet.client.address);
  return engineExplanation(packet, name, await engine.explain(name, frameOf(packet, mac)), (port) =>
    engine.portName(port),
  );
}

/** What the engine's own answer comes to. Pure. */
export function engineExplanation(
  packet: AskedPacket,
  at: string,
  json: string,
  portName: (index: number) => string,
): Explanation {
  const told = JSON.parse(json) as EngineTold;
  const sent = ({ port, frame }: { readonly port: number; readonly frame: string }): SentFrame => ({
    port: portName(port),
    frame,
  });
  return {
    packet: packetName(packet),
    by: 'engine',
    interface: at,
    steps: told.steps,
    verdict: told.verdict,
    reason: told.reason ?? null,
    out: told.frame === '' ? null : sent(told),
    answers: told.answers.map(sent),
  };
}

/** Of what the kernel tells. Pure. */
export const kernelExplanation = (
  packet: AskedPacket,
  at: string | undefined,
  { steps, verdict }: Pick<KernelExplanation, 'steps' | 'verdict'>,
): Explanation => ({
  packet: packetName(packet),
  by: 'kernel',
  interface: at ?? null,
  steps,
  verdict,
  reason: null,
  out: null,
  answers: [],
});

async function explainByKernel(
  { sysctl, links }: Explainers,
  kernel: KernelView,
  packet: AskedPacket,
): Promise<KernelExplanation> {
  const [services, connections, rules, target] = await Promise.all([
    kernel.services(),
    connectionsAbout(kernel, packet),
    rulesOf(sysctl),
    wayTo(links, packet.target.address),
  ]);
  const told = explainKernel({ services, connections, rules, targetIsLocal: target?.isLocal }, packet);
  const way = told.server === undefined ? undefined : await wayTo(links, told.server.address);
  if (way === undefined) return told;
  const { steps } = told;
  return { ...told, steps: [...steps.slice(0, -1), pathStep(told.server?.address ?? '', way), ...steps.slice(-1)] };
}

/** Its own, those that it may answer, and templates. */
async function connectionsAbout(kernel: KernelView, { client, target }: AskedPacket): Promise<readonly Connection[]> {
  const about: Connection[] = [];
  for await (const row of kernel.connections()) {
    const isOwn = row.clientAddress === client.address && row.clientPort === client.port;
    const isAnswered = row.clientAddress === target.address && row.destinationAddress === client.address;
    if (row.clientPort === 0 || isOwn || isAnswered) about.push(row);
  }
  return about;
}

/** What a kernel that does not tell does. */
const usualRules: KernelRules = { sloppyTcp: false, expireQuiescentTemplate: false, connReuseMode: 1 };

async function rulesOf(sysctl: Sysctl | undefined): Promise<KernelRules> {
  if (sysctl === undefined) return usualRules;
  try {
    const [sloppy, expire, reuse] = await Promise.all([
      readIpvsSysctl(sysctl, 'sloppy_tcp'),
      readIpvsSysctl(sysctl, 'expire_quiescent_template'),
      readIpvsSysctl(sysctl, 'conn_reuse_mode'),
    ]);
    return { sloppyTcp: sloppy !== 0, expireQuiescentTemplate: expire !== 0, connReuseMode: reuse };
  } catch (error) {
    if (error instanceof LvsError) return usualRules;
    throw error;
  }
}

type Way =
  | { readonly interface: string; readonly isLocal: boolean; readonly gateway: string | undefined }
  | { readonly why: string; readonly isLocal: false };

/** undefined: nobody can say. */
async function wayTo(links: Explainers['links'], address: string): Promise<Way | undefined> {
  if (links === undefined) return undefined;
  try {
    const { index, gateway } = await links.routeTo(address);
    const link = (await links.list()).find((one) => one.index === index);
    return { interface: link?.name ?? `interface ${index ?? 0}`, isLocal: link?.loopback === true, gateway };
  } catch (error) {
    if (error instanceof LvsError) return { why: reasonOf(error), isLocal: false };
    throw error;
  }
}

function pathStep(address: string, way: Way): ExplainStep {
  if ('why' in way) return { step: 'path', found: false, text: `There is no way to ${address}: ${way.why}.` };
  if (way.isLocal) return { step: 'path', found: true, text: `${address} is this machine itself.` };
  const next = way.gateway === undefined ? 'the neighbour itself' : way.gateway;
  return {
    step: 'path',
    found: true,
    nextHop: way.gateway ?? address,
    portName: way.interface,
    text: `It goes by ${way.interface}, next hop is ${next}.`,
  };
}
