/** `npm run admin`: access for the operator. Passwords are never arguments. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { type AdminCommand, performAdmin } from '../api/admin/commands.ts'
import { asOperator } from '../app.ts'
import { generatePassword } from '../domain/credentials/password.ts'
import { type Config, type Environment, loadConfig } from '../platform/config/config.ts'
import { askServer } from './admin.client.ts'
import type { Printed, Values } from './command.ts'

export const ADMIN_SUBCOMMANDS = ['unlock', 'set-password', 'create'] as const

export const ADMIN_HELP = `Usage: npm run admin -- <command> --user [IAMID/]USERID

  unlock        ends the lock of failed log-ins of the account; with --address IP instead of --user, that of an address
  set-password  sets the password of a user of the IAM bim; sessions and locks of the account end
  create        makes an administrator with every administrative permission; with --grant gives them to a user who exists

The password comes from a prompt, or from the first line of standard input; an empty one, or --generate, has one made and printed once.
Without IAMID/ the IAM is bim. It works on the store of DATA_DIR or DATABASE_URL, also while the server runs, and is audited.
Exit code: 0 done, 1 refused or failed, 2 the command line cannot be read.
`

/** Milliseconds and characters for a password on standard input. */
const STDIN = 30_000
const MAX_INPUT = 8192

export async function admin(env: Environment, values: Values, subcommand?: string): Promise<Printed> {
  const unusable = (reason: string): Printed => {
    process.stderr.write(`${reason}\n\n${ADMIN_HELP}`)
    return { text: '', exitCode: 2 }
  }
  const name = ADMIN_SUBCOMMANDS.find(known => known === subcommand)
  if (name === undefined) return unusable('A command is missing: unlock, set-password or create.')
  const { user, address, grant = false, generate = false } = values
  if (name === 'unlock' ? (user === undefined) === (address === undefined) : user === undefined)
    return unusable(name === 'unlock' ? 'Either --user or --address is needed.' : '--user is needed.')
  if (name !== 'unlock' && address !== undefined) return unusable('--address goes with unlock only.')
  if (name !== 'create' && grant) return unusable('--grant goes with create only.')
  if (generate && (name === 'unlock' || grant)) return unusable('--generate goes with a new password only.')
  const [iamid, userid] = typeof user === 'string' ? named(user) : ['bim', null]
  if (userid === '' || iamid === '') return unusable('--user must be USERID or IAMID/USERID.')
  const config = loadConfig(env)
  const given = name === 'unlock' || grant || iamid !== 'bim' ? null : generate === true ? '' : await readPassword()
  const made = given === '' ? generatePassword(config.password.minLength) : null
  const command: AdminCommand = {
    name,
    iamid,
    userid,
    address: typeof address === 'string' ? address : null,
    password: made ?? given,
    grant: grant === true,
  }
  const text = await perform(config, command)
  const shown = made === null ? '' : `\n  userid    ${userid}\n  password  ${made}\n\nThe password is shown this once.\n`
  return { text: `${text}${shown}`, exitCode: 0 }
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
