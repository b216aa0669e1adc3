/** A keepalived-style file of many virtual servers with four real servers each; the weight of the very last one as given. */
export function largeFile(virtualServers: number, lastWeight: number): string {
  return Array.from({ length: virtualServers }, (_, i) =>
    virtualServer(i, i === virtualServers - 1 ? lastWeight : 1),
  ).join('');
}

const virtualServer = (i: number, lastWeight: number): string => `virtual_server 10.${1 + (i >> 8)}.${i & 255}.1 80 {
    lvs_sched wlc
    lvs_method DR
    protocol TCP
${[1, 1, 1, lastWeight].map((weight, n) => `    real_server 192.168.${n}.${1 + (i % 250)} 80 {\n        weight ${weight}\n    }\n`).join('')}}
`;
