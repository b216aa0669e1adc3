/** A file of many virtual servers with so many real servers each, without checks. */
export const largeSite = (services: number, servers: number): string =>
  Array.from({ length: services }, (_, i) => service(i, servers)).join('');

const service = (i: number, servers: number): string => `virtual_server 10.${1 + (i >> 8)}.${i & 255}.1 80 {
    lvs_sched wlc
    lvs_method DR
    protocol TCP
${Array.from({ length: servers }, (_, n) => `    real_server 192.168.${n}.${1 + (i % 250)} 80 {\n        weight 1\n    }\n`).join('')}}
`;

/** Ids of what the API has of it. */
export const largeSiteService = (i: number): string => `tcp-10.${1 + (i >> 8)}.${i & 255}.1-80`;
export const largeSiteServer = (i: number, n: number): string => `192.168.${n}.${1 + (i % 250)}-80`;
