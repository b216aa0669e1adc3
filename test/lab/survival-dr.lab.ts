/** 500 connections and a download through the kernels' IPVS of a pair, by DR: its directors hand over, die, come back and are stopped. */
import t from 'tap';
import { kernelDr } from './survival-sites.js';
import { survive } from './survival-story.js';

t.setTimeout(0); // whoever runs us sets the limit

t.test('DR', async (t) => {
  await survive(t, kernelDr);
});
