import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import { FakeApi } from '../helpers/fake-api.js';
import type { Page } from './pages.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const HEADER = '/** The types of a client of the REST API. Made from its OpenAPI document by `npm run docs`. */\n';

/** What openapi-typescript makes of the document, as openapi-fetch wants it. */
export async function apiClientPage(): Promise<Page> {
  const fake = await FakeApi.open();
  try {
    const document = await fake.api.inject('/v1/openapi.json');
    const types = astToString(await openapiTS(document.body));
    return ['test/client/api-types.ts', formatted(`${HEADER}${types}`)];
  } finally {
    await fake.close();
  }
}

function formatted(text: string): string {
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  const arguments_ = [biome, 'format', '--stdin-file-path=test/client/api-types.ts'];
  return execFileSync(process.execPath, arguments_, { cwd: root, input: text, encoding: 'utf8', maxBuffer: 1 << 26 });
}
