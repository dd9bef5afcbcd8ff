/** /graphql: credential → body → anonymous log-in check → Apollo. */
import { ApolloServer, type ApolloServerPlugin, HeaderMap } from '@apollo/server'
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled'
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema, parse } from 'graphql'
import type { Logger } from 'pino'
import { bodyLimitOf } from '../../authentication/request-actor.ts'
import { anonymous, shareOf } from '../../authorization/actor.ts'
import type { Context } from '../../authorization/context.ts'
import { actingAs } from '../../platform/database/current-actor.ts'
import { type Code, ERROR_CODES, NotAcceptable, Unauthenticated } from '../../platform/errors.ts'
import { type FairQueue, SharedPlace } from '../../platform/fair-queue.ts'
import { parseBody } from '../../platform/http/body.ts'
import { jsonPieces } from '../../platform/http/json.ts'
import type { HttpRequest, HttpResponse, HttpServer } from '../../platform/http/types.ts'
import { costOf } from './cost.ts'
import { createDocumentCache } from './document-cache.ts'
import { capped, formatError, graphqlError, withoutSuggestions } from './errors.ts'
import { introspection } from './introspection.ts'
import { isLogInOnly, LIMITS, limitRules } from './limits.ts'
import { MEDIA_TYPES, responseType } from './media-types.ts'
import { operationName } from './operation-name.ts'
import { type Budget, createBudget, restart } from './response-budget.ts'
import { schemaText } from './schema.ts'
import { checkVariables } from './variables.ts'
import { HiddenFields } from './visibility.ts'

interface Locals extends Record<string, unknown> {
  context?: Context
}

/** Of operations by their cost. */
export interface ResponseQueues {
  readonly medium: FairQueue
  readonly large: FairQueue
}

interface Deps {
  schema: GraphQLSchema
  log: Logger
  queues: ResponseQueues
  /** Anonymous without a credential. Throws Unauthenticated for an invalid one. */
  contextOf(request: HttpRequest<Locals>, credential: 'offered' | 'required'): Promise<Context>
}

/** Another site needs a preflight (Fetch standard, CORS-safelisted request-header). */
const UNSAFE_HEADERS = ['authorization', 'x-apollo-operation-name', 'apollo-require-preflight']
const NEEDS_CREDENTIAL =
  'A token or an API key is needed: send it as Authorization: Bearer <token>. Without one only the log-in mutations run'

export async function registerGraphql(
  http: HttpServer,
  { schema, log, queues, contextOf }: Deps,
): Promise<{ stop(): Promise<void> }> {
  const documents = createDocumentCache(LIMITS.tokens)
  const apollo = new ApolloServer<Served>({
    schema,
    introspection: true,
    csrfPrevention: { requestHeaders: UNSAFE_HEADERS },
    // The cache would store arbitrary documents.
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stringifyResult: result => JSON.stringify(result),
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: LIMITS.tokens },
    documentStore: documents.store,
    validationRules: limitRules,
    // Locating each error costs time.
    validationOptions: { maxErrors: LIMITS.errors },
    formatError: formatError(log),
    // The cache-control plugin would inspect every field.
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      documents.plugin,
      operationName,
      cost(schema),
      introspection(schema),
      answer,
      inPieces,
    ],
    logger: log,
  })
  await apollo.start()
  http.translate('/graphql', graphqlError)
  http.route<Locals>({
    method: ['GET', 'POST'],
    path: '/graphql',
    body: 'raw',
    authenticate: async request => {
      request.locals.context = await contextOf(request, 'offered')
      if (isAnonymous(request) && request.method === 'GET') throw new Unauthenticated(NEEDS_CREDENTIAL)
    },
    // Before the operation runs: Apollo would check after it.
    decide: async ({ headers }) => {
      if (responseType(headers.accept) === null)
        throw new NotAcceptable('The header Accept must allow application/json or application/graphql-response+json')
    },
    bodyLimit: ({ locals }) => bodyLimitOf(locals.context!.actor),
    tooLarge: request => (isAnonymous(request) ? new Unauthenticated(NEEDS_CREDENTIAL) : undefined),
    handler: request => serve(apollo, queues, request),
  })
  http.route<Locals>({
    method: 'GET',
    path: '/schema.graphql',
    body: 'none',
    authenticate: async request => {
      request.locals.context = await contextOf(request, 'required')
    },
    handler: async () => ({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: schemaText }),
  })
  return { stop: () => apollo.stop() }
}

