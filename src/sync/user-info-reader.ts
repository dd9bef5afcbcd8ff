/** What an IAM's user info endpoint says of the people of a sync, where its configuration asks for that (`ldapSync.askUserInfo`). */
import type { App } from '../authorization/context.ts'
import type { IamRecord } from '../domain/iams/iam.ts'
import type { Meant } from '../federation/account-lookup.ts'
import { nobody } from '../federation/diff.ts'
import { noteAnswers } from '../federation/identity.store.ts'
import type { Identity } from '../federation/identity.ts'
import { heldOf } from '../federation/reconcile.ts'
import { type News, USER_INFO } from '../federation/source-result.ts'
import { type EntryDraft, faultOf, outcomeOf, told } from './entry.ts'
import type { RunRecord } from './run.ts'

/** Somebody whom the directory showed, and whose account that is. */
export interface Spoken {
  readonly identity: Identity
  readonly meant: Meant
}

/** People asked about at once. */
const atOnce = 10
/** An endpoint that gave so many times in a row no answer is not asked again by this run. */
const patience = 20

interface Asking {
  readonly app: Pick<App, 'store' | 'log'>
  readonly run: RunRecord
  readonly iam: IamRecord
}

/** By which the account is found once the directory's entry is applied. */
const naming = ({ userid, aliases, sourceId }: Identity) => ({
  userid,
  ...(aliases && { aliases }),
  ...(sourceId !== undefined && { sourceId }),
})

export class Informer {
  readonly #asking: Asking
  readonly #ask: (userid: string) => Promise<News>
  #failures = 0
  #inARow = 0
  #reason = ''

  constructor(asking: Asking, ask: (userid: string) => Promise<News>) {
    this.#asking = asking
    this.#ask = ask
  }

  /** Entries for those of whom it says something else than is held. Notes about whom it answered, and when. */
  async about(people: readonly Spoken[]): Promise<EntryDraft[]> {
    const { app, run, iam } = this.#asking
    const users = people.flatMap(({ meant }) => meant.user ?? [])
    const held = await heldOf(app.store.db, users, iam.id, USER_INFO)
    const drafts: EntryDraft[] = []
    const answers: { userId: number; failure: string | null; answered: boolean }[] = []
    for (let start = 0; start < people.length && this.#inARow < patience; start += atOnce) {
      const part = people.slice(start, start + atOnce)
      const news = await Promise.all(
        part.map(({ identity, meant }) => this.#ask(meant.renamed ?? meant.user?.userid ?? identity.userid)),
      )
      for (const [at, { identity, failure, faults }] of news.entries()) {
        const { identity: theirs, meant } = part[at]!
        const { user } = meant
        this.#count(failure)
        const words = failure ?? (faults.length === 0 ? null : faults.join('; '))
        if (user) answers.push({ userId: user.id, failure: words === null ? null : told(words), answered: failure === null })
        const said = identity && { ...identity, ...naming(theirs) }
        const draft = said && outcomeOf(said, user ? held.get(user.id)! : nobody, USER_INFO, faults, meant)
        if (draft && (draft.outcome === 'fault' || Object.keys(draft.after ?? {}).length > 0))
          drafts.push({ ...draft, source: USER_INFO, outcome: draft.outcome === 'fault' ? 'fault' : 'refresh' })
      }
    }
    if (!run.dryRun && answers.length > 0) await noteAnswers(app.store.db, answers, new Date())
    return drafts
  }

  /** One entry for all about whom there was no answer; told in the log, too. */
  end(): EntryDraft[] {
    if (this.#failures === 0) return []
    const { app, iam } = this.#asking
    const given = this.#inARow >= patience ? ', and it was not asked about the others' : ''
    const reason = `The user info endpoint gave no answer about ${this.#failures} people${given}: ${this.#reason}`
    app.log.warn({ iamid: iam.id, failure: reason }, 'the user info endpoint gave no answer')
    return [faultOf(USER_INFO, null, reason)]
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
