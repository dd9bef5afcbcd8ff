/** The budget of one response. Pauses to serve other requests. */
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
  items?: number
  bytes: number
  /** On the clock of `performance.now()`. */
  until: number
  rows: number
  isLong: boolean
  medium?: () => Promise<void>
  large?: () => Promise<void>
}

export interface WithBudget {
  readonly budget?: Budget
}

/** Milliseconds, database time included. */
const TIME = 60_000
/** Items from which completion pauses. */
const LIST = 512
const LISTS = 5_000
const SHORT = 16
/** Rows between pauses; their loads share a statement. */
const CHUNK = 100
/** Rows between clock checks: more would double the promises. */
const CHECKED = 10
/** Bytes of JSON fields: written in chunks; counted as large. */
const LONG = 64_000
const LARGE = 1_000_000

export const createBudget = (limits: Pick<Budget, 'items' | 'medium' | 'large'> = {}): Budget => ({
  ...limits,
  bytes: LIMITS.answer,
  until: performance.now() + TIME,
  rows: 0,
  isLong: false,
})

export function restart(budget: Budget): void {
  budget.until = performance.now() + TIME
}

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

/** The first list over budget is an error, later ones null. */
function counted(budget: Budget, list: readonly unknown[]): readonly unknown[] | null {
  if (budget.items === undefined) return list
  const full = budget.items < 0
  budget.items -= list.length
  if (budget.items >= 0) return list
  if (full) return null
  throw new GraphQLError(
    `The response has more than ${LIMITS.items} items in unpaged lists, such as attributes: request smaller pages`,
    { extensions: { code: 'BAD_USER_INPUT' } },
  )
}

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
    throw new GraphQLError(`The response takes longer than ${TIME / 1000} s: request smaller pages or fewer fields`, {
      extensions: { code: 'BAD_USER_INPUT' },
    })
}

function weighed(budget: Budget, value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  const size = JSON.stringify(value).length
  budget.bytes -= size
  if (LIMITS.answer - budget.bytes > LONG) budget.isLong = true
  if (budget.bytes < 0)
    throw new GraphQLError(`The response is larger than ${LIMITS.answer} bytes: request smaller pages or fewer fields`, {
      extensions: { code: 'BAD_USER_INPUT' },
    })
  // A promise for each value would cost more than the value.
  return LIMITS.answer - budget.bytes > LARGE || isDue() ? awaited(budget, value) : value
}

async function awaited(budget: Budget, value: object): Promise<object> {
  if (LIMITS.answer - budget.bytes > LARGE) await budget.large?.()
  if (isDue()) await pausedWithin(budget)
  return value
}
