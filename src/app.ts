import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { performAdmin } from './api/admin/commands.ts'
import { serveAdmin } from './api/admin/socket.ts'
import { createSchema } from './api/graphql/schema.ts'
import { registerGraphql } from './api/graphql/server.ts'
import { API_PATHS } from './api/paths.ts'
import { registerRest } from './api/rest/router.ts'
import { SECRET_RESPONSES } from './api/secret-responses.ts'
import { registerFront } from './api/web/front.ts'
import { registerProviders, type WhoIs } from './api/web/providers.ts'
import { registerLogin } from './api/web/router.ts'
import { registerUi } from './api/web/ui.ts'
import { createAuthenticate } from './authentication/authenticate.ts'
import { startHousekeeping } from './authentication/expired-cleanup.ts'
import { createLastUsedTracker } from './authentication/last-used.ts'
import { createLoginAttempts } from './authentication/login-attempts.ts'
import { type AuthRequirement, actorOfRequest } from './authentication/request-actor.ts'
import { sessions } from './authentication/sessions.service.ts'
import { type Actor, anonymous, machine, observeActor, operator, shareOf } from './authorization/actor.ts'
import type { App, Context } from './authorization/context.ts'
import { CredentialCache } from './authorization/credential-cache.ts'
import { isAdministrative } from './authorization/permissions.ts'
import { fromHeader } from './authorization/secret.ts'
import { createPasswordHasher } from './domain/credentials/password.ts'
import { iams } from './domain/iams/iams.service.ts'
import { secrets } from './domain/iams/reencrypt.service.ts'
import { readViewer } from './domain/users/users.service.ts'
import { createExchangeLog } from './federation/exchanges/exchange-log.ts'
import { createLoaders } from './loaders.ts'
import { createRequestCounts, serveMetrics } from './observability/serve.ts'
import type { Config } from './platform/config/config.ts'
import { Counts } from './platform/database/counts.memory.ts'
import { toUnavailable } from './platform/database/errors.ts'
import { openStore } from './platform/database/open.ts'
import { atPrimary, type Reads, type Store } from './platform/database/store.ts'
import { NotFound, Unavailable } from './platform/errors.ts'
import { checkAddress, refusedAddress } from './platform/http/address.ts'
import { registerHealth } from './platform/http/health.ts'
import { createLog } from './platform/http/log.ts'
import { createHttp } from './platform/http/server.ts'
import type { HttpRequest, HttpServer } from './platform/http/types.ts'
import { createMailer } from './platform/mail/mailer.ts'
import { createOutbound } from './platform/outbound/connect.ts'
import { instanceKey } from './platform/secret-key.ts'
import { pruneBySettings } from './pruning.ts'
import { createQueues, refuseEarly } from './queues.ts'
import { authenticateScim, type ScimCredential } from './scim/authenticate.ts'
import { replayScim } from './scim/http/dispatch.ts'
import { createScimRate } from './scim/http/rate-limit.ts'
import { registerScim } from './scim/http/router.ts'
import { removeUnfinishedGroups } from './scim/resources/unfinished-groups.service.ts'
import { type Jobs, startJobs } from './sync/worker.ts'

export interface RunningApp {
  readonly port: number
  readonly metricsPort: number | null
  readonly app: App
  operatorContext(): Context
  /** `drain`: seconds in which requests are still taken. */
  stop(options?: { drain?: number }): Promise<void>
}

export interface StartOptions {
  readonly store?: Store
  readonly log?: Logger
  /** Runs before readiness, once the port is bound. */
  readonly prepare?: (operator: Context) => Promise<void>
  readonly background?: boolean
}

