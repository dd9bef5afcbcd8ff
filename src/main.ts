import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { type RunningApp, startApp } from './app.ts'
import { fillDemo } from './demo/demo.ts'
import { createFirstAdministrator, type FirstAdministrator } from './domain/users/first-administrator.service.ts'
import { ConfigError, loadConfig } from './platform/config/config.ts'
import { nodeVersionError } from './platform/node-version.ts'
import { stopOnSignals } from './platform/stop.ts'

/** Of V8, for WebAssembly. */
const BASELINE = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering']
const print = (text: string) => process.stdout.write(`${text}\n`)

async function main(): Promise<void> {
  const tooOld = nodeVersionError(process.versions.node)
  if (tooOld !== null) return fail(tooOld)
  const { values } = parseArgs({ options: { demo: { type: 'boolean', default: false } } })
  await serve(values)
}

export async function serve(values: { demo: boolean }): Promise<void> {
  const config = loadConfig(process.env)
  // The optimizing compiler takes 600 MB for one function of the embedded database (decision 0023).
  if (config.databaseUrl === null) for (const flag of BASELINE) setFlagsFromString(flag)
  let administrator: FirstAdministrator | null = null
  const running = await startApp(config, {
    async prepare(operator) {
      administrator = await createFirstAdministrator(operator)
      if (values.demo && administrator) await fillDemo(operator)
      else if (values.demo) print('The store is not empty, so no demo organisation was added.')
    },
  })
  stopOnSignals({ log: running.app.log, drain: config.drainSeconds, stop: running.stop, fail })
  print(banner(running, administrator))
}

function banner({ app, port }: RunningApp, admin: FirstAdministrator | null): string {
  const { config } = app
  const at = config.port === 0 ? config.publicUrl.replace(/:0$/, `:${port}`) : config.publicUrl
  const lines = [
    `Roster is ready (${app.store.kind} store).`,
    '',
    `  log-in      ${at}/login`,
    `  console     ${at}/console`,
    `  playground  ${at}/graphiql`,
    `  GraphQL     ${at}/graphql`,
    `  REST        ${at}/bim`,
    '',
  ]
  if (admin === null && config.adminPassword !== null) lines.push('ADMIN_PASSWORD ignored: the database already has users.', '')
  if (admin === null) return lines.join('\n')
  if (admin.password === null)
    return [...lines, `The first administrator is ${admin.userid}, with the password from ADMIN_PASSWORD.`, ''].join('\n')
  const credentials = JSON.stringify({ username: admin.userid, password: admin.password })
  return [
    ...lines,
    'The first administrator, shown this once:',
    '',
    `  userid    ${admin.userid}`,
    `  password  ${admin.password}`,
    '',
    'Log in, and get a token for Authorization: Bearer <token>:',
    '',
    `  curl -s ${at}/bim/iam/bim/user/authenticate -H 'Content-Type: application/json' -d '${credentials.replaceAll("'", "'\\''")}'`,
    '',
  ].join('\n')
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

if (import.meta.main !== false)
  main().catch(error => fail(error instanceof ConfigError || error instanceof Error ? error.message : String(error)))
