/** Recorded with clients and servers in namespaces around the director: each way to forward. */
import { judgeCases } from './judge.js';

judgeCases(({ id }) => /^traffic-(nat|dr|tun)-/.test(id));
