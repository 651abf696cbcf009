/** Kubernetes' rules for names, labels and annotations. Each function answers with the problem, or undefined. */

const label1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const qualifiedPart = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const length = (limit: number): string => `must be no more than ${limit} characters`;

/** Names of most objects: up to 253 characters, dots allowed. */
export function dnsSubdomainProblem(name: string): string | undefined {
  if (name.length > 253) {
    return length(253);
  }
  return subdomain1123.test(name)
    ? undefined
    : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
}

/** Names of namespaces: up to 63 characters, no dots. */
export function dnsLabelProblem(name: string): string | undefined {
  if (name.length > 63) {
    return length(63);
  }
  return label1123.test(name)
    ? undefined
    : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
}

/** Names of Services: as a label, but beginning with a letter. */
export function dns1035Problem(name: string): string | undefined {
  if (name.length > 63) {
    return length(63);
  }
  return label1035.test(name)
    ? undefined
    : "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
}

/** `name` or `dns.prefix/name`: keys of labels and annotations, finalizers. */
export function qualifiedNameProblem(text: string): string | undefined {
  const parts = text.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2) {
    return "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
  }
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    const problem = prefix === '' ? 'must be non-empty' : dnsSubdomainProblem(prefix);
    if (problem !== undefined) {
      return `prefix part ${problem}`;
    }
  }
  if (name === '') {
    return 'name part must be non-empty';
  }
  if (name.length > 63) {
    return `name part ${length(63)}`;
  }
  return qualifiedPart.test(name)
    ? undefined
    : "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
}

/** Values of labels: up to 63 characters, may be empty. */
export function labelValueProblem(value: string): string | undefined {
  if (value.length > 63) {
    return length(63);
  }
  return labelValue.test(value)
    ? undefined
    : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
}
