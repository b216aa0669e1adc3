/** The declaration in TypeScript against the one in C++, whose compiler checks its own (native/engine/image_layout.h). */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { records } from '../../../src/dataplane/image-layout.js';

const header = readFileSync(
  fileURLToPath(new URL('../../../../native/engine/image_layout.h', import.meta.url)),
  'utf8',
);
const rows = [...header.matchAll(/^LVSD_LAYOUT\((\w+), (\w+), (\d+), (\d+)\);$/gm)];
const cxx = new Map<string, Map<string, { at: number; bytes: number }>>();
for (const [, record = '', field = '', at, bytes] of rows) {
  const fields = cxx.get(record) ?? new Map<string, { at: number; bytes: number }>();
  cxx.set(record, fields.set(field, { at: Number(at), bytes: Number(bytes) }));
}

t.same([...cxx.keys()], Object.keys(records), 'the same records');
for (const [name, { offsets, bytes }] of Object.entries(records)) {
  t.same(Object.fromEntries(cxx.get(name) ?? []), offsets, `${name}: the same fields at the same places`);
  const end = Math.max(...Object.values(offsets).map((field) => field.at + field.bytes));
  t.equal(bytes, end, `${name}: nothing behind its last field`);
}
