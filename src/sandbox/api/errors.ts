/**
 * The API's way of saying no: a Status object with a reason, a code and details. Texts and codes are those of
 * kube-apiserver, because clients (and people) match on them.
 */
import type { Json, JsonObject } from './json.ts';

/** One reason why one field is refused. `type` is the machine's word, `detail` the person's. */
export type FieldError = {
  readonly type:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueTooLong'
    | 'FieldValueTypeInvalid'
    | 'FieldValueTooMany';
  readonly field: string;
  readonly detail: string;
};

/** A field that has to be there. */
export const required = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  detail: detail === '' ? 'Required value' : `Required value: ${detail}`,
});
/** A value that breaks a rule; `detail` says which. */
export const invalid = (field: string, value: Json | undefined, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  detail: `Invalid value: ${show(value)}: ${detail}`,
});
/** A value that is not one of a closed set. */
export const unsupported = (field: string, value: Json, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  detail: `Unsupported value: ${show(value)}: supported values: ${supported.map((text) => JSON.stringify(text)).join(', ')}`,
});
/** A field that may not be set, or not be changed. */
export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  detail: `Forbidden: ${detail}`,
});
/** A value that may be there only once. */
export const duplicate = (field: string, value: Json): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  detail: `Duplicate value: ${show(value)}`,
});
/** A value of more bytes than `limit`. */
export const tooLong = (field: string, limit: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  detail: `Too long: may not be more than ${limit} bytes`,
});
/** A value of another type than the schema says. */
export const wrongType = (field: string, value: Json | undefined, detail: string): FieldError => ({
  type: 'FieldValueTypeInvalid',
  field,
  detail: `Invalid value: ${show(value)}: ${detail}`,
});

function show(value: Json | undefined): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

/** What an error is about. `resource` is the plural name. */
export type Subject = { readonly group: string; readonly resource: string };

/** metav1.Status: how the API answers when there is no object to answer with. */
export type Status = {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: JsonObject;
  readonly status: 'Failure' | 'Success';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: JsonObject;
  readonly code?: number;
};

/** A refusal that becomes the answer. `retryAfter` is in seconds and also goes into the header. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject | undefined;
  /** The Status' own metadata: a list that cannot go on says here how it can. */
  readonly metadata: JsonObject;

  constructor(code: number, reason: string, message: string, details?: JsonObject, metadata: JsonObject = {}) {
    super(message);
    this.metadata = metadata;
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  get retryAfter(): number | undefined {
    const seconds = this.details?.['retryAfterSeconds'];
    return typeof seconds === 'number' ? seconds : undefined;
  }

  status(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.metadata,
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

const qualified = (about: Subject): string =>
  about.group === '' ? about.resource : `${about.resource}.${about.group}`;
const detailsOf = (about: Subject, name: string): JsonObject => ({
  ...(name === '' ? {} : { name }),
  ...(about.group === '' ? {} : { group: about.group }),
  kind: about.resource,
});

/** 404 for one object by its name. */
export const notFound = (about: Subject, name: string): ApiError =>
  new ApiError(404, 'NotFound', `${qualified(about)} "${name}" not found`, detailsOf(about, name));

/** 409 for a create of a name that is taken. */
export const alreadyExists = (about: Subject, name: string): ApiError =>
  new ApiError(409, 'AlreadyExists', `${qualified(about)} "${name}" already exists`, detailsOf(about, name));

/** 409 for a write whose condition does not hold. */
export const conflict = (about: Subject, name: string, why: string): ApiError =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(about)} "${name}": ${why}`,
    detailsOf(about, name),
  );

/** 409 for a write with an old resourceVersion: read again, and try again. */
export const modified = (about: Subject, name: string): ApiError =>
  conflict(about, name, 'the object has been modified; please apply your changes to the latest version and try again');

/** 403 by an admission rule; `causes` is for machines. */
export const forbidden = (about: Subject, name: string, why: string, causes: readonly JsonObject[] = []): ApiError =>
  new ApiError(403, 'Forbidden', `${qualified(about)} "${name}" is forbidden: ${why}`, {
    ...detailsOf(about, name),
    ...(causes.length === 0 ? {} : { causes }),
  });

/** 400: the request itself cannot be understood. */
export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);

/** 405 for a verb that the path does not have. */
export const methodNotAllowed = (): ApiError =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

/** 422 with one cause a field. `about.kind` is the kind, not the resource: so has the real one. */
export function invalidObject(
  about: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): ApiError {
  const lines = errors.map((error) => `${error.field}: ${error.detail}`);
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const kind = about.group === '' ? about.kind : `${about.kind}.${about.group}`;
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${text}`, {
    ...(name === '' ? {} : { name }),
    ...(about.group === '' ? {} : { group: about.group }),
    kind: about.kind,
    causes: errors.map((error) => ({ reason: error.type, message: error.detail, field: error.field })),
  });
}

/** 410: the version asked for is no longer known. */
export const expired = (message: string): ApiError => new ApiError(410, 'Expired', message);

/** 415 with the types that would do. */
export const unsupportedMediaType = (accepted: readonly string[]): ApiError =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

/** 504: the caller saw a later version than this server has. */
export const tooLargeVersion = (asked: number, current: number): ApiError =>
  new ApiError(504, 'Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
