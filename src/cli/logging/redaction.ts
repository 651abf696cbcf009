/** Field names whose values never reach a log, whoever logs them. `data` and `stringData` are what Secrets hold. */
export const secretFields = [
  'token',
  'authorization',
  'Authorization',
  'password',
  'secret',
  'key',
  'restuserkey',
  'restUserKey',
  'kubeconfig',
  'data',
  'stringData',
  'client-key-data',
  'client-certificate-data',
] as const;

/** How deep an object is searched for them. A Kubernetes object inside an answer inside a log line is at 4. */
export const redactionDepth = 6;

const step = (name: string): string => (/^\w+$/.test(name) ? `.${name}` : `["${name}"]`);

/** pino's paths for every secret field at every depth, through objects and lists alike. */
export function redactionPaths(): string[] {
  return Array.from({ length: redactionDepth + 1 }, (_, depth) =>
    Array.from({ length: depth }, () => '*').join('.'),
  ).flatMap((prefix) => secretFields.map((name) => `${prefix}${step(name)}`.replace(/^\./, '')));
}
