import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Unavailable } from '../../platform/errors.ts'
import { hasSessionCookie } from '../../platform/http/cookies.ts'
import type { HttpServer } from '../../platform/http/types.ts'

const BUILT = fileURLToPath(new URL('../../../dist/ui', import.meta.url))

const IMMUTABLE = 'public, max-age=31536000, immutable'

/**
 * Scripts only from files. Styles are inline: the editor (monaco) creates them, so no hash or nonce can list
 * them.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "base-uri 'none'",
  // Sent by script; without script it must not submit.
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Built by `npm run generate`; 503 without it. */
export function registerPlayground(http: HttpServer, { publicUrl, built = BUILT }: { publicUrl: string; built?: string }): void {
  const base = new URL(publicUrl).pathname.replace(/\/$/, '')
  const policy = { 'content-security-policy': CONTENT_SECURITY_POLICY }
  http.route({
    method: 'GET',
    path: '/graphiql',
    body: 'none',
    handler: async ({ headers }) => {
      const page = await readFile(join(built, 'index.html'), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT')
          throw new Unavailable('The playground is not built yet: run "npm run generate" and start again')
        throw error
      })
      // Scripts cannot read the cookie; a failed request would be logged.
      const placed = page.replaceAll('="./assets/', `="${base}/graphiql/assets/`)
      const body = hasSessionCookie(headers) ? placed.replace('id="root"', 'id="root" data-session') : placed
      const own = { 'content-type': 'text/html; charset=utf-8', vary: 'cookie' }
      return { status: 200, headers: { ...policy, ...own }, body }
    },
  })
  const assets = join(built, 'assets')
  // A worker uses the policy of its own file.
  if (existsSync(assets))
    http.files({ prefix: '/graphiql/assets', dir: assets, headers: { ...policy, 'cache-control': IMMUTABLE } })
}
