// Wall 1: the table of DESIGN/ARCHITECTURE "Direction". Each rule forbids one arrow and names what to use instead.
const ours = '^(engine|electron|renderer)/';
/** `from` may import, of our own folders, only `to` (and itself). */
const only = (name, from, to, instead) => ({
  name,
  comment: instead,
  severity: 'error',
  from: { path: from, pathNot: '\\.(test|conformance)\\.tsx?$' },
  to: { path: ours, pathNot: [from, ...to] },
});

module.exports = {
  forbidden: [
    only('base-imports-nothing', '^engine/base/', [], 'base has no domain words: move the domain part up'),
    only(
      'events-on-base',
      '^engine/events/',
      ['^engine/base/', '^engine/storage/records/'],
      'publish data, not services',
    ),
    only('storage-on-base', '^engine/storage/', ['^engine/base/'], 'pass what you need in, or put it in base'),
    only('drivers-on-base', '^engine/drivers/', ['^engine/base/'], 'pass what you need in, or put it in base'),
    only(
      'dockerfile-on-base',
      '^engine/dockerfile/',
      ['^engine/base/'],
      'it knows the language, and nothing of what is done with it',
    ),
    only('registry-on-base', '^engine/registry/', ['^engine/base/'], 'pass what you need in, or put it in base'),
    only(
      'services-on-mechanisms',
      '^engine/services/',
      ['^engine/(base|dockerfile|events|storage|drivers|registry)/'],
      'a service knows mechanisms, never the door',
    ),
    only(
      'http-on-service-interfaces',
      '^engine/http/',
      ['^engine/base/', '^engine/events/event-bus\\.ts$', '^engine/services/[^/]+/[^/]+-service\\.ts$'],
      'the door sees only the *-service.ts interface files',
    ),
    only('compose-on-docker-host', '^engine/compose/', ['^engine/base/'], 'compose works on a DockerHost'),
    only(
      'electron-on-contracts',
      '^electron/',
      ['^engine/compose/', '^engine/http/extension-types\\.ts$', '^engine/drivers/vm/'],
      'the app talks to the engine over its socket',
    ),
    only('renderer-on-bridge', '^renderer/', ['^electron/bridge/'], 'everything else comes over IPC'),
    {
      name: 'renderer-takes-types-of-bridge',
      comment: 'import type only: validation (zod) stays in the main process',
      severity: 'error',
      from: { path: '^renderer/', pathNot: '\\.test\\.tsx?$' },
      to: { path: '^electron/bridge/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'services-siblings-apart',
      comment: 'pass the other service in as an interface (import type of its *-service.ts)',
      severity: 'error',
      from: { path: '^engine/services/([^/]+)/', pathNot: '\\.(test|conformance)\\.ts$' },
      to: {
        path: '^engine/services/',
        pathNot: ['^engine/services/$1/', '^engine/services/[^/]+/[^/]+-service\\.ts$'],
      },
    },
    {
      name: 'services-siblings-types-only',
      comment: 'a value import of a sibling service: pass it in instead',
      severity: 'error',
      from: { path: '^engine/services/([^/]+)/', pathNot: '\\.(test|conformance)\\.ts$' },
      to: { path: '^engine/services/', pathNot: '^engine/services/$1/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'features-apart',
      comment: 'share through renderer/ui or renderer/host',
      severity: 'error',
      from: { path: '^renderer/features/([^/]+)/' },
      to: { path: '^renderer/features/', pathNot: '^renderer/features/$1/' },
    },
    {
      name: 'ui-knows-no-domain',
      comment: 'renderer/ui has no domain words',
      severity: 'error',
      from: { path: '^renderer/ui/' },
      to: { path: '^(renderer/(features|host|app)|electron|engine)/' },
    },
    {
      name: 'electron-only-in-electron',
      severity: 'error',
      from: { pathNot: '^electron/' },
      to: { path: 'node_modules/electron/' },
    },
    {
      name: 'programs-and-system-calls',
      comment: 'only engine/drivers and engine/base start programs or load koffi',
      severity: 'error',
      from: { path: '^engine/', pathNot: ['^engine/(drivers|base|cli)/', '\\.test\\.ts$', '^engine/testing/'] },
      to: { path: ['^(node:)?child_process$', 'node_modules/koffi/'] },
    },
    {
      name: 'renderer-without-node',
      severity: 'error',
      from: { path: '^renderer/', pathNot: ['\\.test\\.tsx?$', 'vite\\.config\\.ts$'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'testing-in-tests-only',
      severity: 'error',
      from: { path: ours, pathNot: ['\\.(test|conformance)\\.tsx?$', '^engine/testing/'] },
      to: { path: '^engine/testing/' },
    },
    {
      name: 'no-value-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
