import { stringify } from 'yaml'
import type { Environment } from '../platform/config/config.ts'
import { type ClientOptions, connect } from './client.ts'
import type { Printed } from './command.ts'
import { type StoredIam, withValue } from './declared.difference.ts'
import { exportedReference } from './declared.references.ts'
import { readServer } from './declared.server.ts'
import { EXIT, Failure } from './exit.ts'

/** One identity source or all, as a file that plan finds unchanged. */
export async function exportIams(env: Environment, iamid: string | undefined, options: ClientOptions): Promise<Printed> {
  const { iams } = await readServer(connect(env, options))
  const chosen = iams.filter(iam => iamid === undefined || iam.iamid === iamid)
  if (iamid !== undefined && chosen.length === 0) throw new Failure(`There is no identity source ${iamid}`, EXIT.notFound)
  const values = { iams: Object.fromEntries(chosen.map(iam => [iam.iamid, entryOf(iam)])) }
  const secrets = chosen.flatMap(iam => Object.keys(iam.secrets).map(path => exportedReference(iam.iamid, path)))
  const head = secrets.length === 0 ? '' : `# Secrets are read from the environment: ${secrets.join(', ')}\n`
  return { text: head + stringify(values, { aliasDuplicateObjects: false, lineWidth: 0 }), exitCode: EXIT.done }
}

function entryOf({ iamid, type, displayName, defaultPermissions, groupPermissions, config, secrets }: StoredIam): object {
  const references = Object.keys(secrets).reduce((into, path) => withValue(into, path, exportedReference(iamid, path)), config)
  const parts = { defaultPermissions, groupPermissions, config: references }
  const present = Object.entries(parts).filter(([, value]) => Object.keys(value).length > 0)
  return { type, displayName, ...Object.fromEntries(present) }
}
