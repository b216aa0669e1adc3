/** What is served as uplot.js: uPlot.esm.js of the package uplot. */
export { default } from 'uplot';
