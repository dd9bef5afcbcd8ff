// What a test of a module needs instead of the whole app: a context, people who act, what was audited, how many statements were sent.
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import type { GraphQLSchema } from 'graphql'
import pino from 'pino'
import { createSchema } from '../../src/api/graphql/schema.ts'
import { createAuthenticate } from '../../src/authentication/authenticate.ts'
import { createLastUsedTracker } from '../../src/authentication/last-used.ts'
import { createLoginAttempts } from '../../src/authentication/login-attempts.ts'
import type { Actor, UserActor } from '../../src/authorization/actor.ts'
import type { App, Context } from '../../src/authorization/context.ts'
import { createPasswordHasher } from '../../src/domain/credentials/password.ts'
import { createExchangeLog } from '../../src/federation/exchanges/exchange-log.ts'
import { createLoaders } from '../../src/loaders.ts'
import { loadConfig } from '../../src/platform/config/config.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { createMailer } from '../../src/platform/mail/mailer.ts'
import { canonical } from '../../src/platform/validation.ts'
import { createQueues } from '../../src/queues.ts'
import { replayScim } from '../../src/scim/http/dispatch.ts'
import { outbound } from './outbound.ts'

const apps = new WeakMap<Store, Map<string, App>>()

/** A context as an API makes it, on an app of its own per store and settings. */
export function testContext({ actor, store, env = {} }: { actor: Actor; store: Store; env?: Record<string, string> }): Context {
  const app = appOf(store, env)
  const who = { app, actor, address: '127.0.0.1', reads: app.store.reads() }
  return { ...who, requestId: 'req-test', loaders: createLoaders(who) }
}

function appOf(store: Store, env: Record<string, string>): App {
  const known = apps.get(store) ?? new Map<string, App>()
  apps.set(store, known)
  const name = JSON.stringify(env)
  const found = known.get(name)
  if (found) return found
  const config = loadConfig(env)
  const log = pino({ level: 'silent' })
  const lastUsed = createLastUsedTracker(store.db, config.token.idleSeconds, () => {})
  const key = config.secretKey ?? randomBytes(32)
  const app: App = {
    config,
    key,
    keys: [key, ...(config.secretKeyPrevious ? [config.secretKeyPrevious] : [])],
    store,
    ...createQueues(),
    log,
    outbound,
    mailer: createMailer(config, { outbound, log }),
    passwordHasher: createPasswordHasher({ ...config.hashing, ...config.password }),
    loginAttempts: createLoginAttempts(),
    lastUsed,
    authenticate: createAuthenticate(store.db, lastUsed),
    createLoaders,
    jobs: { send: async () => {} },
    exchangeLog: createExchangeLog(store.db, log),
    replayScim,
  }
  known.set(name, app)
  return app
}

/** A user with these hand-set permissions, logged in: the actor that a token of theirs would make. */
export async function makeUser(
  store: Store,
  userid: string,
  permissions: readonly string[] = [],
  { iamid = 'bim', name = userid, disabled = false }: { iamid?: string; name?: string; disabled?: boolean } = {},
): Promise<UserActor> {
  const useridKey = canonical(userid)
  const { id, profileId } = await store.db.prisma.user.create({
    data: {
      iamid,
      userid,
      useridKey,
      name,
      nameKey: canonical(name),
      disabled,
      permissions: { create: permissions.map(permission => ({ permission })) },
    },
    select: { id: true, profileId: true },
  })
  return {
    kind: 'user',
    user: { id, profileId, iamid, userid, useridKey },
    permissions: new Set(permissions),
    credential: { kind: 'login', id: 1, apiKeyId: null, scopes: [], projectId: null },
    impersonator: null,
  }
}

/** An IAM as configured, with its rules of group permissions by group name. */
export async function makeIam(
  store: Store,
  id: string,
  config: object = {},
  groupPermissions: Record<string, string[]> = {},
): Promise<void> {
  await store.db.prisma.iam.create({ data: { id, displayName: id, type: 'ldap', config } })
  await makeGroupPermissions(store, id, groupPermissions)
}

export async function makeGroupPermissions(store: Store, iamid: string, rules: Record<string, string[]>): Promise<void> {
  const data = Object.entries(rules).flatMap(([groupName, permissions]) =>
    permissions.map(permission => ({ iamid, groupName, groupKey: canonical(groupName), permission })),
  )
  await store.db.prisma.iamGroupPermission.createMany({ data })
}

/** Audit events in their order, without what differs from run to run. */
const eventsOf = (store: Store, after = 0n) =>
  store.db.prisma.auditEvent.findMany({
    where: { id: { gt: after } },
    orderBy: { id: 'asc' },
    select: {
      id: true,
      event: true,
      action: true,
      outcome: true,
      actorName: true,
      targetType: true,
      targetId: true,
      targetName: true,
      before: true,
      after: true,
    },
  })

/** The events that `work` leaves. */
export async function eventsBy(store: Store, work: () => Promise<unknown>) {
  const last = await store.db.prisma.auditEvent.aggregate({ _max: { id: true } })
  await work()
  return (await eventsOf(store, last._max.id ?? 0n)).map(({ id: _, ...event }) => event)
}

/** How many statements `work` sends, without those that open and close transactions. */
export async function statementsOf(store: Store, work: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = []
  const stop = store.onStatement(text => sent.push(text))
  await work()
  stop()
  // Exchanges are written beside the requests that they tell of, whenever their time comes.
  return sent.filter(
    text => !/^\s*(BEGIN|COMMIT|ROLLBACK|SET |SAVEPOINT|INSERT INTO exchanges|DELETE FROM exchanges)/i.test(text),
  )
}

// The copy that @graphql-tools/schema loads: vitest would import the package's other build, which refuses a schema of this one.
const { graphql } = createRequire(import.meta.url)('graphql') as typeof import('graphql')
let schema: GraphQLSchema | undefined

/** What a GraphQL operation answers, straight from the resolvers: no API, no limits. */
export async function ask(context: Context, source: string, variableValues: Record<string, unknown> = {}) {
  schema ??= createSchema()
  const { data, errors = [] } = await graphql({ schema, source, variableValues, contextValue: context })
  const plain = JSON.parse(JSON.stringify(data ?? null)) as Record<string, unknown> | null
  return { data: plain, errors: errors.map(error => error.message) }
}
