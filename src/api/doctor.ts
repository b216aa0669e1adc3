import { type Api, type Document, listOf, object, text, textOrNull } from './schema.js';

const finding = object({
  rule: { ...text, description: 'docs/doctor.md has them all' },
  severity: {
    type: 'string',
    enum: ['wrong', 'risk', 'hint'],
    description:
      'wrong: it does not work; risk: it will not in circumstances that come; hint: it could be quicker or safer',
  },
  text: { ...text, description: 'what is the case' },
  why: text,
  mend: { ...textOrNull, description: 'a command for a shell of this machine' },
  mendOn: { type: 'string', enum: ['machine', 'director'], description: 'whose shell: this machine is both' },
});

const examined = {
  title: 'Doctor',
  ...object({ findings: { ...listOf(finding), description: 'the gravest first' } }),
} as const;

export interface DoctorView {
  /** @throws LvsError DOCTOR_BLIND */
  examine(): Promise<readonly Document<typeof finding>[]>;
}

const read = {
  operationId: 'examineDirector',
  summary: "What of this machine's settings contradicts the configuration, why it matters, and what mends it",
  response: { 200: examined },
} as const;

export function doctorRoutes(api: Api, view: DoctorView): void {
  api.get('/v1/doctor', { schema: read }, async () => ({ findings: await view.examine() }));
}
