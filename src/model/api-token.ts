import { createHash } from 'node:crypto';

/** Bytes of chance in a token of the API: nobody guesses it, so that a plain hash keeps it. */
export const TOKEN_BYTES = 32;
const PREFIX = 'lvsd_';
const TOKEN = /^lvsd_[\w-]{43}$/;

/** A token out of 32 bytes of chance. */
export const tokenText = (chance: Uint8Array): string => PREFIX + Buffer.from(chance).toString('base64url');

export const isTokenText = (text: string): boolean => TOKEN.test(text);

/** SHA-256. */
export const tokenDigest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** … as it stands in files: hex. */
export const tokenHash = (text: string): string => tokenDigest(text).toString('hex');
