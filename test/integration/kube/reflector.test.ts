import type { ServerResponse } from 'node:http';
import { onTestFinished, expect, test } from 'vitest';
import type { Clock } from '../../../src/domain/clock.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { persistentVolumeClaims, type PersistentVolumeClaim } from '../../../src/kube/resources.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { systemClock } from '../../../src/cli/system-clock.ts';
import { waitFor } from '../../support/wait-for.ts';
import { claimJson, clientFor, json, startServer, status, type Seen } from './server.ts';

/** Goes a hundred times as fast as the real one, so that backoff and silence do not make the tests slow. */
const hurried: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * 100,
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
};

/** Ten seconds of the real clock. */
const long = 1_000_000;

const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;

interface World {
  readonly reflector: Reflector<PersistentVolumeClaim>;
  readonly told: string[];
  readonly seen: readonly Seen[];
  readonly watches: ServerResponse[];
}

/** A reflector on a real server; `intercept` may answer a request in place of the usual answer. */
async function world(
  objects: Map<string, string>,
  intercept: (request: Seen, response: ServerResponse, count: number) => boolean,
  silenceMs = long,
): Promise<World> {
  const watches: ServerResponse[] = [];
  let count = 0;
  const server = await startServer((request, response) => {
    count += 1;
    if (intercept(request, response, count)) {
      return;
    }
    if (request.query.has('watch')) {
      response.writeHead(200);
      response.flushHeaders();
      watches.push(response);
      return;
    }
    const from = Number(request.query.get('continue') ?? '0');
    const page = [...objects].slice(from, from + 2);
    json(response, 200, {
      metadata: { resourceVersion: '100', ...(from + 2 < objects.size && { continue: String(from + 2) }) },
      items: page.map(([name, resourceVersion]) => claimJson(name, resourceVersion)),
    });
  });
  const told: string[] = [];
  const reflector = new Reflector<PersistentVolumeClaim>({
    api: clientFor(server.url, { clock: hurried, retries: 0, timeoutMs: long }),
    resource: persistentVolumeClaims,
    clock: hurried,
    random: Math.random,
    log: silentLog,
    pageSize: 2,
    silenceMs,
  });
  reflector.addHandler({
    add: ({ metadata }) => told.push(`add ${metadata.name}`),
    update: ({ metadata }) => told.push(`update ${metadata.name}`),
    delete: ({ metadata }) => told.push(`delete ${metadata.name}`),
  });
  onTestFinished(() => reflector.stop());
  return { reflector, told, seen: server.seen, watches };
}

const latest = (watches: readonly ServerResponse[], count: number): Promise<ServerResponse> =>
  waitFor(`watch ${count}`, () => watches[count - 1]);

test('it reads all pages, whatever stands in the way, and follows the watch over every break', async () => {
  const objects = new Map([
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
  ]);
  const { reflector, told, watches, seen } = await world(objects, (request, response, count) => {
    if (count === 1) {
      status(response, 500, 'InternalError');
    } else if (count === 2) {
      response.socket?.resetAndDestroy();
    } else if (count === 4 && request.query.has('continue')) {
      status(response, 410, 'Expired', 'continue token is too old');
    } else {
      return false;
    }
    return true;
  });
  reflector.start();
  await reflector.synced();
  expect(told).toEqual(['add a', 'add b', 'add c']);

  const first = await latest(watches, 1);
  const event = line('ADDED', claimJson('d', '101'));
  first.write(event + event.slice(0, 30));
  await waitFor('d', () => reflector.lister.byKey('default/d'));
  first.socket?.resetAndDestroy();

  const second = await latest(watches, 2);
  expect(seen.at(-1)?.query.get('resourceVersion')).toBe('101');
  second.end(line('BOOKMARK', { metadata: { resourceVersion: '150' } }) + line('MODIFIED', claimJson('d', '151')));

  const third = await latest(watches, 3);
  expect(seen.at(-1)?.query.get('resourceVersion')).toBe('151');
  objects.delete('a');
  objects.set('d', '151');
  third.end(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }));

  await waitFor('the new list', () => reflector.lister.size === 3);
  expect(told.slice(3)).toEqual(['add d', 'update d', 'delete a']);
});

test('a watch whose other end has silently gone is replaced', async () => {
  const { reflector, watches, seen } = await world(new Map(), () => false, 20_000);
  reflector.start();

  const first = await latest(watches, 1);
  await latest(watches, 2);
  await waitFor('the end of the dead connection', () => first.destroyed);

  expect(seen.map(({ query }) => query.get('resourceVersion')).slice(0, 3)).toEqual([null, '100', '100']);
});

test('stopped during a list, it tells nothing and opens no watch', async () => {
  const held: ServerResponse[] = [];
  const { reflector, told, watches } = await world(new Map([['a', '1']]), (_request, response) => {
    held.push(response);
    return true;
  });
  reflector.start();
  const list = await waitFor('the list', () => held[0]);
  const stopped = reflector.stop();
  json(list, 200, { metadata: { resourceVersion: '1' }, items: [claimJson('a', '1')] });
  await stopped;

  await waitFor('the end of the connection', () => list.destroyed);
  expect(told).toEqual([]);
  expect(watches).toEqual([]);
});

test('stopped during a watch, its connection goes', async () => {
  const { reflector, watches } = await world(new Map(), () => false);
  reflector.start();
  const watch = await latest(watches, 1);

  await reflector.stop();
  await waitFor('the end of the connection', () => watch.destroyed);

  expect(watches).toHaveLength(1);
});
