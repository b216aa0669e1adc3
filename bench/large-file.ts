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

/** The same with a check for every real server, as keepalived's own words have it. */
export const checkedFile = (virtualServers: number): string =>
  Array.from({ length: virtualServers }, (_, i) => checkedServer(i)).join('');

const checkedServer = (i: number): string => `virtual_server 10.${1 + (i >> 8)}.${i & 255}.1 80 {
    delay_loop 6
    lb_algo wlc
    lb_kind DR
    protocol TCP
${[0, 1, 2, 3].map((n) => `    real_server 192.168.${n}.${1 + (i % 250)} 80 {\n        weight 1\n        TCP_CHECK {\n            connect_timeout 3\n        }\n    }\n`).join('')}}
`;
