import { KernelRefusal } from '../../netlink/errno.js';
import type { Command } from './command.js';

/** strerror(3) of what IPVS and its sockets can answer; the C library's words, which Node does not have. */
const errorTexts: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  EAGAIN: 'Resource temporarily unavailable',
  EBADF: 'Bad file descriptor',
  EBUSY: 'Device or resource busy',
  EDESTADDRREQ: 'Destination address required',
  EEXIST: 'File exists',
  EFAULT: 'Bad address',
  EHOSTUNREACH: 'No route to host',
  EINTR: 'Interrupted system call',
  EIO: 'Input/output error',
  EMSGSIZE: 'Message too long',
  ENETDOWN: 'Network is down',
  ENETUNREACH: 'Network is unreachable',
  ENFILE: 'Too many open files in system',
  EMFILE: 'Too many open files',
  ENOBUFS: 'No buffer space available',
  ENODEV: 'No such device',
  ENOENT: 'No such file or directory',
  ENOMEM: 'Memory allocation problem',
  ENOPROTOOPT: 'Protocol not available',
  ENOSPC: 'No space left on device',
  ENOTCONN: 'Transport endpoint is not connected',
  EOPNOTSUPP: 'Operation not supported',
  EOVERFLOW: 'Value too large for defined data type',
  EPERM: 'Permission denied (you must be root)',
  EPROTONOSUPPORT: 'Protocol not supported',
  ERANGE: 'Numerical result out of range',
  ESRCH: 'No such process',
  ETIMEDOUT: 'Connection timed out',
  EINVAL: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
};

type Texts = Readonly<Record<string, string>>;

const service: Texts = {
  EEXIST: 'Service already exists',
  ESRCH: 'No such service',
  ENOENT: 'Scheduler or persistence engine not found',
};
const server: Texts = {
  EEXIST: 'Destination already exists',
  ESRCH: 'Service not defined',
  ENOENT: 'No such destination',
};

/** What an errno means to a command, where it means something of its own. */
const commandTexts: Readonly<Partial<Record<Command['do'], Texts>>> = {
  'add-service': service,
  'edit-service': service,
  'delete-service': service,
  zero: service,
  list: service,
  'add-server': server,
  'edit-server': server,
  'delete-server': server,
  'start-daemon': { EEXIST: 'Daemon has already run' },
  'stop-daemon': { ESRCH: 'No daemon is running' },
};

/** What ipvsadm says when the kernel said no, or when its answer could not be had. */
export function failureText(error: unknown, command: Command['do']): string {
  const refusal = kernelRefusal(error);
  if (refusal === undefined) return error instanceof Error ? error.message : String(error);
  return errnoText(refusal.errno, command) ?? refusal.message;
}

export const errnoText = (errno: string, command: Command['do']): string | undefined =>
  commandTexts[command]?.[errno] ?? errorTexts[errno];

export function kernelRefusal(error: unknown): KernelRefusal | undefined {
  if (error instanceof KernelRefusal) return error;
  return error instanceof Error && error.cause instanceof KernelRefusal ? error.cause : undefined;
}
