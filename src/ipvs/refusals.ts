import { LvsError } from '../errors.js';
import { KernelRefusal } from '../netlink/errno.js';

/** What a command was about, so that its refusal can name it. */
export interface Subject {
  readonly operation: string;
  readonly service?: string;
  readonly destination?: string;
  /** Which sync daemon: `master` or `backup`. */
  readonly daemon?: string;
  /** The scheduler or persistence engine that ENOENT would be about. */
  readonly scheduler?: string;
}

const reasons: Readonly<Record<string, string>> = {
  EINVAL: 'the kernel calls it invalid (address not unicast? family without tunnel? gue without port?)',
  ERANGE: 'a number is out of range (lower threshold above the upper one?)',
  ENODEV: 'no such network device',
  EAFNOSUPPORT: 'this kernel has no IPv6 in IPVS',
  EBUSY: 'it is in use',
  ENOMEM: 'the kernel has no memory for it',
};

/** The catalogue's error for a kernel's no. Transport failures pass as they are. */
export function explain(
  cause: unknown,
  { operation, service = '', destination = '', daemon, scheduler }: Subject,
): unknown {
  if (!(cause instanceof KernelRefusal)) return cause;
  const object = daemon ?? (destination || service);
  switch (cause.errno) {
    case 'EPERM':
      return new LvsError('IPVS_NO_PERMISSION', [operation], { cause });
    case 'EEXIST':
      return new LvsError('IPVS_EXISTS', [operation, object], { cause });
    case 'ESRCH':
      if (daemon !== undefined) return new LvsError('IPVS_NO_SUCH_DAEMON', [operation, daemon], { cause });
      return new LvsError('IPVS_NO_SUCH_SERVICE', [operation, service], { cause });
    case 'ENOENT':
      return scheduler === undefined
        ? new LvsError('IPVS_NO_SUCH_DESTINATION', [operation, destination], { cause })
        : new LvsError('IPVS_NO_SCHEDULER', [operation, scheduler], { cause });
    default:
      return new LvsError('IPVS_REFUSED', [operation, object, cause.words ?? reasons[cause.errno] ?? cause.errno], {
        cause,
      });
  }
}
