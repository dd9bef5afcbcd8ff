// What the tests of OpenID log-in share: an IAM as an administrator makes it, and a look at what came of a log-in.
import { expect } from 'vitest'
import type { TestApp } from '../../harness/app.ts'

export async function makeOpenid(
  app: TestApp,
  id: string,
  options: Record<string, unknown>,
  rest: { config?: Record<string, unknown>; groupPermissions?: object; defaultPermissions?: string[]; displayName?: string } = {},
): Promise<void> {
  const { config, displayName = id, ...given } = rest
  const input = {
    iamid: id,
    displayName,
    type: 'OPENID',
    ...given,
    config: { ...config, options: { enableSSL: false, ...options } },
  }
  const { data, errors } = await app.graphql(
    'mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }',
    {
      input,
    },
  )
  expect(errors).toBeUndefined()
  expect(data.createIam.iam.id).toBe(id)
}

export const personOf = (app: TestApp, iamid: string, userid: string) =>
  app.store.db.prisma.user.findFirst({ where: { iamid, userid } })

/** The audit events since the last call, oldest first. */
export function auditOf(app: TestApp) {
  let last = 0n
  return async () => {
    const events = await app.store.db.prisma.auditEvent.findMany({ where: { id: { gt: last } }, orderBy: { id: 'asc' } })
    last = events.at(-1)?.id ?? last
    return events
  }
}

/** Who a token or a browser's cookie gives access to. */
export async function viewerOf(url: string, headers: Record<string, string>) {
  const body = JSON.stringify({ query: '{ viewer { user { id: databaseId userid iamid } } }' })
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })
  const result = (await answer.json()) as { data?: { viewer?: { user: { id: number; userid: string; iamid: string } } } }
  return result.data?.viewer?.user ?? null
}
