import { open } from 'node:fs/promises';
import { type ConnectionRow, TableReader } from './table-reader.js';

/** What a look at the whole table found. */
export interface Scan {
  readonly rows: number;
  /** Lines that we could not use: of unknown form or state, or whose destination is of the other family (tunnels). */
  readonly refused: number;
}

/** The kernel's connections, one after the other. */
export interface ConnectionTable {
  /**
   * @param each is called for every connection; the row is the reader's own, and changes
   * @param between is called with the number of rows since the last time, often; nothing is read until it resolves
   */
  scan(each: (row: ConnectionRow) => void, between: (rows: number) => Promise<void>): Promise<Scan>;
}

export const CONNECTIONS_FILE = '/proc/net/ip_vs_conn';
/** The kernel gives a page at a time, some sixty lines. */
const READ_BYTES = 16 * 1024;

/**
 * /proc/net/ip_vs_conn of the network namespace this process was started in. It is read by threads of their own, a page at a time, so that the
 * event loop is held up for as long as sixty lines take. Linux before 6.8 looks for its place from the start for each page: it takes minutes
 * there for 200,000 connections, and hours for a million.
 */
export const connectionTableFile = (path = CONNECTIONS_FILE): ConnectionTable => ({
  async scan(each, between) {
    const reader = new TableReader(each);
    const buffer = Buffer.alloc(READ_BYTES);
    await using file = await open(path, 'r');
    for (let known = 0; ; known = reader.rows) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, null);
      if (bytesRead === 0) break;
      reader.push(buffer.subarray(0, bytesRead));
      await between(reader.rows - known);
    }
    reader.end();
    return { rows: reader.rows, refused: reader.refused };
  },
});
