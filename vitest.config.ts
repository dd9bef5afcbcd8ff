import { createRequire } from 'node:module'
import { defineConfig } from 'vitest/config'
import { nodeVersionError } from './src/platform/node-version.ts'

const tooOld = nodeVersionError(process.versions.node)
if (tooOld !== null) throw new Error(tooOld)

// graphql has two builds, and types of one are strangers to the other: the one that libraries get from node, for our files too.
const graphql = createRequire(import.meta.url).resolve('graphql')

export default defineConfig({
  resolve: { alias: [{ find: /^graphql$/, replacement: graphql }] },
  test: {
    globalSetup: ['test/harness/database.ts'],
    // Each file in a process of its own: a WebAssembly database is not given back before its process ends.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'suite', include: ['test/**/*.test.ts'], exclude: ['test/security/load/**'], sequence: { groupOrder: 0 } },
      },
      {
        // Attacks measure how long the process stands still: one file at a time, when nothing else runs.
        extends: true,
        test: {
          name: 'load',
          include: ['test/security/load/**/*.test.ts'],
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/generated/**', 'src/ui/**'],
      reporter: ['text-summary'],
    },
  },
})
