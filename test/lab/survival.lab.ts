/** 500 connections and a download through the kernel's IPVS of a pair whose directors hand over, die and come back. */
import t from 'tap';
import { kernelDr, kernelNat } from './survival-sites.js';
import { survive } from './survival-story.js';

t.setTimeout(0); // whoever runs us sets the limit

for (const [name, site] of Object.entries({ NAT: kernelNat, DR: kernelDr }))
  t.test(name, async (t) => {
    await survive(t, site);
  });