/** Throws when the store or the port is unavailable. */
export async function startApp(config: Config, given: StartOptions = {}): Promise<RunningApp> {
  const log = given.log ?? createLog({ level: config.logLevel, format: config.logFormat })
  const { databaseUrl, directUrl, readUrl, dataDir } = config
  // Before opening the store, which takes seconds.
  if (!given.store) await checkAddress(config)
  if (!given.store && config.metrics) await checkAddress({ ...config.metrics, setting: 'METRICS_' })
  const store =
    given.store ??
    (await openStore({ databaseUrl, directUrl, readUrl, dataDir, log, cursorKeys: () => app.keys, counts: new Counts() }))
  let jobs: Jobs | null = null
  const app: App = { ...makeApp(config, store, log), jobs: { send: async id => jobs?.send(id) } }
  const keeper = () => contextFor(app, machine('system'), HOUSEKEEPING)
  const housekeeping = startHousekeeping(app, [() => removeUnfinishedGroups(keeper()), () => pruneBySettings(keeper())])
  const { trustedProxies, hsts, certificate } = config
  const cors = { origins: config.corsOrigins, apis: API_PATHS }
  const counts = config.metrics && createRequestCounts(store)
  const http = createHttp({
    log,
    ...(counts && { onAnswer: counts.onAnswer }),
    trustedProxies,
    hstsSubdomains: hsts.subdomains === 'yes',
    cors,
    certificate,
    secrets: SECRET_RESPONSES,
    prefix: new URL(config.publicUrl).pathname,
  })
  let prepared = false
  let stopping = false
  const ping = async () => {
    if (!prepared) throw new Unavailable('Roster is starting', { retryAfter: 1 })
    await store.ping()
  }
  registerHealth(http, { ping, isStopping: () => stopping })
  const graphql = await registerApis(http, app)
  const port = await http.listen({ port: config.port, host: config.host }).catch(error => refusedAddress(error, config))
  await app.outbound.listensAt(config.host, port)
  const metrics = counts && (await serveMetrics(app, counts.metrics))
  const adminSocket =
    store.kind === 'embedded' && given.store === undefined && config.dataDir !== 'memory://'
      ? await serveAdmin(config.dataDir, command => performAdmin(contextFor(app, operator, ADMIN), command), log)
      : null
  const operatorContext = () => contextFor(app, operator, { requestId: 'start', address: '' })
  const stop = async ({ drain = 0 } = {}) => {
    stopping = true
    http.drain()
    if (drain > 0) await pause(drain * 1000)
    await http.close()
    await adminSocket?.close()
    await graphql.stop()
    housekeeping.stop()
    await jobs?.stop()
    app.mailer.close()
    await app.lastUsed.stop()
    await app.exchangeLog.stop()
    await metrics?.stop()
    await store.close()
  }
  if (config.credentialCacheSeconds > 0) await store.changes.listen()
  await warnOfUnreadableSecrets(operatorContext()).catch(error =>
    log.warn({ err: error }, 'the stored secrets could not be checked'),
  )
  await given.prepare?.(operatorContext()).catch(error => stop().finally(() => Promise.reject(error)))
  prepared = true
  if (given.background !== false) jobs = startJobs(app)
  return { port, metricsPort: metrics?.port ?? null, app, operatorContext, stop }
}

const HOUSEKEEPING = { requestId: 'housekeeping', address: '' }
const ADMIN = { requestId: 'npm run admin', address: '' }

export async function asOperator<T>(config: Config, requestId: string, work: (operator: Context) => Promise<T>): Promise<T> {
  const log = createLog({ level: 'silent' })
  const store = await openStore({ databaseUrl: config.databaseUrl, dataDir: config.dataDir })
  try {
    const app = makeApp(config, store, log)
    return await work(contextFor(app, operator, { requestId, address: '' })).finally(async () => {
      app.mailer.close()
      await app.lastUsed.stop()
      await app.exchangeLog.stop()
    })
  } finally {
    await store.close()
  }
}

function makeApp(config: Config, store: Store, log: App['log']): App {
  const lastUsed = createLastUsedTracker(store.db, config.token.idleSeconds, error =>
    log.warn({ err: error }, 'uses of secrets could not be written'),
  )
  const key = instanceKey(config)
  const outbound = createOutbound(config.outbound)
  return {
    config,
    key,
    keys: config.secretKeyPrevious === null ? [key] : [key, config.secretKeyPrevious],
    store,
    ...createQueues(),
    log,
    outbound,
    mailer: createMailer(config, { outbound, log }),
    passwordHasher: createPasswordHasher({ inFlight: config.hashing.inFlight, ...config.password }),
    loginAttempts: createLoginAttempts(),
    lastUsed,
    authenticate: createAuthenticate(store.db, lastUsed, new CredentialCache(store.changes, config.credentialCacheSeconds)),
    exchangeLog: createExchangeLog(store.db, log),
    replayScim,
    createLoaders,
    jobs: { send: async () => {} },
  }
}

/** Otherwise a wrong SECRET_KEY shows only at log-in. */
async function warnOfUnreadableSecrets(context: Context): Promise<void> {
  const iams = await secrets.listUnopened(context, {})
  if (iams.length > 0)
    context.app.log.warn(
      { iams },
      'stored secrets of these IAMs do not open with SECRET_KEY: restore the key, give the former one as SECRET_KEY_PREVIOUS, or set the secrets again',
    )
}

