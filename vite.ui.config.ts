// Builds the pages that run in the browser (src/ui) into dist/ui: playground, console and account. Not named vite.config.ts: vitest would take that one for its own.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** Beside each asset its compressed forms, which the server sends as they are. */
const compressed: Plugin = {
  name: 'compressed',
  writeBundle({ dir = '' }) {
    const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter(name => /assets.*\.(js|css|svg)$/.test(name))
    for (const file of files.map(name => `${dir}/${name}`)) {
      const text = readFileSync(file)
      if (text.length < 1024) continue
      writeFileSync(`${file}.br`, brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }))
      writeFileSync(`${file}.gz`, gzipSync(text))
    }
  },
}

export default defineConfig({
  root: 'src/ui',
  // Relative: the server adds the path of PUBLIC_URL.
  base: './',
  logLevel: 'warn',
  plugins: [compressed],
  build: {
    outDir: '../../dist/ui',
    emptyOutDir: true,
    // The editor is one piece of 2.8 MB, and measuring its gzip size would only lengthen the first `npm start`.
    chunkSizeWarningLimit: 10_000,
    reportCompressedSize: false,
    // Dependencies carry 'use client' for React servers; there is none here.
    rolldownOptions: {
      input: ['src/ui/playground.html', 'src/ui/console.html'],
      onLog: (level, log, report) => (log.code === 'MODULE_LEVEL_DIRECTIVE' ? undefined : report(level, log)),
    },
  },
  worker: { format: 'es' },
})
