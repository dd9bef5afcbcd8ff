/** Access for the operator. Passwords are never arguments. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { type AdminCommand, performAdmin } from '../api/admin/commands.ts'
import { asOperator } from '../app.ts'
import { generatePassword } from '../domain/credentials/password.ts'
import { type Config, type Environment, loadConfig } from '../platform/config/config.ts'
import { askServer } from './admin.client.ts'
import type { Printed } from './command.ts'
import { EXIT, usage } from './exit.ts'

interface Options {
  readonly user?: string | undefined
  readonly address?: string | undefined
  readonly grant?: true | undefined
  readonly generate?: true | undefined
}

/** Milliseconds and characters for a password on standard input. */
const STDIN = 30_000
const MAX_INPUT = 8192

export async function admin(env: Environment, name: AdminCommand['name'], options: Options): Promise<Printed> {
  const { user, address, grant = false, generate = false } = options
  if ((user === undefined) === (address === undefined)) throw usage('Either --user or --address is needed.')
  if (generate && grant) throw usage('--generate goes with a new password only, --grant with an account that has one.')
  const [iamid, userid] = user === undefined ? ['bim', null] : named(user)
  if (userid === '' || iamid === '') throw usage('--user must be USERID or IAMID/USERID.')
  const config = loadConfig(env)
  const given = name === 'unlock' || grant || iamid !== 'bim' ? null : generate ? '' : await readPassword()
  const made = given === '' ? generatePassword(config.password.minLength) : null
  const command: AdminCommand = { name, iamid, userid, address: address ?? null, password: made ?? given, grant }
  const text = await perform(config, command)
  const shown = made === null ? '' : `\n  userid    ${userid}\n  password  ${made}\n\nThe password is shown this once.\n`
  return { text: `${text}${shown}`, exitCode: EXIT.done }
}

function named(user: string): [iamid: string, userid: string] {
  const slash = user.indexOf('/')
  return slash < 0 ? ['bim', user] : [user.slice(0, slash), user.slice(slash + 1)]
}

async function perform(config: Config, command: AdminCommand): Promise<string> {
  const isEmbedded = config.databaseUrl === null && config.dataDir !== 'memory://'
  const answer = isEmbedded ? await askServer(config.dataDir, command) : null
  return answer ?? asOperator(config, 'npm run admin', operator => performAdmin(operator, command))
}

async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) return promptPassword()
  const late = AbortSignal.timeout(STDIN)
  let text = ''
  process.stdin.setEncoding('utf8')
  late.addEventListener('abort', () =>
    process.stdin.destroy(
      new Error(`No password arrived on standard input within ${STDIN / 1000} s: send a line, or use --generate`),
    ),
  )
  for await (const chunk of process.stdin as AsyncIterable<string>) {
    text += chunk
    if (text.includes('\n') || text.length > MAX_INPUT) break
  }
  if (text.length > MAX_INPUT) throw new Error('The password on standard input is too long')
  return text.split(/\r?\n/, 1)[0]!
}

async function promptPassword(): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    process.stderr.write('New password (empty: one is made): ')
    const first = await lines.question('')
    if (first === '') return ''
    process.stderr.write('\nThe same again: ')
    if ((await lines.question('')) !== first) throw new Error('The two passwords differ: nothing was changed')
    return first
  } finally {
    process.stderr.write('\n')
    lines.close()
  }
}
