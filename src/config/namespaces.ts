import { noEffect, one, optional } from './terms.js';
import { name } from './values.js';
import type { Vocabulary } from './vocabulary.js';

/** lvsd does not move between namespaces: it would have to do so before it has read where to. */
const WHY =
  "lvsd stays in the network namespace it is started in, and refuses to run in another: 'ip netns exec NAME lvsd run'";
const namespace = name('the name of a network namespace', 255);

export const namespaceWords = {
  net_namespace: noEffect(WHY, one(namespace)),
  net_namespace_ipvs: noEffect(WHY, optional(namespace, '')),
} satisfies Vocabulary;
