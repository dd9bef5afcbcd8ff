/** Console, account and playground, as built. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Unavailable } from '../../platform/errors.ts'
import { hasSessionCookie } from '../../platform/http/cookies.ts'
import type { HttpRequest, HttpResponse, HttpServer } from '../../platform/http/types.ts'
import { pathOf } from './pages.ts'

const BUILT = fileURLToPath(new URL('../../../dist/ui', import.meta.url))

const IMMUTABLE = 'public, max-age=31536000, immutable'

const policyOf = (directives: readonly string[]) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    // Sent by script; without script it must not submit.
    "form-action 'none'",
    "frame-ancestors 'none'",
    ...directives,
  ].join('; ')

/** The editor (monaco) creates styles that no hash or nonce can list. */
const PLAYGROUND_POLICY = policyOf(["worker-src 'self'", "style-src 'self' 'unsafe-inline'", "font-src 'self' data:"])

/** The one style element that React Aria creates. */
const PRESSABLE = `@layer {
  [data-react-aria-pressable] {
    touch-action: pan-x pan-y pinch-zoom;
  }
}`
const CONSOLE_POLICY = policyOf([
  `style-src 'self' 'sha256-${createHash('sha256').update(PRESSABLE).digest('base64')}'`,
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
])

export interface UiDeps {
  readonly publicUrl: string
  isSignedIn(request: HttpRequest): Promise<boolean>
  readonly built?: string
}

/** Built by `npm run generate`; 503 without it. */
export function registerUi(http: HttpServer, { publicUrl, isSignedIn, built = BUILT }: UiDeps): void {
  const base = pathOf(publicUrl)
  const pageOf = async (name: string): Promise<string> => {
    const page = await readFile(join(built, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw new Unavailable('This page is not built yet: run "npm run generate" and start again')
      throw error
    })
    return page.replaceAll('="./assets/', `="${base}/assets/`)
  }
  http.route({
    method: 'GET',
    path: '/graphiql',
    body: 'none',
    handler: async ({ headers }) => {
      const page = await pageOf('playground.html')
      // Scripts cannot read the cookie; a failed request would be logged.
      const body = hasSessionCookie(headers) ? page.replace('id="root"', 'id="root" data-session') : page
      return answer(body, PLAYGROUND_POLICY)
    },
  })
  for (const path of ['/console', '/console/*', '/account'])
    http.route({
      method: 'GET',
      path,
      body: 'none',
      handler: async request => {
        if (!(await isSignedIn(request))) return toLogin(base, request)
        return answer((await pageOf('console.html')).replace('id="root"', `id="root" data-base="${base}"`), CONSOLE_POLICY)
      },
    })
  const assets = join(built, 'assets')
  // A worker uses the policy of its own file.
  if (existsSync(assets))
    http.files({
      prefix: '/assets',
      dir: assets,
      headers: { 'content-security-policy': PLAYGROUND_POLICY, 'cache-control': IMMUTABLE },
    })
}

const answer = (body: string, policy: string): HttpResponse => ({
  status: 200,
  headers: { 'content-security-policy': policy, 'content-type': 'text/html; charset=utf-8', vary: 'cookie' },
  body,
})

function toLogin(base: string, { path, query }: HttpRequest): HttpResponse {
  const returnTo = base + path + (query === '' ? '' : `?${query}`)
  return {
    status: 303,
    headers: { location: `${base}/login?${new URLSearchParams({ returnTo })}`, vary: 'cookie', 'cache-control': 'no-store' },
  }
}
