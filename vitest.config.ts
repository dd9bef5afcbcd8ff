import { createRequire } from 'node:module'
import { defineConfig } from 'vitest/config'
import { nodeVersionError } from './src/platform/node-version.ts'
import { FLOORS } from './test/harness/coverage.ts'
import { parts } from './test/harness/parts.ts'

const tooOld = nodeVersionError(process.versions.node)
if (tooOld !== null) throw new Error(tooOld)

// graphql has two builds, and types of one are strangers to the other: the one that libraries get from node, for our files too.
const graphql = createRequire(import.meta.url).resolve('graphql')

export default defineConfig({
  resolve: { alias: [{ find: /^graphql$/, replacement: graphql }] },
  test: {
    globalSetup: ['test/harness/database.ts'],
    // Processes, not threads: a worker that ends takes the memory of its WebAssembly databases with it.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: parts().map(({ name, files }) => ({
      extends: true as const,
      test: {
        name,
        include: files,
        ...(name.startsWith('load')
          ? // One file at a time, when nothing else runs.
            { fileParallelism: false, maxWorkers: 1, sequence: { groupOrder: 1 } }
          : // Most files share the modules, the compiled database and the warm code of their worker: half of their time.
            { isolate: !name.startsWith('shared'), sequence: { groupOrder: 0 } }),
      },
    })),
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/generated/**', 'src/ui/**'],
      reporter: ['text-summary', 'json-summary'],
      reportOnFailure: true,
      thresholds: Object.fromEntries(Object.entries(FLOORS).map(([folder, lines]) => [`src/${folder}/**`, { lines }])),
    },
  },
})
