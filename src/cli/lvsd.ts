import { dirname, join } from 'node:path';
import { openNetlink } from '../addon/netlink.js';
import type { Configuration } from '../config/configuration.js';
import { readConfigurationFile } from '../config/include.js';
import { EngineClient } from '../dataplane/client.js';
import { firstPlan } from '../director/preview.js';
import { decodeLastApplied } from '../director/ownership.js';
import { planJson, planText } from '../director/print-plan.js';
import { isLvsError } from '../errors.js';
import { IpvsClient } from '../ipvs/client.js';
import { IpvsForwarder } from '../ipvs/forwarder.js';
import type { Table } from '../model/table.js';
import { NETLINK_GENERIC } from '../netlink/generic.js';
import { systemClock } from '../system/clock.js';
import { stateFile } from '../system/state-file.js';
import { linesOfFiles } from './check/excerpt.js';
import { complaintsText } from './complaints.js';
import { tableOf } from './engine-socket.js';
import type { Output } from './face.js';
import { type Order, readOptionsOf, runtimeFile } from './lvsd-options.js';

/** `lvsd plan`: what a start would change in the kernel and in our own engine. */
export async function plan(order: Order, output: Output, environment: NodeJS.ProcessEnv): Promise<number> {
  const reading = readConfigurationFile(order.file, readOptionsOf(order, environment));
  output.err(complaintsText(reading.diagnostics, { lines: linesOfFiles() }));
  const { configuration } = reading;
  if (configuration === undefined) return 1;
  const path = order.state ?? configuration.globals.stateFile ?? runtimeFile(environment, 'director.json');
  const remembered = await stateFile(path).read();
  const last = (remembered === undefined ? undefined : decodeLastApplied(remembered)) ?? new Map();
  const table = new Map([
    ...(await kernelTable(needsKernel(configuration))),
    ...(await engineTable(join(dirname(path), 'engine.sock'))),
  ]);
  const changes = firstPlan(configuration, { table, last });
  output.out(order.json ? planJson(changes) : planText(changes));
  return 0;
}

const nothing: Table = new Map();

/** Whether a service of the file is the kernel's. */
const needsKernel = ({ virtualServers }: Configuration): boolean =>
  virtualServers.some(({ services }) => services.some(({ settings }) => settings.engine === undefined));

/** @throws LvsError IPVS_UNAVAILABLE and others, where it is needed */
async function kernelTable(isNeeded: boolean): Promise<Table> {
  const client = new IpvsClient(openNetlink(NETLINK_GENERIC));
  try {
    await client.probe();
    return await new IpvsForwarder(client).read();
  } catch (error) {
    if (isNeeded || !isLvsError(error, 'IPVS_UNAVAILABLE')) throw error;
    return nothing;
  } finally {
    client.close();
  }
}

/** Nothing, where none runs. */
async function engineTable(path: string): Promise<Table> {
  try {
    const client = await EngineClient.connect({ path, clock: systemClock });
    try {
      return await tableOf(client);
    } finally {
      client.close();
    }
  } catch (error) {
    if (isLvsError(error, 'ENGINE_ABSENT')) return nothing;
    throw error;
  }
}
