import type { UserRowFragment } from '../../../generated/ui.ts'
import { texts } from '../texts.ts'
import { usersTexts } from '../texts.users.ts'
import { Source } from './source.tsx'

type Stated = Pick<UserRowFragment, 'disabled' | 'disabledBy' | 'lastLogin' | 'kind'>

function stateOf({ disabled, lastLogin, kind }: Stated): 'active' | 'disabled' | 'never' {
  if (disabled) return 'disabled'
  return lastLogin === null && kind === 'PERSON' ? 'never' : 'active'
}

/** A colour, and always a word. */
export function UserState({ user }: { user: Stated }) {
  const state = stateOf(user)
  const by = user.disabledBy === 'SOURCE' ? 'disabled-by-source' : 'disabled-locally'
  return (
    <span className={`state state-${state}`}>
      {usersTexts.states[state === 'disabled' && user.disabledBy !== null ? by : state]}
    </span>
  )
}

/** The identity source of an account. */
export function AccountSource({ iamid, iam }: Pick<UserRowFragment, 'iamid' | 'iam'>) {
  if (iamid === 'bim') return <Source kind="local">{texts.account.localAccount}</Source>
  if (iam === null) return <Source kind="source">{`${iamid} (${usersTexts.removed})`}</Source>
  return <Source kind="source">{texts.source.of(iam.displayName, texts.iamTypes[iam.type] ?? iam.type)}</Source>
}
