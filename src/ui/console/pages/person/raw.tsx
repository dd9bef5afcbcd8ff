import { PersonRawDocument } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { Failed, Needs, Skeleton } from '../../parts/states.tsx'
import { personTexts } from '../../texts.person.ts'
import type { TabProps } from './person.tsx'

const words = personTexts.raw

export function Raw({ user }: TabProps) {
  const { data, error, refetch } = useOperation(PersonRawDocument, { ref: { databaseId: user.databaseId } })
  const found = data?.data.user
  const hidden = data?.hidden ?? []
  return (
    <section className="card">
      <h2>{words.title}</h2>
      {error && !found && <Failed error={error} onRetry={() => void refetch()} />}
      {!found && !error && <Skeleton rows={10} />}
      {found && (
        <>
          <p className="soft">{words.intro}</p>
          {hidden.length > 0 && (
            <p>
              <code>{hidden.map(path => path.replace(/^user\./, '')).join(', ')}</code>: <Needs permission="USER_ADMIN" />
            </p>
          )}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
          <pre className="raw" tabIndex={0}>
            {JSON.stringify(found, null, 2)}
          </pre>
        </>
      )}
    </section>
  )
}
