import { LvsError } from '../errors.js';
import { type DestinationKey, destinationName } from '../model/destination.js';
import { type ServiceKey, serviceName, type ServiceSettings } from '../model/service.js';
import { KernelRefusal } from '../netlink/errno.js';
import { FamilyMissing } from '../netlink/generic.js';

/** What a command was about, so that its refusal can name it. Names are made only then: 50,000 commands go well. */
export interface Subject {
  readonly operation: string;
  readonly service?: ServiceKey;
  /** Of a command that names a scheduler, which ENOENT would be about. */
  readonly settings?: ServiceSettings;
  readonly destination?: DestinationKey;
  /** Which sync daemon: `master` or `backup`. */
  readonly daemon?: string;
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
export function explain(cause: unknown, subject: Subject): unknown {
  if (cause instanceof FamilyMissing) return new LvsError('IPVS_UNAVAILABLE', [], { cause });
  if (!(cause instanceof KernelRefusal)) return cause;
  const { operation, settings } = subject;
  const object = objectOf(subject);
  switch (cause.errno) {
    case 'EPERM':
      return new LvsError('IPVS_NO_PERMISSION', [operation], { cause });
    case 'EEXIST':
      return new LvsError('IPVS_EXISTS', [operation, object], { cause });
    case 'ESRCH':
      if (subject.daemon !== undefined) return new LvsError('IPVS_NO_SUCH_DAEMON', [operation, object], { cause });
      return new LvsError(
        'IPVS_NO_SUCH_SERVICE',
        [operation, subject.service === undefined ? object : serviceName(subject.service)],
        { cause },
      );
    case 'ENOENT':
      if (settings === undefined) return new LvsError('IPVS_NO_SUCH_DESTINATION', [operation, object], { cause });
      return new LvsError('IPVS_NO_SCHEDULER', [operation, schedulerOf(settings)], { cause });
    default:
      return new LvsError('IPVS_REFUSED', [operation, object, cause.words ?? reasons[cause.errno] ?? cause.errno], {
        cause,
      });
  }
}

function objectOf({ service, destination, daemon }: Subject): string {
  if (destination !== undefined) return destinationName(destination);
  return service === undefined ? (daemon ?? '') : serviceName(service);
}

/** The kernel does not say which of the two it lacks. */
const schedulerOf = ({ scheduler, persistenceEngine }: ServiceSettings): string =>
  persistenceEngine === '' ? scheduler : `${scheduler}' or '${persistenceEngine}`;
