import type { PersonHeadFragment } from '../../../../generated/ui.ts'
import { AccountSource, UserState } from '../../parts/badges.tsx'
import { When } from '../../parts/when.tsx'
import { personTexts as words } from '../../texts.person.ts'
import { texts } from '../../texts.ts'
import { Actions } from './actions.tsx'

export function Head({ user }: { user: PersonHeadFragment }) {
  const { name, email, position, organization } = user.profile
  const work = [position, organization].filter(Boolean).join(', ')
  const known = [...new Set([user.userid, email, work].filter(Boolean))]
  return (
    <header className="person-head">
      <span className="avatar" aria-hidden="true">
        {lettersOf(name)}
      </span>
      <div className="person-name">
        <h1>{name}</h1>
        <p className="soft">{known.join(' · ')}</p>
      </div>
      <Actions user={user} />
      <ul className="person-facts">
        <li>
          <UserState user={user} />
        </li>
        <li>
          <AccountSource {...user} />
        </li>
        <li>
          <span className="soft">{words.lastLogin}</span> <When at={user.lastLogin} otherwise={texts.never} />
        </li>
        <li>
          <span className="soft">{words.created}</span> <When at={user.createdAt} otherwise={texts.never} />
        </li>
      </ul>
    </header>
  )
}

/** The first letters of the first and the last name. */
function lettersOf(name: string): string {
  const all = name.split(/\s+/u).filter(Boolean)
  const ends = all.length > 1 ? [all[0], all.at(-1)] : all
  return ends.map(part => [...(part ?? '')][0]?.toUpperCase() ?? '').join('')
}
