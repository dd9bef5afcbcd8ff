import type { Environment } from '../platform/config/config.ts'
import { connect } from './client.ts'
import { json, type Printed } from './command.ts'
import { WHY } from './documents.ts'
import { EXIT, Failure } from './exit.ts'
import { type ListOptions, type Row, readOne, userRef } from './lists.ts'
import { printable } from './table.ts'

/** Exit code 1 if the user does not have the permission. */
export async function why(env: Environment, asked: { user: string; permission: string }, options: ListOptions): Promise<Printed> {
  const { user, permission } = asked
  const one = { document: WHY, field: 'user', variables: { ref: userRef(user) }, what: `user ${user}` }
  const row = await readOne(connect(env, options), one)
  if (row.permissionGrants === null)
    throw new Failure('The sources of permissions are hidden from this credential: it needs USER_ADMIN', EXIT.denied)
  const grants = (row.permissionGrants as Row[]).filter(grant => grant.permission === permission)
  const holds = (row.permissions as string[]).includes(permission)
  const exitCode = holds ? EXIT.done : EXIT.failed
  const { iamid, userid, disabled } = row
  if (options.json) return { text: json({ iamid, userid, disabled, permission, holds, grants }), exitCode }
  const note = disabled ? 'The account is disabled: its log-ins, tokens and keys do not work.\n' : ''
  const head = `${printable(`${iamid}/${userid}`)} ${holds ? 'has' : 'does not have'} ${printable(permission)}${holds ? ':' : '.'}\n`
  return { text: `${head}${grants.map(line).join('')}${note}`, exitCode }
}

function line({ source, since, grantedBy, group }: Row): string {
  const by = group ? `through the group ${group.iamid}/${group.name}` : `from ${source === 'bim' ? 'a local grant' : source}`
  return `  ${printable(by)}, ${since ? `since ${since}, ` : ''}by ${printable(grantedBy)}\n`
}
