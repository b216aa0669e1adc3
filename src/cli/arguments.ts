/** What is wrong with a command line, as a sentence. */
export interface Wrong {
  readonly wrong: string;
}

/** What parseArgs of node:util makes of a command line, or its complaint. */
export function readArguments<T extends object>(read: () => T): T | Wrong {
  try {
    return read();
  } catch (error) {
    return { wrong: (error as Error).message };
  }
}
