// The floors of the house (docs/architecture.md). A room imports only rooms below it, and each
// rule here is one sentence of that page: adding a room means adding its line to `floors`.
const floors = [
  ['domain'],
  ['engine'],
  ['gluster', 'store', 'kube'],
  ['controller', 'api', 'agent', 'csi', 'sandbox'],
  ['cli'],
];

const roomPattern = (rooms) => `^src/(${rooms.join('|')})/`;

/** No room imports a room of a floor above it. */
const upward = floors.slice(0, -1).map((rooms, floor) => ({
  name: `floor-${floor}-imports-nothing-above`,
  severity: 'error',
  from: { path: roomPattern(rooms) },
  to: { path: `${roomPattern(floors.slice(floor + 1).flat())}|^src/main\\.ts$` },
}));

/** Rooms of one floor do not know each other (the sandbox is built on the others, so it may). */
const sideways = floors
  .flatMap((rooms) => rooms.map((room) => ({ room, others: rooms.filter((other) => other !== room) })))
  .filter(({ room, others }) => others.length > 0 && room !== 'sandbox')
  .map(({ room, others }) => ({
    name: `${room}-knows-no-neighbour`,
    severity: 'error',
    from: { path: roomPattern([room]) },
    to: { path: roomPattern(others) },
  }));

const ioModules =
  '^(node:)?(fs|net|http|https|http2|tls|dgram|dns|child_process|cluster|worker_threads|os|process|sqlite|timers|readline|stream)(/|$)';

export default {
  forbidden: [
    ...upward,
    ...sideways,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-does-no-io',
      comment: 'src/domain is pure: no I/O, no clock, no random, no environment',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { path: ioModules },
    },
    {
      name: 'domain-needs-only-zod',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { dependencyTypes: ['npm'], pathNot: '(^|/)node_modules/zod/' },
    },
    {
      name: 'engine-speaks-through-ports',
      comment: 'the engine knows neither Kubernetes, HTTP nor processes',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: `${ioModules}|node_modules/(@kubernetes|axios|undici|fastify)/` },
    },
    {
      name: 'kubernetes-client-only-in-kube',
      comment: 'one room knows the client library, so that its gaps are filled in one place',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/kube/' },
      to: { path: 'node_modules/@kubernetes/' },
    },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'src-does-not-import-tests', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench)/' } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
