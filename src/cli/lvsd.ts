import { openNetlink } from '../addon/netlink.js';
import { readConfigurationFile } from '../config/include.js';
import { firstPlan } from '../director/preview.js';
import { decodeLastApplied } from '../director/ownership.js';
import { planJson, planText } from '../director/print-plan.js';
import { LvsError } from '../errors.js';
import { IpvsClient } from '../ipvs/client.js';
import { IpvsForwarder } from '../ipvs/forwarder.js';
import type { Forwarder } from '../model/change.js';
import { NETLINK_GENERIC } from '../netlink/generic.js';
import { stateFile } from '../system/state-file.js';
import { linesOfFiles } from './check/excerpt.js';
import { complaintsText } from './complaints.js';
import { type Order, runtimeFile } from './lvsd-options.js';
import type { Output } from './realserver.js';

/** `lvsd plan`: what a start would change in the kernel. */
export async function plan(order: Order, output: Output, environment: NodeJS.ProcessEnv): Promise<number> {
  const reading = readConfigurationFile(order.file, { environment });
  output.err(complaintsText(reading.diagnostics, { lines: linesOfFiles() }));
  const { configuration } = reading;
  if (configuration === undefined) return 1;
  const path = order.state ?? configuration.globals.stateFile ?? runtimeFile(environment, 'director.json');
  const remembered = await stateFile(path).read();
  const last = (remembered === undefined ? undefined : decodeLastApplied(remembered)) ?? new Map();
  const table = await withKernel((kernel) => kernel.read());
  const changes = firstPlan(configuration, { table, last });
  output.out(order.json ? planJson(changes) : planText(changes));
  return 0;
}

async function withKernel<T>(run: (kernel: Forwarder) => Promise<T>): Promise<T> {
  const client = new IpvsClient(openNetlink(NETLINK_GENERIC));
  try {
    await client.probe();
    return await run(new IpvsForwarder(client));
  } finally {
    client.close();
  }
}

/** What went wrong, as a sentence on stderr and exit status 1; mistakes of ours are thrown on. */
export async function orSay(output: Output, program: string, run: () => Promise<number> | number): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof LvsError)) throw error;
    output.err(`${program}: ${error.message}\n`);
    return 1;
  }
}
