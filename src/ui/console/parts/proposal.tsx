// A change is shown before it is made.
import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { type Applied, apply, type Plan, planOf } from '../operations/plan.ts'
import type { RequestError } from '../operations/request.ts'
import type { Write } from '../operations/writes.ts'
import { changesTexts as words } from '../texts.changes.ts'
import { texts } from '../texts.ts'
import { ChangeWords } from './changes.tsx'
import { notify } from './notices.tsx'
import { factsOf } from './plan-words.ts'
import { Failed, Skeleton } from './states.tsx'

export interface Proposal {
  readonly title: string
  readonly writes: readonly Write[]
  readonly note?: string | undefined
  /** The number of the person whose timeline shows it; absent without AUDIT. */
  readonly audit?: string | undefined
  readonly isDanger?: boolean
  readonly onDone?: () => void
}

interface Open extends Proposal {
  readonly id: number
}

let open: Open | null = null
let last = 0
const listeners = new Set<() => void>()

function show(next: Open | null): void {
  open = next
  for (const listener of listeners) listener()
}

export const propose = (proposal: Proposal): void => show({ ...proposal, id: ++last })

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The dialog; once in a page. */
export function Proposals() {
  const proposal = useSyncExternalStore(subscribe, () => open)
  useEffect(() => () => show(null), [])
  return (
    <ModalOverlay className="overlay" isDismissable isOpen={proposal !== null} onOpenChange={isOpen => isOpen || show(null)}>
      <Modal className="modal">
        <Dialog>{proposal && <Content key={proposal.id} proposal={proposal} />}</Dialog>
      </Modal>
    </ModalOverlay>
  )
}

function Content({ proposal }: { proposal: Open }) {
  const client = useQueryClient()
  const { title, writes, note } = proposal
  const { data, error, refetch } = useQuery<Plan, RequestError>({
    queryKey: ['plan', proposal.id],
    queryFn: () => planOf(writes),
    gcTime: 0,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const { mutate, isPending } = useMutation({
    mutationFn: apply,
    onSuccess: applied => finish({ applied, proposal, client }),
  })
  return (
    <>
      <Heading slot="title">{title}</Heading>
      {error && <Failed error={error} onRetry={() => void refetch()} />}
      {!data && !error && (
        <>
          <p className="soft">{words.planning}</p>
          <Skeleton rows={2} />
        </>
      )}
      {data && <PlanWords plan={data} />}
      {note && data && data.ready.length > 0 && <p>{note}</p>}
      {data && data.ready.length > 0 && !hasInverse(data) && <p className="soft">{words.noUndo}</p>}
      <div className="buttons">
        {data && data.ready.length > 0 && (
          <Button autoFocus className={proposal.isDanger ? 'button danger' : 'button'} onPress={() => isPending || mutate(data)}>
            {isPending ? words.applying : words.apply}
          </Button>
        )}
        <Button slot="close" className="button quiet">
          {texts.cancel}
        </Button>
      </div>
    </>
  )
}

const hasInverse = ({ ready }: Plan): boolean => ready.some(({ write, changes }) => write.inverse(changes).length > 0)

function PlanWords({ plan: { ready, unchanged, refused, warnings } }: { plan: Plan }) {
  const facts = factsOf(ready.flatMap(({ changes }) => changes))
  return (
    <>
      {facts.length === 0 && refused.length === 0 && <p>{words.nothing}</p>}
      <ul className="facts">
        {facts.map(({ kind, text }) => (
          <li key={text} className={kind}>
            <span aria-hidden="true">{kind === 'added' ? '+' : '−'}</span> {text}
          </li>
        ))}
        {unchanged > 0 && facts.length > 0 && <li className="soft">{words.unchanged(unchanged)}</li>}
      </ul>
      {warnings.map(warning => (
        <p key={warning} className="notice">
          {warning}
        </p>
      ))}
      {refused.length > 0 && (
        <div className="notice bad">
          <p>
            <strong>{words.refused(refused.length)}</strong>
          </p>
          <ul className="refused">
            {refused.map(({ label, message }) => (
              <li key={label}>
                {label}: {message}
              </li>
            ))}
          </ul>
        </div>
      )}
      {ready.length > 1 && (
        <details>
          <summary>{words.details}</summary>
          <ul className="refused">
            {ready.map(({ write, changes }) => (
              <li key={write.label}>
                {write.label}
                {changes.map(({ event, targetId, before, after }) => (
                  <ChangeWords key={`${event} ${targetId}`} before={before} after={after} />
                ))}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

function finish({ applied, proposal, client }: { applied: Applied; proposal: Open; client: QueryClient }): void {
  const { done, failed, undo } = applied
  show(null)
  void client.invalidateQueries()
  const text =
    failed.length === 0 ? words.done(done) : `${words.done(done)} ${words.failed(failed.length)}: ${failed[0]!.message}`
  notify({
    text,
    ...(undo.length > 0 && { undo: { label: words.undoKey, run: () => void takeBack(undo, client) } }),
    ...(proposal.audit !== undefined && { audit: { label: words.audit, id: proposal.audit } }),
  })
  if (failed.length === 0) proposal.onDone?.()
}

async function takeBack(undo: readonly Write[], client: QueryClient): Promise<void> {
  const { failed } = await apply({ ready: undo.map(write => ({ write, changes: [] })), unchanged: 0, refused: [], warnings: [] })
  await client.invalidateQueries()
  notify({ text: failed.length === 0 ? words.undone : `${words.failed(failed.length)}: ${failed[0]!.message}` })
}
