/** Registers the routes; each operation is validated once, at start. */
import { type DocumentNode, execute, type GraphQLSchema, validate } from 'graphql'
import { bodyLimitOf } from '../../authentication/request-actor.ts'
import { shareOf } from '../../authorization/actor.ts'
import type { Context } from '../../authorization/context.ts'
import { authorize } from '../../authorization/service.ts'
import { actingAs } from '../../platform/database/current-actor.ts'
import { Unauthenticated } from '../../platform/errors.ts'
import { type FairQueue, SharedPlace } from '../../platform/fair-queue.ts'
import { restError } from '../../platform/http/errors.ts'
import type { HttpRequest, HttpServer, Translator } from '../../platform/http/types.ts'
import type { WithCounts } from '../graphql/counts.ts'
import { createBudget, restart, type WithBudget } from '../graphql/response-budget.ts'
import { thrownBy } from './errors.ts'
import { openapi } from './openapi.ts'
import type { Endpoint, Route, RouteCredential, RouteDeps } from './route.ts'
import { routes } from './routes.ts'

export interface RestDeps {
  readonly schema: GraphQLSchema
  readonly publicUrl: string
  contextOf(request: HttpRequest, credential: RouteCredential): Promise<Context>
  secretOf(request: HttpRequest): string | null
  readonly large: FairQueue
  iamType(context: Context, iamid: string): Promise<string | null>
}

interface RequestLocals {
  context: Context
  [name: string]: unknown
}

export function registerRest(http: HttpServer, deps: RestDeps): void {
  for (const row of routes) {
    check(deps.schema, row)
    for (const place of [row, ...row.aliases]) register(http, { deps, row, place })
    if (row.credential === 'basic') http.translate(row.path, challenging)
  }
  registerDocumentation(http, deps)
}

const KEY_NEEDED = 'A good API key is needed: send it as the password of Basic credentials, or as Authorization: Bearer <key>'

/** Clients send Basic credentials only when challenged (RFC 9110 11.6.1). */
const challenging: Translator = error => {
  if (error.code !== 'UNAUTHENTICATED') return restError(error)
  const answer = restError(new Unauthenticated(KEY_NEEDED))
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Basic realm="Roster", charset="UTF-8", Bearer' } }
}

function check(schema: GraphQLSchema, { document, path }: Route): void {
  const faults = document === undefined ? [] : validate(schema, document)
  if (faults.length > 0)
    throw new Error(`The operation of ${path} does not fit schema.graphql: ${faults.map(fault => fault.message).join('; ')}`)
}

function register(http: HttpServer, { deps, row, place }: { deps: RestDeps; row: Route; place: Endpoint }): void {
  http.route<RequestLocals>({
    method: [...place.methods],
    path: place.path,
    body: place.methods.includes('GET') ? 'none' : 'json+form',
    bodyLimit: ({ locals }) => bodyLimitOf(locals.context.actor),
    authenticate: async request => {
      request.locals.context = await deps.contextOf(request, row.credential)
    },
    decide: request => authorize(request.locals.context, row.action, { owner: row.owner?.(request.params) }),
    handler: async request => {
      const { context } = request.locals
      const actor = shareOf(context.actor, context.address)
      const place = new SharedPlace(() => context.app.operations.acquire({ actor }))
      try {
        return await actingAs(actor, () => row.answer(request, runtimeOf(deps, request, { ...context, place })))
      } finally {
        place.leave()
      }
    },
  })
}

function runtimeOf(deps: RestDeps, request: HttpRequest<RequestLocals>, context: Context): RouteDeps {
  // One for all reads: portions and pages are one response.
  const budget = createBudget()
  return {
    execute: (document, variables) => {
      // The loaders would hold every portion until the last.
      const loaders = 'after' in variables ? context.app.createLoaders(context) : context.loaders
      return run(deps.schema, { document, variables, contextValue: { ...context, loaders, budget, exactCounts: true } })
    },
    reserve: (variables, work) => {
      if (!isLarge(variables)) return work()
      return deps.large.run({ actor: shareOf(context.actor, context.address) }, () => {
        restart(budget)
        return work()
      })
    },
    secret: () => deps.secretOf(request),
    iamType: iamid => deps.iamType(context, iamid),
    publicUrl: deps.publicUrl,
  }
}

/** Rows that make a response large; skipped rows count a fiftieth. */
const LARGE_PAGE = 1_000
export const isLarge = ({ first, offset }: { first?: unknown; offset?: unknown }): boolean =>
  (typeof first === 'number' ? first : 0) + (typeof offset === 'number' ? offset : 0) / 50 > LARGE_PAGE

/** Without the GraphQL limits, which are for clients' documents. */
async function run(
  schema: GraphQLSchema,
  {
    document,
    variables,
    contextValue,
  }: { document: DocumentNode; variables: object; contextValue: Context & WithBudget & WithCounts },
): Promise<unknown> {
  const { data, errors } = await execute({ schema, document, variableValues: { ...variables }, contextValue })
  if (errors?.[0] !== undefined) throw thrownBy(errors[0])
  return data
}

function registerDocumentation(http: HttpServer, deps: RestDeps): void {
  const document = JSON.stringify(openapi(routes, deps.publicUrl))
  http.route<RequestLocals>({
    method: 'GET',
    path: '/openapi.json',
    body: 'none',
    authenticate: async request => {
      request.locals.context = await deps.contextOf(request, 'required')
    },
    handler: async () => ({ status: 200, body: document }),
  })
}
