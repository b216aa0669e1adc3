/** A command line that is not carried out. Kept apart from what the kernel refuses. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly exitCode: number;
  /** Inside -R: the lines behind it are not read any more. Only the option library's own errors let the run go on. */
  readonly endsRun: boolean;

  constructor(text: string, exitCode: number, endsRun = true) {
    super(text);
    this.exitCode = exitCode;
    this.endsRun = endsRun;
  }
}

/** What ipvsadm itself finds wrong: exit code 2. */
export const wrong = (text: string): Refusal => new Refusal(text, 2);

export const tryHelp = (program: string): Refusal =>
  new Refusal(`Try \`${program} -h' or '${program} --help' for more information.`, 255);
