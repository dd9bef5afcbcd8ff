/** What making one answer may take: items, bytes and time, counted as it is made, and pauses in which others are served. */
import {
  defaultFieldResolver,
  GraphQLError,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isIntrospectionType,
  isListType,
  isObjectType,
} from 'graphql'
import { isDue, pause } from '../../platform/http/pauses.ts'
import { hasNoPage, LIMITS } from './limits.ts'

export interface Budget {
  /** Items of lists without pages that may still come; undefined for prepared operations, which are not limited. */
  items?: number
  /** Bytes of JSON fields that may still come. */
  bytes: number
  /** On the clock of `performance.now()`. */
  until: number
  /** Items of all lists so far. */
  rows: number
  /** Whether the answer is long, and so is written in pieces. */
  isLong: boolean
  /** Waits for a place among the large answers, unless this one has one. */
  large?: () => Promise<void>
}

export interface WithBudget {
  readonly budget?: Budget
}

/** Milliseconds for one answer, waiting for the store included. */
const TIME = 60_000
/** Items from which a list is made with pauses, and of all lists of an answer together, from which shorter lists are too. */
const LIST = 512
const LISTS = 5_000
const SHORT = 16
/** Rows that are made without a pause: what they wait for together is one statement. */
const CHUNK = 100
/** Rows after which the time is checked: a check for each would double the promises, which the garbage collector copies. */
const CHECKED = 10
/** Bytes of JSON fields after which an answer is written in pieces, and after which it counts as large. */
const LONG = 64_000
const LARGE = 1_000_000

export const createBudget = (limits: Pick<Budget, 'items' | 'large'> = {}): Budget => ({
  ...limits,
  bytes: LIMITS.answer,
  until: performance.now() + TIME,
  rows: 0,
  isLong: false,
})

/** Begins the time of the answer, once its waiting is over. */
export function restart(budget: Budget): void {
  budget.until = performance.now() + TIME
}

/** Makes every list and every JSON field of the schema count against the budget in the operation's context. */
export function withBudget(schema: GraphQLSchema): GraphQLSchema {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType)
  const fields = types
    .filter(type => !isIntrospectionType(type))
    .flatMap(type => Object.values(type.getFields()) as GraphQLField<unknown, WithBudget>[])
  for (const field of fields) {
    const named = getNamedType(field.type)
    if (isListType(getNullableType(field.type)) && isCompositeType(named)) {
      const isFree = hasNoPage(field)
      after(field, (budget, list) => (Array.isArray(list) ? paced(budget, isFree ? counted(budget, list) : list) : list))
    } else if (named.name === 'JSON') after(field, weighed)
  }
  return schema
}

function after(field: GraphQLField<unknown, WithBudget>, then: (budget: Budget, value: unknown) => unknown): void {
  const resolve = field.resolve ?? defaultFieldResolver
  field.resolve = (...call) => {
    const found: unknown = resolve(...call)
    const { budget } = call[2]
    if (!budget) return found
    return found instanceof Promise ? found.then(value => then(budget, value)) : then(budget, found)
  }
}

/** The list while there is room for it; the first without room is an error, and those after it are null. */
function counted(budget: Budget, list: readonly unknown[]): readonly unknown[] | null {
  if (budget.items === undefined) return list
  const full = budget.items < 0
  budget.items -= list.length
  if (budget.items >= 0) return list
  if (full) return null
  throw new GraphQLError(
    `The answer holds more than ${LIMITS.items} items of lists without pages, such as attributes: ask for smaller pages`,
    { extensions: { code: 'BAD_USER_INPUT' } },
  )
}

/** The items one after the other, with a pause whenever a piece has taken its time. */
function paced(budget: Budget, list: readonly unknown[] | null): unknown {
  if (list === null) return null
  budget.rows += list.length
  if (list.length < LIST && (budget.rows < LISTS || list.length < SHORT)) return list
  budget.isLong = true
  let before = Promise.resolve()
  return list.map((item, at) => {
    if (at > 0 && at % CHECKED === 0) before = before.then(() => (isDue() || at % CHUNK === 0 ? pausedWithin(budget) : undefined))
    return before.then(() => item)
  })
}

async function pausedWithin(budget: Budget): Promise<void> {
  await pause()
  if (performance.now() > budget.until)
    throw new GraphQLError(`The answer takes longer than ${TIME / 1000} s to make: ask for smaller pages or fewer fields`, {
      extensions: { code: 'BAD_USER_INPUT' },
    })
}

/** JSON of any size: what an answer holds of it is bounded, and from a megabyte on it waits like other large answers. */
function weighed(budget: Budget, value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  const size = JSON.stringify(value).length
  budget.bytes -= size
  if (LIMITS.answer - budget.bytes > LONG) budget.isLong = true
  if (budget.bytes < 0)
    throw new GraphQLError(`The answer is larger than ${LIMITS.answer} bytes: ask for smaller pages or fewer fields`, {
      extensions: { code: 'BAD_USER_INPUT' },
    })
  // Most values come at once: a promise for each would cost more than the value.
  return LIMITS.answer - budget.bytes > LARGE || isDue() ? awaited(budget, value) : value
}

async function awaited(budget: Budget, value: object): Promise<object> {
  if (LIMITS.answer - budget.bytes > LARGE) await budget.large?.()
  if (isDue()) await pausedWithin(budget)
  return value
}
