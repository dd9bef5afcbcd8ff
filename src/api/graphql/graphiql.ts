import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Unavailable } from '../../platform/errors.ts'
import { hasSessionCookie } from '../../platform/http/cookies.ts'
import type { HttpServer } from '../../platform/http/types.ts'

/** Where vite.ui.config.ts puts the page. */
const BUILT = fileURLToPath(new URL('../../../dist/ui', import.meta.url))

/** Vite writes a hash of its content into the name of every asset: what is at such a name never changes. */
const IMMUTABLE = 'public, max-age=31536000, immutable'

/**
 * What the page may load and do. All code is ours, from files: no inline script, no eval, workers too. Only styles are loose:
 * the editor (monaco) makes <style> elements for its themes and style attributes for every line it shows, with contents known
 * only as somebody types, so that neither a hash nor a nonce can name them. Its fonts are data: URLs within the style sheet.
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
  // The sign-in form is sent by script. Were the script to fail, a password must not go anywhere.
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * GET /graphiql and its assets, from the folder that `npm run generate` builds. Where that is missing the page answers 503 and
 * says what to run.
 */
export function registerPlayground(http: HttpServer, built = BUILT): void {
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
      // No script can see the cookie, and asking in vain would be a fault in the console of everybody who is not signed in.
      const body = hasSessionCookie(headers) ? page.replace('id="root"', 'id="root" data-session') : page
      const own = { 'content-type': 'text/html; charset=utf-8', vary: 'cookie' }
      return { status: 200, headers: { ...policy, ...own }, body }
    },
  })
  const assets = join(built, 'assets')
  // A worker is held by the policy of its own file, hence the policy on assets as well.
  if (existsSync(assets))
    http.files({ prefix: '/graphiql/assets', dir: assets, headers: { ...policy, 'cache-control': IMMUTABLE } })
}
