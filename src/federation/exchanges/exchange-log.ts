import type { AuditDraft } from '../../authorization/audit-event.ts'
import type { ExchangeEntry, ExchangeLog } from '../../authorization/ports.ts'
import type { Db } from '../../platform/database/store.ts'
import { lookupKey } from '../../platform/validation.ts'
import { changesOf, redactAndTruncate, redactFilter, redactText } from './exchange.ts'
import { insertExchanges, type NewExchange, trimExchanges } from './exchanges.store.ts'

const FLUSH_EVERY_MS = 500
/** A Bulk records many at once: these do not wait for the timer. */
const MANY = 200
const MAX_WAITING = 500
const MAX_TEXT = 1_000

interface Log {
  warn(about: object, text: string): void
}
type PendingEntry = ExchangeEntry & Pick<NewExchange, 'request' | 'requestWhole' | 'answer' | 'answerWhole'>

/** Batches, twice a second or when many wait. On overflow the oldest are dropped. */
export function createExchangeLog(db: Db, log: Log): ExchangeLog {
  let waiting: PendingEntry[] = []
  let lost = 0
  let writing = Promise.resolve()

  async function write(batch: readonly PendingEntry[]) {
    if (lost > 0) log.warn({ lost }, 'more exchanges came than could be kept')
    lost = 0
    if (batch.length === 0) return
    await insertExchanges(db, batch.map(row))
    await trimExchanges(db, [...new Set(batch.map(({ iamid }) => iamid))])
  }

  function flush(all = false): Promise<void> {
    writing = writing.then(() => {
      const isOver = ({ trail }: PendingEntry) => all || trail === undefined || trail.over
      const batch = waiting.filter(isOver)
      waiting = waiting.filter(exchange => !isOver(exchange))
      return write(batch).catch(error => log.warn({ err: error }, 'exchanges could not be kept'))
    })
    return writing
  }

  const timer = setInterval(() => void flush(), FLUSH_EVERY_MS)
  timer.unref()
  return {
    record(exchange) {
      const [request, answer] = [redactAndTruncate(exchange.request), redactAndTruncate(exchange.answer)]
      waiting.push({
        ...exchange,
        request: request.value,
        requestWhole: request.whole,
        answer: answer.value,
        // A redacted response cannot be replayed.
        answerWhole: answer.whole && (exchange.kind === 'scim' || !answer.redacted),
      })
      if (waiting.length > MAX_WAITING) {
        waiting.shift()
        lost++
      }
      if (waiting.length % MANY === 0) void flush()
    },
    flush: () => flush(),
    stop() {
      clearInterval(timer)
      return flush(true)
    },
  }
}

function row({ trail, source, userid = null, resource = null, status = null, ...exchange }: PendingEntry): NewExchange {
  const isOwn = ({ before, after }: AuditDraft) => source === undefined || source === (after?.source ?? before?.source)
  const events = (trail?.events ?? []).filter(isOwn)
  const { changes, whole } = changesOf(events)
  const failure = exchange.failure ?? trail?.failure ?? null
  const person = userid ?? userOf(events)
  return {
    ...exchange,
    asked: cut(redactFilter(exchange.asked))!,
    userid: cut(person),
    useridKey: person === null ? null : lookupKey(person),
    resource: cut(resource),
    status,
    failure: cut(failure && redactText(failure)),
    changes,
    changesWhole: whole,
  }
}

function userOf(events: readonly AuditDraft[]): string | null {
  const names = new Set(events.filter(({ target }) => target.type === 'user').map(({ target }) => target.name))
  const [name] = names
  return names.size === 1 && name != null ? name.slice(name.indexOf('/') + 1) : null
}

const cut = (text: string | null): string | null => {
  if (text === null) return null
  const clean = text.replaceAll('\0', '').toWellFormed()
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}…` : clean
}
