// The whole app for a test: a fresh store, the real server on a free port, the first administrator logged in.
import { randomBytes } from 'node:crypto'
import { hash } from '@node-rs/argon2'
import { freePort } from '../../scripts/demo/free-port.ts'
import { startApp } from '../../src/app.ts'
import type { Context } from '../../src/authorization/context.ts'
import { createFirstAdministrator } from '../../src/domain/users/first-administrator.service.ts'
import { permissions as permissionsService } from '../../src/domain/users/permissions.service.ts'
import { userCreation } from '../../src/domain/users/user-creation.service.ts'
import { loadConfig } from '../../src/platform/config/config.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { createLog } from '../../src/platform/http/log.ts'
import { testStore } from './database.ts'
import { type CaughtMail, catchMail } from './mail.ts'

export interface Person {
  userid: string
  iamid: 'bim'
  id: number
  profileId: number
  token: string
  password: string
  /** A fresh API key of theirs. */
  key(): Promise<string>
}

export interface TestApp {
  url: string
  /** With METRICS_PORT. */
  metricsUrl: string
  store: Store
  admin: Person
  /** What was mailed, oldest first; only with `smtp: true`. */
  mails: CaughtMail[]
  /** The lines of its log from `info` upwards, oldest first; only with `logged: true`. */
  logged: Record<string, unknown>[]
  /** A new user holding exactly these permissions and the default one, logged in. */
  as(permissions: readonly string[], options?: { userid?: string; name?: string }): Promise<Person>
  /** One GraphQL operation; `data` and `errors` as they come. */
  graphql(
    query: string,
    variables?: object,
    token?: string | null,
  ): Promise<{ status: number; data: any; errors?: any[]; extensions?: any }>
  close(): Promise<void>
}

const ADMIN_PASSWORD = 'correct horse battery staple'
const CHEAP = { memoryCost: 8, timeCost: 1 }

/** Users of the harness have cheap hashes, which also log in faster: hashing has tests of its own. */
function hashingCheaply(context: Context): Context {
  const passwordHasher = { ...context.app.passwordHasher, hash: (password: string) => hash(password.normalize('NFKC'), CHEAP) }
  return { ...context, app: { ...context.app, passwordHasher } }
}

export async function bootApp({
  env = {},
  smtp = false,
  logged: listens = false,
  background = false,
  before = async () => {},
  opens = testStore,
}: {
  env?: Record<string, string>
  smtp?: boolean
  logged?: boolean
  /** Work in the background costs each app a second, and is done by those alone that ask for it. */
  background?: boolean
  /** Done to the empty store before the app starts. */
  before?: (store: Store) => Promise<unknown>
  /** Opens another store than a fresh one of the run's kind. */
  opens?: () => Promise<Store>
} = {}): Promise<TestApp> {
  const [store, port, mail] = await Promise.all([opens(), freePort(), smtp ? catchMail() : null])
  const config = loadConfig({
    PORT: String(port),
    DATA_DIR: 'memory://',
    SECRET_KEY: randomBytes(32).toString('base64'),
    ADMIN_PASSWORD,
    LOG_LEVEL: 'silent',
    ...(mail && { SMTP_URL: mail.url }),
    ...env,
  })
  const prepare = async (operator: Context) => void (await createFirstAdministrator(hashingCheaply(operator)))
  await before(store)
  const logged: TestApp['logged'] = []
  const log = createLog({ level: 'info', out: { write: line => void logged.push(JSON.parse(line)) } })
  const running = await startApp(config, { store, prepare, background, ...(listens && { log }) })
  const url = `http://127.0.0.1:${running.port}`
  const admin = await logIn(url, config.adminUserid, config.adminPassword ?? ADMIN_PASSWORD)
  let made = 0
  return {
    url,
    metricsUrl: `http://127.0.0.1:${running.metricsPort}/metrics`,
    store,
    admin,
    mails: mail?.mails ?? [],
    logged,
    async as(permissions, options = {}) {
      const userid = options.userid ?? `person${++made}@example.test`
      const password = `password of ${userid}`
      const context = hashingCheaply(running.operatorContext())
      const { user } = await userCreation.create(context, {
        userid,
        password,
        profile: { name: options.name ?? userid },
        permissions: [...permissions],
      })
      if (permissions.length > 0) await permissionsService.grant(context, { ref: { id: user.id }, permissions })
      return logIn(url, userid, password)
    },
    graphql: (query, variables, token = admin.token) => send(url, query, variables, token),
    async close() {
      await running.stop()
      await mail?.close()
    },
  }
}

async function send(url: string, query: string, variables: object | undefined, token: string | null) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  })
  return { status: response.status, ...((await response.json()) as { data: any; errors?: any[]; extensions?: any }) }
}

/** Logs in by GraphQL and reads who one is, so that the harness needs no REST path. */
async function logIn(url: string, userid: string, password: string): Promise<Person> {
  const entered = await send(
    url,
    'mutation($input: LogInInput!) { logIn(input: $input) { token } }',
    { input: { userid, password } },
    null,
  )
  if (!entered.data?.logIn) throw new Error(`${userid} cannot log in: ${JSON.stringify(entered.errors)}`)
  const { token } = entered.data.logIn
  const { data } = await send(url, '{ viewer { user { id: databaseId userid profile { id: databaseId } } } }', undefined, token)
  const { user } = data.viewer
  return {
    userid: user.userid,
    iamid: 'bim',
    id: user.id,
    profileId: user.profile.id,
    token,
    password,
    async key() {
      const created = await send(url, 'mutation { createApiKey(input: { name: "test" }) { secret } }', undefined, token)
      return created.data.createApiKey.secret
    },
  }
}
