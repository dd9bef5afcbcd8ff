import type { Db } from '../../platform/database/store.ts'
import { Conflict } from '../../platform/errors.ts'
import { supports } from './iam.ts'
import { iamsByIds } from './iams.store.ts'

const SET = {
  allowBIMAuthorizations: ['allows no local attributes', 'set them at its source'],
  allowBIMGroups: ['allows no local group memberships of its users', 'put them into groups at its source'],
} as const

/** Throws Conflict when `supportedActions` reserves this for the source. */
export async function assertLocalEditAllowed(
  db: Db,
  owners: readonly { readonly iamid: string }[],
  action: keyof typeof SET,
): Promise<void> {
  const iamids = new Set(owners.map(({ iamid }) => iamid).filter(iamid => iamid !== 'bim'))
  if (iamids.size === 0) return
  for (const { id: iamid, config } of await iamsByIds(db, [...iamids])) assertSupported({ iamid, ...config }, action)
}

export function assertSupported(owner: { iamid: string; supportedActions?: unknown }, action: keyof typeof SET): void {
  if (owner.iamid === 'bim' || supports(owner, action)) return
  const [what, instead] = SET[action]
  throw new Conflict(`The IAM ${owner.iamid} ${what}: add ${action} to its supportedActions, or ${instead}`)
}
