import type { AppliedReport } from './report.js';
import { type Document, fingerprintOfDocuments } from './documents.js';

/** The documents that are in force, as they are kept for a start without etcd. */
export interface LastGood {
  /** Of the store they came from; another prefix or director is another fleet. */
  readonly prefix: string;
  readonly director: string;
  readonly revision: number;
  readonly documents: readonly Pick<Document, 'name' | 'text'>[];
}

const FORMAT = 1;

export const printLastGood = (good: LastGood): string => `${JSON.stringify({ format: FORMAT, ...good })}\n`;

/** undefined: torn, of a newer release, or none. */
export function readLastGood(text: string): LastGood | undefined {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof told !== 'object' || told === null) return undefined;
  const { format, prefix, director, revision, documents } = told as Readonly<Record<string, unknown>>;
  if (format !== FORMAT || typeof prefix !== 'string' || typeof director !== 'string') return undefined;
  if (typeof revision !== 'number' || !Array.isArray(documents)) return undefined;
  const read = (documents as readonly unknown[]).map(readDocument);
  if (read.includes(undefined)) return undefined;
  return { prefix, director, revision, documents: read as LastGood['documents'] };
}

function readDocument(told: unknown): LastGood['documents'][number] | undefined {
  if (typeof told !== 'object' || told === null) return undefined;
  const { name, text } = told as Readonly<Record<string, unknown>>;
  return typeof name === 'string' && typeof text === 'string' ? { name, text } : undefined;
}

export const appliedOf = ({ revision, documents }: LastGood): AppliedReport => ({
  revision,
  documents: fingerprintOfDocuments(documents),
  names: documents.map(({ name }) => name),
});
