import { readFileSync } from 'node:fs'
import { ERROR_CODES, type RosterError } from '../../platform/errors.ts'
import { preferredType } from '../../platform/http/accept.ts'
import { restError } from '../../platform/http/errors.ts'
import { isUnder } from '../../platform/http/request.ts'
import type { FailedRequest, HttpResponse, HttpServer } from '../../platform/http/types.ts'
import { API_PATHS } from '../paths.ts'
import { html } from './html.ts'
import { type Instance, page, pathOf, type SignedInUser } from './pages.ts'
import type { WhoIs } from './providers.ts'

const ICON = new URL('./favicon.ico', import.meta.url)
const PACKAGE = new URL('../../../package.json', import.meta.url)

export interface FrontDeps extends Pick<Instance, 'publicUrl'> {
  readonly whoIs: WhoIs
}

/** `GET /`, the icon, and pages for what fails outside the APIs. */
export function registerFront(http: HttpServer, { publicUrl, whoIs }: FrontDeps): void {
  const index = indexOf(publicUrl)
  const icon = readFileSync(ICON)
  http.route({
    method: 'GET',
    path: '/',
    body: 'none',
    handler: async (request): Promise<HttpResponse> =>
      isBrowser(request.headers.accept)
        ? { status: 303, headers: { location: pathOf(publicUrl) + startOf(await whoIs(request)), vary: 'Accept, Cookie' } }
        : { status: 200, headers: { vary: 'Accept' }, body: index },
  })
  http.route({
    method: 'GET',
    path: '/favicon.ico',
    body: 'none',
    handler: async () => ({
      status: 200,
      headers: { 'content-type': 'image/x-icon', 'cache-control': 'public, max-age=86400' },
      body: icon,
    }),
  })
  http.translate('/', (error, request) => {
    if (API_PATHS.some(prefix => isUnder(request.path, prefix))) return restError(error)
    const answer = isBrowser(request.accept) ? failurePage(publicUrl, { error, request }) : restError(error)
    return { ...answer, headers: { ...answer.headers, vary: 'Accept' } }
  })
}

const startOf = (person: SignedInUser | null): string =>
  person === null ? '/login' : person.isAdministrator ? '/console' : '/account'

/** Programs send any other type, or none. */
const isBrowser = (accept: string | undefined): boolean =>
  preferredType(accept, ['application/json', 'text/html']) === 'text/html'

function indexOf(publicUrl: string) {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }
  return {
    name: 'Roster',
    version,
    addresses: {
      graphql: `${publicUrl}/graphql`,
      rest: `${publicUrl}/bim`,
      openapi: `${publicUrl}/openapi.json`,
      scim: `${publicUrl}/scim/v2/{iamid}`,
      logIn: `${publicUrl}/login`,
      console: `${publicUrl}/console`,
      account: `${publicUrl}/account`,
      playground: `${publicUrl}/graphiql`,
      health: `${publicUrl}/health/ready`,
    },
  }
}

const TITLES: Readonly<Record<number, string>> = {
  404: 'There is no page here',
  405: 'This page cannot be used like that',
  429: 'Too many attempts',
  500: 'Something went wrong',
  503: 'Roster is not available',
}

function failurePage(publicUrl: string, { error, request }: { error: RosterError; request: FailedRequest }): HttpResponse {
  const { status } = ERROR_CODES[error.code]
  const seconds = status === 503 ? Math.max(1, Math.ceil(error.retryAfter ?? 5)) : null
  return page(publicUrl, {
    status,
    title: TITLES[status] ?? 'This request cannot be answered',
    pieces: [
      status === 404
        ? html`<p>The address is mistyped, or what it named is gone.</p>`
        : html`<p>${error.message.replace(/\.?$/, '.')}</p>`,
      seconds === null ? undefined : html`<p>Please try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.</p>`,
      html`<p><a class="button" href="${pathOf(publicUrl)}/login">Go to the sign-in page</a></p>`,
      html`<p class="hint">Request ${request.requestId}</p>`,
    ],
  })
}
