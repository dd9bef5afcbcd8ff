// What an operation's error becomes, on the real schema and through the real executor.
import { execute, parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import { createSchema } from '../../../src/api/graphql/schema.ts'
import { thrownBy } from '../../../src/api/rest/errors.ts'
import { anonymous } from '../../../src/authorization/actor.ts'
import { ReadUserDocument, SearchUsersDocument } from '../../../src/generated/operations.ts'
import { Invalid, Unauthenticated } from '../../../src/platform/errors.ts'

const schema = createSchema()
const contextValue = { actor: anonymous }

async function thrown(
  document: Parameters<typeof execute>[0]['document'],
  variableValues: Record<string, unknown>,
): Promise<unknown> {
  const { errors } = await execute({ schema, document, variableValues, contextValue })
  return thrownBy(errors![0]!)
}

describe('thrownBy', () => {
  test("thrownBy: a service's own error comes back as it was thrown", async () => {
    expect(await thrown(ReadUserDocument, { ref: { name: { iamid: 'bim', userid: 'ana' } } })).toBeInstanceOf(Unauthenticated)
  })

  test.each([
    ['the value of a scalar', SearchUsersDocument, { filter: { domainId: 'x' } }, /^domainId must be /],
    ['a value within a list', SearchUsersDocument, { filter: { profileIds: ['x'] } }, /^profileIds\[0\] must be /],
    [
      'a value of another type',
      SearchUsersDocument,
      { filter: { name: { secret: 'hunter2' } } },
      /^name has a form that is not allowed here$/,
    ],
    ['a variable of its own', SearchUsersDocument, { first: 'many' }, /^first has a form that is not allowed here$/],
    ['a variable that is missing', ReadUserDocument, {}, /^ref has a form that is not allowed here$/],
  ])('thrownBy: %s is Invalid, names the field and repeats no value', async (_what, document, variables, message) => {
    const error = await thrown(document, variables)
    expect(error).toBeInstanceOf(Invalid)
    expect((error as Invalid).message).toMatch(message)
  })

  test('thrownBy: what nobody foresaw comes back as itself, for the log', async () => {
    const { errors } = await execute({ schema, document: parse('{ iams { id } }'), contextValue: {} })
    expect(thrownBy(errors![0]!)).toBeInstanceOf(TypeError)
  })
})
