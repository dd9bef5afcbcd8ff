/** Access for the operator. Passwords are never arguments. */
import { type AdminCommand, performAdmin } from '../api/admin/commands.ts'
import { asOperator } from '../app.ts'
import { generatePassword } from '../domain/credentials/password.ts'
import { type Config, type Environment, loadConfig } from '../platform/config/config.ts'
import { askServer } from './admin.client.ts'
import type { Printed } from './command.ts'
import { EXIT, usage } from './exit.ts'
import { nameOf } from './reference.ts'
import { onTerminal, readLine } from './secret-input.ts'

interface Options {
  readonly user?: string | undefined
  readonly address?: string | undefined
  readonly grant?: true | undefined
  readonly generate?: true | undefined
}

export async function admin(env: Environment, name: AdminCommand['name'], options: Options): Promise<Printed> {
  const { user, address, grant = false, generate = false } = options
  if ((user === undefined) === (address === undefined)) throw usage('Either --user or --address is needed.')
  if (generate && grant) throw usage('--generate goes with a new password only, --grant with an account that has one.')
  const named = user === undefined ? { iamid: 'bim', name: null } : nameOf(user)
  if (named === null) throw usage('--user must be USERID or IAMID/USERID.')
  const { iamid, name: userid } = named
  const config = loadConfig(env)
  const given = name === 'unlock' || grant || iamid !== 'bim' ? null : generate ? '' : await readPassword()
  const made = given === '' ? generatePassword(config.password.minLength) : null
  const command: AdminCommand = { name, iamid, userid, address: address ?? null, password: made ?? given, grant }
  const text = await perform(config, command)
  const shown = made === null ? '' : `\n  userid    ${userid}\n  password  ${made}\n\nThe password is shown this once.\n`
  return { text: `${text}${shown}`, exitCode: EXIT.done }
}

async function perform(config: Config, command: AdminCommand): Promise<string> {
  const isEmbedded = config.databaseUrl === null && config.dataDir !== 'memory://'
  const answer = isEmbedded ? await askServer(config.dataDir, command) : null
  return answer ?? asOperator(config, 'npm run admin', operator => performAdmin(operator, command))
}

async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) return readLine('password', 'send a line, or use --generate')
  return onTerminal(async ask => {
    const first = await ask('New password (empty: one is made): ')
    if (first !== '' && (await ask('\nThe same again: ')) !== first)
      throw new Error('The two passwords differ: nothing was changed')
    return first
  }, true)
}
