import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../../src/kube/api.ts';
import { isAborted, isExpired, KubeError } from '../../../src/kube/errors.ts';
import { persistentVolumeClaims, type PersistentVolumeClaim } from '../../../src/kube/resources.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { waitFor } from '../../support/wait-for.ts';
import { claimJson, clientFor, startServer, status } from './server.ts';

type Events = WatchEvent<PersistentVolumeClaim>[];

const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;

/** Collects events until the watch ends; `failure` is what it ended with. */
function collect(watch: AsyncIterable<WatchEvent<PersistentVolumeClaim>>): {
  readonly events: Events;
  readonly ended: Promise<unknown>;
} {
  const events: Events = [];
  const run = async (): Promise<unknown> => {
    try {
      for await (const event of watch) {
        events.push(event);
      }
      return undefined;
    } catch (error) {
      return error;
    }
  };
  return { events, ended: run() };
}

async function write(response: ServerResponse, data: string | Buffer): Promise<void> {
  await new Promise<void>((resolve) => {
    response.write(data, () => resolve());
  });
}

test('events come typed, in order, and the watch asks for bookmarks', async () => {
  const server = await startServer(async (_request, response) => {
    await write(response, line('ADDED', claimJson('a', '11')) + line('MODIFIED', claimJson('a', '12')));
    await write(response, line('BOOKMARK', { metadata: { resourceVersion: '20' } }));
    response.end(line('DELETED', claimJson('a', '21')));
  });

  const { events, ended } = collect(
    clientFor(server.url).watch(persistentVolumeClaims, {
      resourceVersion: '10',
      timeoutSeconds: 300,
      fieldSelector: 'metadata.name=a',
    }),
  );

  expect(await ended).toBeUndefined();
  expect(events.map((event) => event.type)).toEqual(['ADDED', 'MODIFIED', 'BOOKMARK', 'DELETED']);
  expect(Object.fromEntries(server.seen[0]?.query ?? [])).toEqual({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: '10',
    timeoutSeconds: '300',
    fieldSelector: 'metadata.name=a',
  });
  expect(server.seen[0]?.headers).not.toHaveProperty('accept-encoding');
});

test('an event that is cut at every single byte, characters of many bytes included, is read whole', async () => {
  const name = 'übung-日本-🧱';
  const bytes = Buffer.from(line('ADDED', claimJson(name, '11')) + line('ADDED', claimJson('b', '12')));
  const server = await startServer(async (_request, response) => {
    for (const byte of bytes) {
      await write(response, Buffer.of(byte));
    }
    response.end();
  });

  const { events, ended } = collect(clientFor(server.url).watch(persistentVolumeClaims, { resourceVersion: '1' }));

  expect(await ended).toBeUndefined();
  expect(events.map((event) => (event.type === 'ADDED' ? event.object.metadata.name : event.type))).toEqual([
    name,
    'b',
  ]);
});

describe('a watch that goes wrong', () => {
  test('says that its position has expired, told by status', async () => {
    const server = await startServer((_request, response) => status(response, 410, 'Expired', 'too old'));

    const { ended } = collect(clientFor(server.url).watch(persistentVolumeClaims, { resourceVersion: '1' }));

    expect(isExpired(await ended)).toBe(true);
  });

  test('says that its position has expired, told by an ERROR event', async () => {
    const server = await startServer((_request, response) => {
      response.end(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }));
    });

    const { ended } = collect(clientFor(server.url).watch(persistentVolumeClaims, { resourceVersion: '1' }));

    expect(isExpired(await ended)).toBe(true);
    expect(await ended).toMatchObject({ message: 'too old' });
  });

  test.each<[string, (response: ServerResponse) => Promise<void> | void, Partial<KubeError>]>([
    ['503', (response) => status(response, 503, 'ServiceUnavailable'), { kind: 'status', code: 503 }],
    [
      'a reset in the middle of a line',
      async (response) => {
        await write(response, line('ADDED', claimJson('a', '11')).slice(0, 40));
        response.socket?.resetAndDestroy();
      },
      { kind: 'network' },
    ],
    [
      'an end in the middle of a line',
      (response) => void response.end(line('ADDED', claimJson('a', '11')).slice(0, 40)),
      { kind: 'network', reason: 'Truncated' },
    ],
    ['what is no JSON', (response) => void response.end('<html>\n'), { kind: 'protocol' }],
    ['an event of an unknown type', (response) => void response.end(line('NEWS', {})), { kind: 'protocol' }],
    ['a bookmark that says nothing', (response) => void response.end(line('BOOKMARK', {})), { kind: 'protocol' }],
  ])('ends with an error after %s', async (_name, answer, expected) => {
    const server = await startServer((_request, response) => answer(response));

    const { ended, events } = collect(clientFor(server.url).watch(persistentVolumeClaims, { resourceVersion: '1' }));

    expect(await ended).toBeInstanceOf(KubeError);
    expect(await ended).toMatchObject(expected);
    expect(events).toEqual([]);
  });

  test('goes on after an object that cannot be read', async () => {
    const server = await startServer((_request, response) => {
      const bad = claimJson('bad', '11', { spec: 'none' });
      response.end(line('ADDED', bad) + line('DELETED', bad) + line('ADDED', claimJson('a', '12')));
    });

    const { ended, events } = collect(clientFor(server.url).watch(persistentVolumeClaims, { resourceVersion: '1' }));

    expect(await ended).toBeUndefined();
    expect(events).toEqual([
      { type: 'UNREADABLE', change: 'ADDED', key: 'default/bad', resourceVersion: '11' },
      { type: 'UNREADABLE', change: 'DELETED', key: 'default/bad', resourceVersion: '11' },
      expect.objectContaining({ type: 'ADDED' }),
    ]);
  });
});

