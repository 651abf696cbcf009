/** In which form the client wants its answer. Protobuf is never spoken: the next form that the client accepts is. */

/** `discovery` is the aggregated form, which only /api and /apis have. */
export type AnswerForm = { readonly as: 'object' | 'table' | 'partial' | 'discovery'; readonly yaml: boolean };

const plain: AnswerForm = { as: 'object', yaml: false };

/** Goes through Accept in order, and takes the first that can be served. */
export function negotiate(accept: string | undefined): AnswerForm {
  for (const part of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim());
    const named = new Map(parameters.map((one) => one.split('=', 2) as [string, string]));
    const form = type === 'application/yaml' ? { as: 'object' as const, yaml: true } : readForm(type, named);
    if (form !== undefined) {
      return form;
    }
  }
  return plain;
}

function readForm(type: string, parameters: ReadonlyMap<string, string>): AnswerForm | undefined {
  if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') {
    return undefined;
  }
  switch (parameters.get('as')) {
    case undefined:
      return plain;
    case 'Table':
      return parameters.get('v') === 'v1' || parameters.get('v') === undefined
        ? { as: 'table', yaml: false }
        : undefined;
    case 'PartialObjectMetadata':
    case 'PartialObjectMetadataList':
      return { as: 'partial', yaml: false };
    case 'APIGroupDiscoveryList':
      return parameters.get('v') === 'v2' ? { as: 'discovery', yaml: false } : undefined;
    default:
      return undefined;
  }
}
