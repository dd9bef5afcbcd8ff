// A provider of the tests: an IAM with SCIM switched on in a whole Roster, its key, and requests as a provider sends them.
import { expect } from 'vitest'
import { bootApp, type TestApp } from '../harness/app.ts'

export const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

export interface Answer {
  status: number
  headers: Headers
  body: any
}

export interface Provider {
  iamid: string
  key: string
  url: string
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  get(path: string): Promise<Answer>
  /** The body of a new user. */
  user(userName: string, rest?: object): Promise<any>
  group(displayName: string, members?: string[]): Promise<any>
  patch(path: string, ...operations: object[]): Promise<Answer>
}

const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** RFC 7644 3.12: the whole answer; without `scimType` it has none. `detail`: what the message must say. */
export function expectRefused(answer: Answer, status: number, scimType?: string, detail = /./): void {
  expect({ status: answer.status, body: answer.body }).toEqual({
    status,
    body: { schemas: [ERROR], status: String(status), ...(scimType && { scimType }), detail: expect.stringMatching(detail) },
  })
  expect(answer.headers.get('content-type')).toMatch(/^application\/scim\+json/)
}
/** The status, with the scimType of a refusal. */
export const outcome = ({ status, body }: Pick<Answer, 'status' | 'body'>): string =>
  body?.scimType ? `${status} ${body.scimType}` : String(status)
/** The outcomes of the operations of a Bulk. */
export const outcomes = ({ body }: Answer): string[] =>
  body.Operations.map((one: any) => outcome({ status: one.status, body: one.response }))
/** The answer to a request without a Provider. */
export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
}

export const boot = (): Promise<TestApp> => bootApp()

/** Without the look-up of a key that was not seen a moment ago. */
export const besideLookUps = (sent: readonly string[]): string[] => sent.filter(text => !text.includes('JOIN scim_keys k'))

/** An IAM with its key. */
export async function provider(
  app: TestApp,
  iamid: string,
  { config = {}, groupPermissions = {} }: { config?: object; groupPermissions?: object } = {},
): Promise<Provider> {
  const input = { iamid: iamid, displayName: iamid, type: 'OPENID', config: { scimEnabled: true, ...config }, groupPermissions }
  const made = await app.graphql('mutation($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }', {
    input,
  })
  if (made.errors) throw new Error(JSON.stringify(made.errors))
  const { data } = await app.graphql('mutation($input: IamInput!) { generateScimKey(input: $input) { scimKey scimUrl } }', {
    input: { iamid },
  })
  const { scimKey: key, scimUrl: url } = data.generateScimKey
  const send: Provider['send'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/scim+json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return answerOf(response)
  }
  const must = async (answer: Promise<Answer>) => {
    const { status, body } = await answer
    if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
    return body
  }
  return {
    iamid,
    key,
    url,
    send,
    get: path => send('GET', path),
    user: (userName, rest = {}) => must(send('POST', '/Users', { schemas: [CORE], userName, ...rest })),
    group: (displayName, members = []) =>
      must(send('POST', '/Groups', { schemas: [GROUP], displayName, members: members.map(value => ({ value })) })),
    patch: (path, ...operations) => send('PATCH', path, { schemas: [PATCH_OP], Operations: operations }),
  }
}
