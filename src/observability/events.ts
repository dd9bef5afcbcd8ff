import type { CommittedEvents } from '../authorization/service.ts'
import type { Metrics } from './metrics.ts'

const UNKNOWN = 'unknown'
/** Names of IAMs that the next scrape looks up. */
const UNRESOLVED = 100

const OUTCOMES: Readonly<Record<string, string>> = { loginSucceeded: 'succeeded', loginFailed: 'failed' }

/** Callers name the IAM of a failed log-in: it is a label only if it exists. */
export class EventCounts {
  readonly #metrics: Metrics
  readonly #unresolved = new Map<string, number>()
  #iams: ReadonlySet<string> = new Set(['bim'])

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  count({ events }: CommittedEvents): void {
    for (const { event, target, after } of events) {
      const outcome = OUTCOMES[event]
      if (outcome !== undefined) this.#logIn(String(target.name).split('/', 1)[0]!, outcome)
      if (event === 'syncQuarantined') this.#metrics.syncs.inc({ iam: String(target.id), outcome: 'held' })
      if (event === 'syncFinished')
        this.#metrics.syncs.inc({ iam: String(target.id), outcome: after && 'failed' in after ? 'failed' : 'finished' })
    }
  }

  /** Of IAMs that did not exist at the last scrape. */
  resolve(iams: readonly string[]): void {
    this.#iams = new Set(['bim', ...iams])
    for (const [key, count] of this.#unresolved) {
      const [outcome, iamid = ''] = key.split(/ (.*)/s)
      this.#metrics.logins.inc({ source: this.#iams.has(iamid) ? iamid : UNKNOWN, outcome: outcome! }, count)
    }
    this.#unresolved.clear()
  }

  #logIn(iamid: string, outcome: string): void {
    const key = `${outcome} ${iamid}`
    if (this.#iams.has(iamid)) this.#metrics.logins.inc({ source: iamid, outcome })
    else if (this.#unresolved.has(key) || this.#unresolved.size < UNRESOLVED)
      this.#unresolved.set(key, (this.#unresolved.get(key) ?? 0) + 1)
    else this.#metrics.logins.inc({ source: UNKNOWN, outcome })
  }
}