describe('a watch that has fallen silent', () => {
  test('is given up, before the first byte as well', async () => {
    const clock = new FakeClock();
    const server = await startServer(() => undefined);

    const { ended } = collect(
      clientFor(server.url, { clock }).watch(persistentVolumeClaims, { resourceVersion: '1', silenceMs: 60_000 }),
    );
    await waitFor('the request', () => server.seen.length === 1);
    await clock.advance(60_000);

    expect(await ended).toMatchObject({ kind: 'timeout', reason: 'WatchSilent' });
  });

  test('is given up after its last byte, not after its first', async () => {
    const clock = new FakeClock();
    let stream: ServerResponse | undefined;
    const server = await startServer((_request, response) => {
      response.writeHead(200);
      response.flushHeaders();
      stream = response;
    });

    const { ended, events } = collect(
      clientFor(server.url, { clock }).watch(persistentVolumeClaims, { resourceVersion: '1', silenceMs: 60_000 }),
    );
    const open = await waitFor('the stream', () => stream);
    for (let minute = 1; minute <= 5; minute += 1) {
      await clock.advance(50_000);
      await write(open, line('BOOKMARK', { metadata: { resourceVersion: String(minute) } }));
      await waitFor('the bookmark', () => events.length === minute);
    }
    await clock.advance(60_000);

    expect(await ended).toMatchObject({ reason: 'WatchSilent' });
    expect(events).toHaveLength(5);
    await waitFor('the connection to go', () => open.destroyed);
  });
});

describe('ending a watch', () => {
  test('the signal ends it, and the server sees the connection go', async () => {
    let gone = false;
    const server = await startServer((_request, response) => {
      response.on('close', () => {
        gone = true;
      });
      response.write(line('ADDED', claimJson('a', '11')));
    });
    const end = new AbortController();

    const { ended, events } = collect(
      clientFor(server.url).watch(persistentVolumeClaims, { resourceVersion: '1', signal: end.signal }),
    );
    await waitFor('the event', () => events.length === 1);
    end.abort(new Error('enough'));

    expect(isAborted(await ended)).toBe(true);
    await waitFor('the connection to go', () => gone);
  });

  test('whoever stops reading ends it too', async () => {
    let gone = false;
    const server = await startServer((_request, response) => {
      response.on('close', () => {
        gone = true;
      });
      response.write(line('ADDED', claimJson('a', '11')));
    });

    for await (const event of clientFor(server.url).watch(persistentVolumeClaims, { resourceVersion: '1' })) {
      expect(event.type).toBe('ADDED');
      break;
    }

    await waitFor('the connection to go', () => gone);
  });

  test('watches do not keep calls from the pool, as long as there are connections left', async () => {
    const server = await startServer((request, response) => {
      if (!request.query.has('watch')) {
        status(response, 404, 'NotFound');
      }
    });
    const client = clientFor(server.url, { connections: 3 });
    const end = new AbortController();
    const watches = [1, 2].map(() =>
      collect(client.watch(persistentVolumeClaims, { resourceVersion: '1', signal: end.signal })),
    );
    await waitFor('both watches', () => server.seen.length === 2);

    expect(await client.get(persistentVolumeClaims, { namespace: 'default', name: 'a' })).toBeUndefined();

    end.abort();
    await Promise.all(watches.map(({ ended }) => ended));
  });
});
