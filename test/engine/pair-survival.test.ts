/** 500 connections and a download through our own engine of a pair whose directors hand over, die, come back and are stopped. */
import '../helpers/own-machine.js';
import t from 'tap';
import { engineFullNat, engineNat } from '../lab/survival-sites.js';
import { survive } from '../lab/survival-story.js';

t.setTimeout(0); // whoever runs us sets the limit

for (const [name, site] of Object.entries({ NAT: engineNat, 'full NAT': engineFullNat }))
  t.test(name, async (t) => {
    await survive(t, site);
  });
