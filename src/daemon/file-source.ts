import { resolve } from 'node:path';
import { formatDiagnostic } from '../config/diagnostics.js';
import { bundleOfFile, readBundle, readConfigurationFile } from '../config/include.js';
import type { Reading, ReadOptions } from '../config/read.js';
import type { ConfigurationSource, ReadSource } from './world.js';

/** What did not change from one reading of the file to the next is the same object, so that whoever compares is soon done. */
export function fileSource(path: string, options: ReadOptions): ConfigurationSource {
  const { reuse: _own, ...afresh } = options;
  return {
    path: resolve(path),
    read: (files) =>
      files === undefined
        ? readSource(readConfigurationFile(path, options), options)
        : { ...readSource(readBundle(files, path, afresh), afresh), files },
    readAt: (other) => readSource(readConfigurationFile(other, afresh), afresh),
  };
}

export const readSource = ({ configuration, diagnostics, sources }: Reading, options: ReadOptions): ReadSource => ({
  configuration,
  complaints: diagnostics.map(formatDiagnostic),
  files: bundleOfFile(sources, options),
});
