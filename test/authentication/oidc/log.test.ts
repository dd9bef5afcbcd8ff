// What a process writes while people log in with a provider, well and badly: no secret, no token, no code, no address of a callback.
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Process, startProcess } from '../../authorization/process.ts'
import { Browser } from './browser.ts'
import { type FakeProvider, fakeProvider } from './fake-provider.ts'

const ADMIN_PASSWORD = 'the password of the administrator'
const SECRET = 'a client secret that nobody may read'
let roster: Process
let idp: FakeProvider
beforeAll(async () => {
  const port = await new Promise<number>(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address() as { port: number }
      server.close(() => resolve(address.port))
    })
  })
  idp = await fakeProvider('roster')
  roster = await startProcess({ PORT: String(port), ADMIN_PASSWORD, LOG_LEVEL: 'trace' })
}, 60_000)
afterAll(async () => {
  await roster?.clean()
  await idp?.close()
})

test('nothing of a log-in is in the log but that it was, and why it failed', async () => {
  const ask = async (query: string, variables: object, token?: string) => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
    const answer = await fetch(`${roster.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
    return (await answer.json()) as { data: Record<string, { token: string }> }
  }
  const entered = await ask('mutation ($input: LogInInput!) { logIn(input: $input) { token } }', {
    input: { userid: 'admin', password: ADMIN_PASSWORD },
  })
  const options = { clientId: 'roster', clientSecret: SECRET, discoverUrl: idp.issuer, enableSSL: false }
  const input = { iamid: 'corp', displayName: 'corp', type: 'OPENID', config: { options } }
  await ask(
    'mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }',
    { input },
    entered.data.logIn!.token,
  )

  const secrets = [SECRET, ADMIN_PASSWORD, idp.accessToken, 'code-', 'eyJ']
  const visit = async (status: number) => {
    const browser = new Browser()
    const page = await browser.visit(`${roster.url}/login/corp`)
    expect(page.status).toBe(status)
    secrets.push(...[browser.cookie(roster.url, 'roster_session')?.value ?? []].flat())
    secrets.push(...page.steps.flatMap(step => step.headers.getSetCookie().map(line => line.split(/[=;]/)[1]!)).filter(Boolean))
  }
  await visit(200)
  idp.overrides = { claims: claims => ({ ...claims, nonce: 'another' }) }
  await visit(401)
  idp.overrides = { token: token => `${token.slice(0, -8)}AAAAAAAA` }
  await visit(401)
  idp.overrides = { answers: { '/token': response => response.writeHead(500).end(SECRET) } }
  await visit(503)
  for (const { form } of idp.asked) secrets.push(form.get('code_verifier')!)
  for (const begun of idp.begun) secrets.push(begun.get('state')!, begun.get('nonce')!)

  const written = await roster.stop()
  expect(secrets.length).toBeGreaterThan(20)
  for (const secret of secrets) expect(written).not.toContain(secret)
  const failures = written.match(/a log-in with an OpenID provider failed/g)
  expect(failures).toHaveLength(3)
  expect(written).toContain('/login/:iamid/callback')
}, 60_000)
