import { StartWaitingDocument } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { When } from '../../parts/when.tsx'
import { texts } from '../../texts.ts'

const words = texts.start

/** Syncs that wait for a decision; nothing when none does. */
export function Waiting() {
  const { data } = useOperation(StartWaitingDocument, {}, { refetchInterval: 30_000 })
  return data?.data.syncRuns?.nodes.map(run => {
    const disabled = run.counts?.filter(({ action, kind }) => action === 'DISABLE' && kind === 'USER') ?? []
    const people = disabled.reduce((sum, { count }) => sum + count, 0)
    return (
      <section key={run.id} className="notice" aria-label={words.waiting}>
        <p>
          <strong>{words.waits(run.iam?.displayName ?? run.iamid, run.databaseId, people)}</strong>{' '}
          <When at={run.createdAt} otherwise={texts.never} />
        </p>
        {run.reason && <p>{run.reason}</p>}
        <p className="soft">{words.decide}</p>
      </section>
    )
  })
}
