/** `-R` input: a number of services with four DR servers each, all different. */
export function rules(services: number): string {
  const lines: string[] = [];
  for (let i = 0; i < services; i++) {
    const vip = `10.${1 + (i >> 8)}.${i & 255}.1:80`;
    lines.push(`-A -t ${vip} -s wlc`);
    for (let server = 0; server < 4; server++)
      lines.push(`-a -t ${vip} -r 192.168.${server}.${1 + (i % 250)}:80 -g -w 1`);
  }
  return `${lines.join('\n')}\n`;
}
