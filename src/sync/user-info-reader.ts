import type { App } from '../authorization/context.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { AccountMatch } from '../federation/account-lookup.ts'
import { noState } from '../federation/diff.ts'
import { recordResponses } from '../federation/identity.store.ts'
import type { Identity } from '../federation/identity.ts'
import { heldOf } from '../federation/reconcile.ts'
import { type SourceResult, USER_INFO } from '../federation/source-result.ts'
import { desired, type EntryDraft, errorEntry, userEntry } from './entry.ts'
import type { RunRecord } from './run.ts'

export interface UserInfoOutcome {
  readonly identity: Identity
  readonly meant: AccountMatch
}

const atOnce = 10
/** Failures in a row that end the calls of a run. */
const MAX_CONSECUTIVE_FAILURES = 20

interface Asking {
  readonly app: Pick<App, 'store' | 'log'>
  readonly run: RunRecord
  readonly iam: IamRecord
}

const naming = ({ userid, aliases, sourceId }: Identity) => ({
  userid,
  ...(aliases && { aliases }),
  ...(sourceId !== undefined && { sourceId }),
})

export class UserInfoReader {
  readonly #asking: Asking
  readonly #ask: (userid: string) => Promise<SourceResult>
  #failures = 0
  #inARow = 0
  #reason = ''

  constructor(asking: Asking, ask: (userid: string) => Promise<SourceResult>) {
    this.#asking = asking
    this.#ask = ask
  }

  async about(people: readonly UserInfoOutcome[]): Promise<EntryDraft[]> {
    const { app, run, iam } = this.#asking
    const users = people.flatMap(({ meant }) => meant.user ?? [])
    const held = await heldOf(app.store.db, { users, iamid: iam.id, source: USER_INFO })
    const drafts: EntryDraft[] = []
    const answers: { userId: number; failure: string | null; answered: boolean }[] = []
    for (let start = 0; start < people.length && this.#inARow < MAX_CONSECUTIVE_FAILURES; start += atOnce) {
      const part = people.slice(start, start + atOnce)
      const results = await Promise.all(
        part.map(({ identity, meant }) => this.#ask(meant.renamed ?? meant.user?.userid ?? identity.userid)),
      )
      for (const [at, { identity, failure, faults }] of results.entries()) {
        const { identity: theirs, meant } = part[at]!
        const { user } = meant
        this.#count(failure)
        const words = failure ?? (faults.length === 0 ? null : faults.join('; '))
        if (user) answers.push({ userId: user.id, failure: words === null ? null : desired(words), answered: failure === null })
        const merged = identity && { ...identity, ...naming(theirs) }
        const draft =
          merged && userEntry(merged, user ? held.get(user.id)! : noState, { source: USER_INFO, faults, account: meant })
        if (draft && (draft.action === 'error' || Object.keys(draft.after ?? {}).length > 0))
          drafts.push({ ...draft, source: USER_INFO, action: draft.action === 'error' ? 'error' : 'update' })
      }
    }
    if (!run.dryRun && answers.length > 0) await recordResponses(app.store.db, answers, new Date())
    return drafts
  }

  end(): EntryDraft[] {
    if (this.#failures === 0) return []
    const { app, iam } = this.#asking
    const given = this.#inARow >= MAX_CONSECUTIVE_FAILURES ? '; the other users were not looked up' : ''
    const reason = `The user info endpoint gave no answer about ${this.#failures} people${given}: ${this.#reason}`
    app.log.warn({ iamid: iam.id, failure: reason }, 'the user info endpoint gave no answer')
    return [errorEntry(USER_INFO, null, reason)]
  }

  #count(failure: string | null): void {
    if (failure === null) this.#inARow = 0
    else {
      this.#failures++
      this.#inARow++
      this.#reason ||= failure
    }
  }
}
