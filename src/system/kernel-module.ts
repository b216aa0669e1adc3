import { execFile } from 'node:child_process';

const LIMIT_MS = 10_000;

/** modprobe(8) of one module; false if it could not be loaded, whatever the reason. */
export const loadKernelModule = (name: string): Promise<boolean> =>
  new Promise((resolve) => {
    execFile('/sbin/modprobe', ['--', name], { timeout: LIMIT_MS }, (error) => resolve(error === null));
  });
