/** 500 connections and a download through the kernels' IPVS of a pair, by NAT: its directors hand over, die, come back and are stopped. */
import t from 'tap';
import { kernelNat } from './survival-sites.js';
import { survive } from './survival-story.js';

t.setTimeout(0); // whoever runs us sets the limit

t.test('NAT', async (t) => {
  await survive(t, kernelNat);
});
