import { Link, useParams } from '@tanstack/react-router'
import { PersonDocument, type PersonHeadFragment } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { AccountSource, UserState } from '../../parts/badges.tsx'
import { Empty, Failed, Skeleton } from '../../parts/states.tsx'
import { When } from '../../parts/when.tsx'
import { useViewer } from '../../shell/viewer.tsx'
import { personTexts as words } from '../../texts.person.ts'
import { texts } from '../../texts.ts'
import './person.css'

const LARGEST = 2 ** 31 - 1

export function PersonPage() {
  const viewer = useViewer()
  const { id = '' } = useParams({ strict: false })
  const number = /^\d{1,10}$/.test(id) && Number(id) <= LARGEST ? Number(id) : null
  if (!viewer.may('user:read')) return <Empty>{words.needs}</Empty>
  return number === null ? <NoPerson /> : <Person databaseId={number} />
}

function Person({ databaseId }: { databaseId: number }) {
  const { data, error, refetch } = useOperation(PersonDocument, { ref: { databaseId } })
  const user = data?.data.user
  if (error?.code === 'NOT_FOUND') return <NoPerson />
  if (error && !user) return <Failed error={error} onRetry={() => void refetch()} />
  if (!user || user.databaseId !== databaseId) return <Skeleton rows={8} />
  return <Head user={user} />
}

function Head({ user }: { user: PersonHeadFragment }) {
  const { name, email, position, organization } = user.profile
  const work = [position, organization].filter(Boolean).join(', ')
  return (
    <header className="person-head">
      <span className="avatar" aria-hidden="true">
        {lettersOf(name)}
      </span>
      <div className="person-name">
        <h1>{name}</h1>
        <p className="soft">
          {[user.userid, email, work].filter((text, index, all) => text && all.indexOf(text) === index).join(' · ')}
        </p>
      </div>
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

function NoPerson() {
  return (
    <Empty>
      <h1>{words.gone}</h1>
      <p>{words.goneHint}</p>
      <p>
        <Link to="/console/users">{words.toList}</Link>
      </p>
    </Empty>
  )
}
