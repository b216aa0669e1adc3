/** `lvsctl` in this process. */
import { lvsctl } from '../../src/cli/lvsctl.js';
import type { Output } from '../../src/cli/face.js';

export interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** `columns`: of the terminal that it prints on; absent: it is none. */
export async function runLvsctl(
  args: readonly string[],
  { columns, environment = {} }: { readonly columns?: number; readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<Said> {
  let [out, err] = ['', ''];
  const output: Output = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    ...(columns === undefined ? {} : { terminal: { columns } }),
  };
  const status = await lvsctl(args, output, environment);
  return { status, out, err };
}
