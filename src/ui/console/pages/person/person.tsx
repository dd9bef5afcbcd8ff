import { Link, useParams } from '@tanstack/react-router'
import type { ComponentType } from 'react'
import { PersonDocument, type PersonHeadFragment } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { Proposals } from '../../parts/proposal.tsx'
import { Empty, Failed, Skeleton } from '../../parts/states.tsx'
import { useViewer } from '../../shell/viewer.tsx'
import { personTexts as words } from '../../texts.person.ts'
import { Access } from './access.tsx'
import { Attributes } from './attributes.tsx'
import { Credentials } from './credentials.tsx'
import { Groups } from './groups.tsx'
import { Head } from './head.tsx'
import { Raw } from './raw.tsx'
import { PersonTabs } from './tabs.tsx'
import { Timeline } from './timeline.tsx'
import './person.css'

export interface TabProps {
  readonly user: PersonHeadFragment
}

const TABS: Readonly<Record<string, ComponentType<TabProps>>> = {
  attributes: Attributes,
  groups: Groups,
  credentials: Credentials,
  timeline: Timeline,
  raw: Raw,
}
const LARGEST = 2 ** 31 - 1

export function PersonPage() {
  const viewer = useViewer()
  const { id = '' } = useParams({ strict: false })
  const number = /^\d{1,10}$/.test(id) && Number(id) <= LARGEST ? Number(id) : null
  if (!viewer.may('user:read')) return <Empty>{words.needs}</Empty>
  return number === null ? <NoPerson /> : <Person key={number} databaseId={number} />
}

function Person({ databaseId }: { databaseId: number }) {
  const { tab = '' } = useParams({ strict: false })
  const { data, error, refetch } = useOperation(PersonDocument, { ref: { databaseId } })
  const user = data?.data.user
  if (error?.code === 'NOT_FOUND') return <NoPerson />
  if (error && !user) return <Failed error={error} onRetry={() => void refetch()} />
  if (user?.databaseId !== databaseId) return <Skeleton rows={8} />
  const known = Object.hasOwn(TABS, tab) ? tab : undefined
  const Tab = known === undefined ? Access : TABS[known]!
  const tabs = [undefined, ...Object.keys(TABS)].map(name => ({ tab: name, title: words.tabs[(name ?? 'access') as 'access'] }))
  return (
    <div className="person">
      <Head user={user} />
      <PersonTabs id={String(databaseId)} label={words.tabs.label} tabs={tabs} />
      <Tab user={user} />
      <Proposals />
    </div>
  )
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
