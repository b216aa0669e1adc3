/** Recorded with clients and servers in namespaces around the director: what persistence, marks and states do to the listings. */
import { judgeCases } from './judge.js';

judgeCases(({ id }) => id.startsWith('traffic-') && !/-(nat|dr|tun)-/.test(id));