/** Apollo copies the context, so results are a nested object. */
interface Served extends Context {
  readonly budget: Budget
  readonly hidden: HiddenFields
  readonly outcome: {
    leave?: (() => void) | undefined
    long?: object
    isMutation?: boolean
  }
}

const isAnonymous = (request: HttpRequest<Locals>): boolean => request.locals.context!.actor === anonymous

async function serve(apollo: ApolloServer<Served>, queues: ResponseQueues, request: HttpRequest<Locals>): Promise<HttpResponse> {
  const body = bodyOf(request)
  const headers = new HeaderMap()
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const httpGraphQLRequest = { method, headers, search: request.query === '' ? '' : `?${request.query}`, body }
  const outcome: Served['outcome'] = {}
  const own = request.locals.context!
  const actor = shareOf(own.actor, own.address)
  const entering = (queue: FairQueue) =>
    once(async () => {
      outcome.leave?.()
      outcome.leave = undefined
      outcome.leave = await queue.acquire({ actor })
      restart(budget)
    })
  const [medium, large] = [entering(queues.medium), entering(queues.large)]
  const budget: Budget = createBudget({ items: LIMITS.items, medium, large })
  const place = new SharedPlace(() => own.app.operations.acquire({ actor }))
  const context = async () => ({ ...own, budget, outcome, place, hidden: new HiddenFields() })
  try {
    const answered = await actingAs(actor, () => apollo.executeHTTPGraphQLRequest({ httpGraphQLRequest, context }))
    if (answered.body.kind !== 'complete') throw new Error('Incremental delivery is not switched on')
    const status = answered.status ?? 200
    const text = status < 400 ? answered.body.string : identified(answered.body.string, request.requestId)
    const body = outcome.long ? await jsonPieces(outcome.long) : text
    return { status, headers: Object.fromEntries(answered.headers), body, isSecret: outcome.isMutation ?? true }
  } finally {
    place.leave()
    outcome.leave?.()
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let begun: Promise<void> | undefined
  return () => (begun ??= work())
}

/** Apollo rejects batches before there is a request id. */
function identified(text: string, requestId: string): string {
  const body = JSON.parse(text) as { errors?: { extensions?: object }[] }
  const errors = body.errors?.map(error => ({ ...error, extensions: { ...error.extensions, requestId } }))
  return JSON.stringify({ ...body, ...(errors && { errors }) })
}

interface HashedBody {
  readonly query: unknown
  readonly extensions: { readonly persistedQuery?: unknown } | null
}

function bodyOf(request: HttpRequest<Locals>): unknown {
  const bytes = request.body as Buffer | undefined
  if (!isAnonymous(request)) return bytes === undefined ? undefined : parseBody(bytes, request.headers, 'json')
  try {
    const body = parseBody(bytes ?? Buffer.alloc(0), request.headers, 'json') as Partial<HashedBody> | null
    if (typeof body?.query === 'string' && isLogInOnly(parse(body.query, { maxTokens: LIMITS.anonymousTokens }))) return body
    // Never runs: Apollo refuses hashes, and its client then sends the log-in.
    if (body?.query === undefined && body?.extensions?.persistedQuery) return { extensions: body.extensions }
  } catch {
    // Invalid JSON is no log-in.
  }
  throw new Unauthenticated(NEEDS_CREDENTIAL)
}

const cost = (schema: GraphQLSchema): ApolloServerPlugin<Served> => ({
  async requestDidStart() {
    let counted: number | undefined
    return {
      async didResolveOperation({ contextValue, document, operation, request }) {
        if (!operation) return
        contextValue.outcome.isMutation = operation.operation === 'mutation'
        checkVariables(schema, operation, request.variables ?? {})
        counted = costOrFault(schema, { document, operationName: request.operationName, variables: request.variables ?? {} })
        if (counted > LIMITS.cost)
          throw new GraphQLError(
            `This operation costs ${counted}, more than ${LIMITS.cost}: request smaller pages or fewer fields`,
            {
              extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
            },
          )
        if (counted > LIMITS.largeCost) await contextValue.budget.large?.()
        else if (counted > LIMITS.mediumCost) await contextValue.budget.medium?.()
      },
      async willSendResponse({ response, contextValue }) {
        if (counted === undefined || response.body.kind !== 'single') return
        const hidden = contextValue.hidden.paths
        response.body.singleResult.extensions = {
          ...response.body.singleResult.extensions,
          cost: counted,
          ...(hidden.length > 0 && { hidden }),
        }
      },
    }
  },
})

/** Reads variables before execution: their errors are the client's. */
function costOrFault(...asked: Parameters<typeof costOf>): number {
  try {
    return costOf(...asked)
  } catch (error) {
    const refusal = { code: 'BAD_USER_INPUT', http: { status: 400 } }
    // Deeply nested fragments overflow the stack.
    if (error instanceof RangeError) throw new GraphQLError('The document is nested too deeply', { extensions: refusal })
    if (!(error instanceof GraphQLError)) throw error
    throw new GraphQLError(error.message, { nodes: error.nodes, originalError: error.originalError, extensions: refusal })
  }
}

const answer: ApolloServerPlugin<Served> = {
  async requestDidStart() {
    return {
      async willSendResponse({ response, request, contextValue }) {
        if (response.body.kind !== 'single') return
        const { errors, data } = response.body.singleResult
        if (!errors) return
        const isUnknown = contextValue.actor === anonymous
        for (const [name, value] of Object.entries(waiting(errors))) response.http.headers.set(name, value)
        const shown = capped(errors, LIMITS.fieldErrors).map(error => (isUnknown ? withoutSuggestions(error) : error))
        response.body.singleResult.errors = shown.map(error => ({
          ...error,
          extensions: { ...error.extensions, requestId: contextValue.requestId },
        }))
        const status = data == null ? statusOf(errors, request.http?.headers.get('accept')) : undefined
        if (status !== undefined) response.http.status = status
      },
    }
  },
}
/** Leaves long responses to http/json.ts. Must be the last plugin. */
const inPieces: ApolloServerPlugin<Served> = {
  async requestDidStart() {
    return {
      async willSendResponse({ response, contextValue }) {
        if (!contextValue.budget.isLong || response.body.kind !== 'single') return
        const { errors, data, extensions } = response.body.singleResult
        contextValue.outcome.long = { ...(errors && { errors }), data, ...(extensions && { extensions }) }
        response.body.singleResult = {}
      },
    }
  },
}

/** Retry-After (RFC 9110 10.2.3), also on partial results. */
function waiting(errors: readonly GraphQLFormattedError[]): Record<string, string> {
  const seconds = errors.flatMap(({ extensions }) => (typeof extensions?.retryAfter === 'number' ? extensions.retryAfter : []))
  return seconds.length > 0 ? { 'retry-after': String(Math.max(1, Math.ceil(Math.max(...seconds)))) } : {}
}

function statusOf(errors: readonly GraphQLFormattedError[], accept: string | undefined): number | undefined {
  const codes = errors.map(({ extensions }) => String(extensions?.code))
  // Well-formed requests are 200 in plain JSON (GraphQL over HTTP, 6.4.1).
  if (codes.every(code => CLIENT_ERRORS.has(code)) && responseType(accept) !== MEDIA_TYPES.graphql) return 200
  return Object.hasOwn(ERROR_CODES, codes[0]!) ? ERROR_CODES[codes[0] as Code].status : undefined
}

const CLIENT_ERRORS = new Set(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT'])
