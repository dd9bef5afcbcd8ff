// Builds the playground (src/ui) into dist/ui. Not named vite.config.ts: vitest would take that one for its own.
import { defineConfig } from 'vite'

export default defineConfig({
  root: 'src/ui',
  base: '/graphiql/',
  logLevel: 'warn',
  build: {
    outDir: '../../dist/ui',
    emptyOutDir: true,
    // The editor is one piece of 2.8 MB, and measuring its gzip size would only lengthen the first `npm start`.
    chunkSizeWarningLimit: 10_000,
    reportCompressedSize: false,
    // Dependencies carry 'use client' for React servers; there is none here.
    rolldownOptions: { onLog: (level, log, report) => (log.code === 'MODULE_LEVEL_DIRECTIVE' ? undefined : report(level, log)) },
  },
  worker: { format: 'es' },
})
