import { isLvsError } from '../../errors.js';
import type { IpvsClient } from '../../ipvs/client.js';
import type { Info } from '../../ipvs/rows.js';
import type { Io } from './io.js';
import { errnoText, failureText } from './kernel-text.js';
import { Refusal } from './refusal.js';

export interface Kernel {
  readonly client: IpvsClient;
  /** As it was at the start: a run of -R shows this one all along. */
  readonly info: Info;
}

/** Opened before arguments are looked at; where it fails the module is tried once. Throws a refusal. */
export async function openKernel(io: Io): Promise<Kernel> {
  try {
    return await reach(io);
  } catch (error) {
    if (io.loadModule()) return await reach(io).catch((again: unknown) => Promise.reject(unavailable(io, again)));
    throw unavailable(io, error);
  }
}

async function reach(io: Io): Promise<Kernel> {
  const client = io.open();
  try {
    return { client, info: await client.info() };
  } catch (error) {
    client.close();
    throw error;
  }
}

function unavailable(io: Io, error: unknown): Refusal {
  const text =
    "Can't initialize ipvs: " +
    `${reason(io, error)}\nAre you sure that IP Virtual Server is built in the kernel or as module?`;
  return new Refusal(text, 2);
}

/** Without the family the original asks by getsockopt(2), which without privileges fails already at its raw socket. */
function reason(io: Io, error: unknown): string {
  const absent = isLvsError(error, 'IPVS_UNAVAILABLE') || failureErrno(error) === 'ENOENT';
  if (!absent) return failureText(error, 'list-daemons');
  return errnoText(io.privileged() ? 'ENOPROTOOPT' : 'EPERM', 'list-daemons') ?? '';
}

const failureErrno = (error: unknown): unknown =>
  error instanceof Error && error.cause instanceof Error && 'errno' in error.cause ? error.cause.errno : undefined;