async function registerApis(http: HttpServer, app: App) {
  const schema = createSchema()
  const contextOf = (request: HttpRequest, credential: AuthRequirement) => contextOfRequest(app, request, credential)
  const whoIs = whoIsBy(contextOf)
  registerFront(http, { publicUrl: app.config.publicUrl, whoIs })
  registerUi(http, { publicUrl: app.config.publicUrl, isSignedIn: async request => (await whoIs(request)) !== null })
  const rate = createScimRate()
  const cache = new CredentialCache<ScimCredential>(app.store.changes, app.config.credentialCacheSeconds)
  registerScim(http, {
    publicUrl: app.config.publicUrl,
    contextOf: async (request, iamid) => {
      const actor = await authenticateScim(app.store.db, {
        iamid,
        authorization: request.headers.authorization,
        cache,
        lastUsed: app.lastUsed,
        rate,
      }).catch(translatedStore)
      return contextFor(app, actor, reading(app, request))
    },
  })
  const endFormer = async (request: HttpRequest) => {
    const { authorization: _, ...headers } = request.headers
    const former = contextFor(app, await actorOfRequest(app, { method: request.method, headers }, 'optional'), request)
    if (former.actor !== anonymous) await sessions.logOut(former, {})
  }
  const instance = { minLength: app.config.password.minLength, publicUrl: app.config.publicUrl }
  const signedIn = registerProviders(http, {
    ...instance,
    instanceKeys: app.keys,
    sessionLife: app.config.token.lifeSeconds,
    begin: async (request, input) => sessions.begin(await contextOf(request, 'none'), input),
    finish: async (request, input) => {
      const entered = await sessions.logInByProvider(await contextOf(request, 'none'), input)
      await endFormer(request)
      return entered
    },
    whoIs,
    endByProvider: async (request, input) => sessions.endByProvider(await contextOf(request, 'none'), input),
    logOut: async request => sessions.logOut(await contextOf(request, 'required'), {}),
  })
  registerLogin(http, {
    ...instance,
    signedIn,
    entrances: async request => iams.entrances(await contextOf(request, 'none'), {}),
    sessionLife: app.config.token.lifeSeconds,
    logIn: async (request, input) => {
      const entered = await sessions.logIn(await contextOf(request, 'none'), input)
      await endFormer(request)
      return entered
    },
    readInvitation: async (request, token) => {
      const user = await sessions.readInvitation(await contextOf(request, 'none'), { token }).catch(nullIfNotFound)
      return user && { iamid: user.iamid, userid: user.userid, name: user.name }
    },
    acceptInvitation: async (request, input) => sessions.acceptInvitation(await contextOf(request, 'none'), input),
  })
  registerRest(http, {
    schema,
    large: app.largeResponses,
    publicUrl: app.config.publicUrl,
    contextOf,
    secretOf: request => fromHeader(request.headers.authorization),
    iamType: (context, id) => iams.typeOf(context, { id }),
  })
  const queues = { medium: app.mediumResponses, large: app.largeResponses }
  return registerGraphql(http, { schema, log: app.log, queues, contextOf })
}

type ContextOf = (request: HttpRequest, credential: AuthRequirement) => Promise<Context>

/** The person of the browser's session. */
const whoIsBy =
  (contextOf: ContextOf): WhoIs =>
  async request => {
    if (request.headers.authorization !== undefined) return null
    const context = await contextOf(request, 'optional')
    if (context.actor.kind !== 'user') return null
    const { iamid, userid, name } = await readViewer(context, {})
    return { iamid, userid, name, isAdministrator: [...context.actor.permissions].some(isAdministrative) }
  }

async function contextOfRequest(app: App, request: HttpRequest, credential: AuthRequirement): Promise<Context> {
  const actor = await actorOfRequest(app, request, credential)
  refuseEarly(app, shareOf(actor, request.address))
  return contextFor(app, actor, reading(app, request))
}

const reading = ({ store }: App, { requestId, address }: HttpRequest): Asked => ({ requestId, address, reads: store.reads() })

function translatedStore(error: unknown): never {
  throw toUnavailable(error) ?? error
}

type Asked = Pick<Context, 'requestId' | 'address'> & { readonly reads?: Reads }

function contextFor(app: App, actor: Actor, { requestId, address, reads = atPrimary(app.store) }: Asked): Context {
  observeActor(actor)
  return { app, actor, requestId, address, reads, loaders: createLoaders({ actor, address, reads }) }
}

function nullIfNotFound(error: unknown): null {
  if (error instanceof NotFound) return null
  throw error
}
