/** The query parameters of the API, read into options. */
import { badRequest, invalidObject, invalid } from '../errors.ts';
import type { WriteOptions } from '../verbs/core.ts';
import type { ListOptions } from '../verbs/list.ts';
import type { WatchOptions } from '../verbs/watch.ts';

const text = (query: URLSearchParams, name: string): string | undefined => query.get(name) ?? undefined;

/** A flag of the query; undefined when it is not there. */
export function truth(query: URLSearchParams, name: string): boolean | undefined {
  const given = query.get(name);
  return given === null ? undefined : given === 'true' || given === '1';
}

/** Throws ApiError 400 when the parameter is no whole number. */
export function count(query: URLSearchParams, name: string): number | undefined {
  const given = query.get(name);
  if (given === null || given === '') {
    return undefined;
  }
  if (!/^\d{1,15}$/.test(given)) {
    throw badRequest(`${name}: expected a whole number, got ${JSON.stringify(given)}`);
  }
  return Number(given);
}

/** What a list may say about what it wants. */
export function listOptions(query: URLSearchParams, namespace: string | undefined): ListOptions {
  return {
    namespace,
    labelSelector: text(query, 'labelSelector'),
    fieldSelector: text(query, 'fieldSelector'),
    limit: count(query, 'limit'),
    continue: text(query, 'continue'),
    resourceVersion: text(query, 'resourceVersion'),
    resourceVersionMatch: text(query, 'resourceVersionMatch'),
  };
}

/** What a watch may say about what it wants. */
export function watchOptions(query: URLSearchParams, namespace: string | undefined): WatchOptions {
  return {
    namespace,
    labelSelector: text(query, 'labelSelector'),
    fieldSelector: text(query, 'fieldSelector'),
    resourceVersion: text(query, 'resourceVersion'),
    resourceVersionMatch: text(query, 'resourceVersionMatch'),
    allowWatchBookmarks: truth(query, 'allowWatchBookmarks'),
    sendInitialEvents: truth(query, 'sendInitialEvents'),
  };
}

const validations = ['Ignore', 'Warn', 'Strict'] as const;

/** Throws ApiError 422 when a parameter has a value that the real server refuses. */
export function writeOptions(query: URLSearchParams, userAgent: string, warn: (text: string) => void): WriteOptions {
  const dryRun = query.getAll('dryRun').filter((one) => one !== '');
  const about = { group: 'meta.k8s.io', kind: 'Options' };
  if (dryRun.some((one) => one !== 'All')) {
    throw invalidObject(about, '', [invalid('dryRun', dryRun, 'supported values: "All"')]);
  }
  const given = text(query, 'fieldValidation') ?? 'Warn';
  const fieldValidation = validations.find((one) => one === given || (given === '' && one === 'Warn'));
  if (fieldValidation === undefined) {
    throw invalidObject(about, '', [invalid('fieldValidation', given, 'supported values: "Ignore", "Warn", "Strict"')]);
  }
  const manager = text(query, 'fieldManager') ?? '';
  return {
    manager: manager === '' ? (userAgent.split('/')[0] ?? 'unknown') : manager,
    dryRun: dryRun.length > 0,
    fieldValidation,
    warn,
  };
}
