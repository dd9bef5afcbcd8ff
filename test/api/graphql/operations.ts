// One operation for every root field of the schema, each with selections that meet objects in lists. The tests that
// count statements and the tests of the policy read this table; a new root field needs an entry.
import type { TestApp } from '../../harness/app.ts'
import { mutations } from './operations.mutations.ts'
import { queries } from './operations.queries.ts'
import type { Stock } from './stock.ts'

/** What an operation can work on. */
export interface Stage {
  app: TestApp
  stock: Stock
  /** How many of everything there are, and how many a list in an input names. */
  n: number
}

export interface Operation {
  /** The text between the root field's name and the closing brace. */
  text: string
  /** The type of `$input`, for those that take one. */
  input?: string
  variables?(on: Stage): Promise<Record<string, unknown>> | Record<string, unknown>
  /** The credential it needs to succeed. Default: an administrator's. */
  as?(on: Stage): Promise<string>
  /** The code it is answered with where it cannot succeed in this version. */
  refused?: string
}

/** By the name of its root field; a word after a colon distinguishes the operations of one field. */
export const operations: { label: string; name: string; kind: 'query' | 'mutation'; operation: Operation }[] = (
  [
    ['query', queries],
    ['mutation', mutations],
  ] as const
).flatMap(([kind, table]) =>
  Object.entries(table).map(([label, operation]) => ({ label, name: label.split(':')[0]!, kind, operation })),
)

/** The document and variables of an operation, with its targets made. */
export async function prepared({ name, kind, operation }: (typeof operations)[number], on: Stage) {
  const { text, input, variables } = operation
  const given = (await variables?.(on)) ?? {}
  if (kind === 'mutation') {
    const takes = input === undefined ? ['', ''] : [`($input: ${input}!)`, '(input: $input)']
    return {
      query: `mutation ${takes[0]} { ${name}${takes[1]} ${text} }`,
      variables: input === undefined ? {} : { input: given },
    }
  }
  const [of] = Object.keys(given)
  const declared = [...(of ? [`$${of}: ${input}!`] : []), ...(text.includes('$n') ? ['$n: Int'] : [])].join(', ')
  return { query: `query ${declared && `(${declared})`} { ${name}${text} }`, variables: { ...given, n: on.n } }
}
