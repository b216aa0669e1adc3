import type { Socket } from 'node:net';
import { addon, type PeerCredentials } from './addon.js';

/** Who connected: asked of the kernel as soon as a socket is accepted. Throws { code, errno, syscall }: it is no Unix socket, or closed. */
export function peerCredentialsOf(socket: Socket): PeerCredentials {
  // Node has no word for it, and has kept this member since its beginning
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd?: number } | null };
  return addon().peerCredentials(handle?.fd ?? -1);
}
