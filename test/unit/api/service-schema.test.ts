/** The JSON schema of what is declared is declare/'s type: the compiler compares them, and ajv what both say of examples. */
import t from 'tap';
import type { Document } from '../../../src/api/schema.js';
import type { declaredDestination, declaredService } from '../../../src/api/service-schema.js';
import type { DeclaredDestination, DeclaredService } from '../../../src/declare/service.js';

/** Without the difference between a member that is absent and one that is undefined. */
type Plain<T> = T extends readonly (infer Item)[]
  ? readonly Plain<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Plain<Exclude<T[K], undefined>> }
    : T;
/** With all members: else two that have only optional ones would be assignable to each other whatever these are called. */
type Whole<T> = T extends readonly (infer Item)[]
  ? readonly Whole<Item>[]
  : T extends object
    ? { readonly [K in keyof T]-?: Whole<Exclude<T[K], undefined>> }
    : T;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

t.test('the schemas are the types', (t) => {
  const service: Same<Plain<Document<typeof declaredService>>, Plain<DeclaredService>> = true;
  const destination: Same<Plain<Document<typeof declaredDestination>>, Plain<DeclaredDestination>> = true;
  const wholeService: Same<Whole<Document<typeof declaredService>>, Whole<DeclaredService>> = true;
  const wholeDestination: Same<Whole<Document<typeof declaredDestination>>, Whole<DeclaredDestination>> = true;
  t.same([service, destination, wholeService, wholeDestination], [true, true, true, true]);
  t.end();
});
