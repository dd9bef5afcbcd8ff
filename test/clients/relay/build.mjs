// Builds the checks for Node with the page's configuration of Vite.
import { build } from 'vite'

await build({ logLevel: 'warn', ssr: { noExternal: true }, build: { ssr: 'src/Seen.ts', outDir: 'out' } })
