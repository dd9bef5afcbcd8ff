// Every root field asks the policy first (fields.txt). uncovered.txt lists the actions that no caller reaches here.
// After an intended change: npm test -- test/authorization/policy.fields.test.ts --update
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Action, policy } from '../../src/authorization/policy.ts'
import { type Decision, decisions } from '../../src/authorization/service.ts'
import { make } from '../api/graphql/make.ts'
import { operations, prepared, type Stage } from '../api/graphql/operations.ts'
import { stockUp } from '../api/graphql/stock.ts'
import { Browser } from '../authentication/oidc/browser.ts'
import { fakeProvider } from '../authentication/oidc/fake-provider.ts'
import { makeOpenid } from '../authentication/oidc/helpers.ts'
import { bootApp } from '../harness/app.ts'

const app = await bootApp({ smtp: true })
afterAll(() => app.close())

/** The questions that `work` puts to the policy, in their order. */
async function questionsOf(work: () => Promise<unknown>): Promise<Decision[]> {
  const questions: Decision[] = []
  const listen = (message: unknown) => questions.push(message as Decision)
  decisions.subscribe(listen)
  await work()
  decisions.unsubscribe(listen)
  return questions
}

/** With every permission, with none, and with every permission but a key of one narrow scope. */
const callers = ['administrator', 'nobody', 'narrowed'] as const
type Caller = (typeof callers)[number]
interface Asked {
  questions: Decision[]
  answer: Awaited<ReturnType<typeof app.graphql>>
}
/** One operation of each root field. */
const fields = operations.filter(({ label, name }) => label === name)
const asked = new Map<string, Record<Caller, Asked>>()
const otherQuestions: Decision[] = []

beforeAll(async () => {
  const on: Stage = { app, stock: await stockUp(app.store, 2), n: 2 }
  // A key and not a log-in, which logging out would end.
  const nobody = await (await app.as([])).key()
  const narrowed = (await make.key(on, app.admin.token, { scopes: ['session:start'] })).secret
  for (const entry of fields) {
    const found: Partial<Record<Caller, Asked>> = {}
    for (const caller of callers) {
      const { query, variables } = await prepared(entry, on)
      const own = (await entry.operation.as?.(on)) ?? app.admin.token
      const token = { administrator: own, nobody, narrowed }[caller]
      let answer: Asked['answer'] | undefined
      const questions = await questionsOf(async () => {
        answer = await app.graphql(query, variables, token)
      })
      found[caller] = { questions, answer: answer! }
    }
    asked.set(entry.name, found as Record<Caller, Asked>)
  }
  otherQuestions.push(...(await questionsOf(() => throughTheLoginPage(on))))
  otherQuestions.push(...(await questionsOf(throughAProvider)))
  const hidden = '{ users(filter: { groupNames: ["stock1"] }) { nodes { id: databaseId } } }'
  for (const token of [app.admin.token, nobody]) otherQuestions.push(...(await questionsOf(() => app.graphql(hidden, {}, token))))
}, 120_000)

/** An invitation is read and accepted on a page, not in GraphQL. */
async function throughTheLoginPage(on: Stage): Promise<void> {
  const query = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { newUserLink } }'
  const { data } = await on.app.graphql(query, { input: { userid: 'invited@roster.example' } })
  const token = new URL(data.createUser.newUserLink).searchParams.get('token')!
  expect((await fetch(`${app.url}/login?token=${token}`)).status).toBe(200)
  const body = new URLSearchParams({ token, password: 'chosen by me', confirmation: 'chosen by me' })
  const accepted = await fetch(`${app.url}/login`, { method: 'POST', body, redirect: 'manual' })
  expect(accepted.status).toBeLessThan(400)
  await fetch(`${app.url}/bim/iam/bim/user/authenticate`, { redirect: 'manual' })
}

async function throughAProvider(): Promise<void> {
  const idp = await fakeProvider('roster')
  await makeOpenid(app, 'provider', { clientId: 'roster', discoverUrl: idp.issuer })
  expect((await new Browser().visit(`${app.url}/login/provider`)).status).toBe(200)
  await idp.close()
}

const names = fields.map(({ name }) => name)

test.each(names)('%s asks the policy the same first question for each caller', name => {
  const { administrator, nobody, narrowed } = asked.get(name)!
  expect(administrator.questions.length).toBeGreaterThan(0)
  expect([nobody, narrowed].map(({ questions }) => questions[0]?.action)).toEqual(
    Array(2).fill(administrator.questions[0]!.action),
  )
})

test.each(names)('%s is FORBIDDEN and null where the policy refuses', name => {
  for (const caller of ['nobody', 'narrowed'] as const) {
    const { questions, answer } = asked.get(name)![caller]
    const refused = questions.some(({ allowed }) => !allowed)
    if (!refused) continue
    expect(answer.errors?.[0]?.extensions.code, `${name} by ${caller}`).toBe('FORBIDDEN')
    expect(answer.data).toEqual({ [name]: null })
  }
})

test('fields.txt lists the action of each root field', async () => {
  const lines = fields.map(
    ({ name, kind }) => `${kind.padEnd(8)}  ${name.padEnd(25)}  ${asked.get(name)!.administrator.questions[0]?.action ?? 'NONE'}`,
  )
  const text = `# The action of the policy that each root field of GraphQL asks for first, as recorded by policy.fields.test.ts. Generated: do not edit.\n\n`
  await expect(`${text}${lines.join('\n')}\n`).toMatchFileSnapshot('fields.txt')
})

describe('coverage', () => {
  const allQuestions = () => [
    ...[...asked.values()].flatMap(by => callers.flatMap(caller => by[caller].questions)),
    ...otherQuestions,
  ]

  test('uncovered.txt lists the actions that are not both allowed to one caller and refused to another', async () => {
    const all = allQuestions()
    const was = (action: Action, allowed: boolean) =>
      all.some(decision => decision.action === action && decision.allowed === allowed)
    const uncovered = (Object.keys(policy) as Action[]).filter(
      action => !was(action, true) || (policy[action].who !== 'anyone' && !was(action, false)),
    )
    const text = `# Actions of the policy that policy.fields.test.ts does not see allowed to one caller and refused to another. Generated: do not edit.\n\n`
    await expect(`${text}${uncovered.join('\n')}\n`).toMatchFileSnapshot('uncovered.txt')
  })
})
