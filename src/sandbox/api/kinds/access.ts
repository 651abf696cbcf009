/** Roles and their bindings: stored, so that manifests apply. Nothing is refused by them: the sandbox has one user, who may all. */
import { invalid, required } from '../errors.ts';
import { arrayAt, sameJson, textAt } from '../json.ts';
import { kindSchema, list, object, openObject, text } from '../schema/builders.ts';
import { ageColumn, column, defineKind, nameColumn } from './kind.ts';
import type { FieldError } from '../errors.ts';
import type { KubeObject } from '../object.ts';
import type { Kind } from './kind.ts';

const group = 'rbac.authorization.k8s.io';

/** Names such as `system:node` are common here. */
const nameProblem = (name: string): string | undefined =>
  name === '.' || name === '..' || /[/%]/.test(name) ? "may not be '.' or '..' or contain '/' or '%'" : undefined;

const rules = list(
  object({
    apiGroups: list(text),
    resources: list(text),
    resourceNames: list(text),
    nonResourceURLs: list(text),
    verbs: list(text),
  }),
);

function validateRole(role: KubeObject): readonly FieldError[] {
  return arrayAt(role, 'rules').flatMap((rule, index) =>
    arrayAt(rule, 'verbs').length === 0
      ? [required(`rules[${index}].verbs`, 'verbs must contain at least one value')]
      : [],
  );
}

const named = (kind: string, namespaced: boolean) => ({
  group,
  version: 'v1',
  kind,
  plural: `${kind.toLowerCase()}s`,
  namespaced,
  nameProblem,
});

const role = (kind: string, namespaced: boolean): Kind =>
  defineKind({
    ...named(kind, namespaced),
    schema: kindSchema({ rules, aggregationRule: openObject({}) }),
    validate: validateRole,
    columns: () => [nameColumn, column('Created At', ({ metadata }) => metadata.creationTimestamp ?? '')],
  });

const binding = (kind: string, namespaced: boolean): Kind =>
  defineKind({
    ...named(kind, namespaced),
    schema: kindSchema({
      subjects: list(object({ kind: text, apiGroup: text, name: text, namespace: text })),
      roleRef: object({ apiGroup: text, kind: text, name: text }),
    }),
    validate: (bound) => (textAt(bound, 'roleRef', 'name') === undefined ? [required('roleRef.name')] : []),
    validateUpdate: (next, previous) =>
      sameJson(next['roleRef'], previous['roleRef'])
        ? []
        : [invalid('roleRef', next['roleRef'], 'cannot change roleRef')],
    columns: () => [
      nameColumn,
      column('Role', (bound) => `${textAt(bound, 'roleRef', 'kind') ?? ''}/${textAt(bound, 'roleRef', 'name') ?? ''}`),
      ageColumn,
    ],
  });

/** All four of them. */
export const accessKinds: readonly Kind[] = [
  role('Role', true),
  role('ClusterRole', false),
  binding('RoleBinding', true),
  binding('ClusterRoleBinding', false),
];
