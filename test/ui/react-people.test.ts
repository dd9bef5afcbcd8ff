// examples/react-people is built, and its page works in a browser against a running Roster of another origin.
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operator } from '../../src/authorization/actor.ts'
import { fillDemo } from '../../src/demo/demo.ts'
import { bootApp, type Person, type TestApp } from '../harness/app.ts'
import { failure, INSTALL_MS, install, run } from '../harness/clients.ts'
import { testContext } from '../harness/context.ts'
import { findChromium, launch } from './chromium.ts'

const SOURCE = fileURLToPath(new URL('../../examples/react-people/', import.meta.url))
/** As deep as the example, which reads the schema by a relative path. */
const FOLDER = fileURLToPath(new URL('../../dist/react-people/', import.meta.url))
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' }
const chromium = findChromium()

/** Serves the built files. */
async function serve(): Promise<Server> {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url!, 'http://localhost').pathname)
    const name = path === '/' ? 'index.html' : path
    const body = await readFile(join(FOLDER, 'dist', name)).catch(() => null)
    response.writeHead(body ? 200 : 404, { 'content-type': TYPES[extname(name)] ?? 'text/plain' }).end(body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return server
}

describe('examples/react-people', () => {
  let server: Server
  let origin: string
  let app: TestApp
  let ada: Person
  let eve: Person
  let reason: string | null
  let browser: Browser | undefined

  beforeAll(async () => {
    const installing = failure(install(SOURCE, FOLDER))
    server = await serve()
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    app = await bootApp({ env: { CORS_ORIGINS: origin } })
    await fillDemo(testContext({ actor: operator, store: app.store }))
    ada = await app.as(['USER_ADMIN'], { userid: 'zz.ada', name: 'Zz Ada' })
    eve = await app.as([], { userid: 'zz.eve', name: 'Zz Eve' })
    reason = await installing
    if (reason !== null) console.warn(`examples/react-people is skipped: it cannot be installed: ${reason}`)
    if (chromium !== null) browser = await launch(chromium)
  }, INSTALL_MS)
  afterAll(async () => {
    await browser?.close()
    await app?.close()
    server?.close()
  })

  async function open(person: Person, password = person.password): Promise<Page> {
    const page = await (await browser!.newContext()).newPage()
    await page.goto(origin)
    await page.getByLabel('User name').fill(person.userid)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Log in' }).click()
    return page
  }
  const row = (page: Page, userid: string) => page.getByRole('row').filter({ hasText: `(${userid})` })

  test('builds, and shows people and the reasons of their permissions', { timeout: 180_000 }, async ({ skip }) => {
    if (reason !== null) skip(reason)
    const env = { ...process.env, NODE_ENV: 'production', VITE_ROSTER_URL: app.url }
    await run('npm', ['run', '--silent', 'build'], { cwd: FOLDER, env, timeout: 120_000 })
    if (!browser) skip('there is no Chromium at CHROMIUM_PATH or on PATH')

    const refused = await open(ada, 'wrong')
    await refused.getByRole('alert').waitFor()

    const page = await open(ada)
    await page.getByRole('heading', { name: 'People' }).waitFor()
    const first = await page.getByRole('row').nth(1).innerText()
    expect(await page.getByRole('row').count()).toBe(26)
    await page.getByRole('button', { name: 'Next' }).click()
    await expect.poll(() => page.getByRole('row').nth(1).innerText()).not.toBe(first)
    await page.getByRole('button', { name: 'Previous' }).click()
    await expect.poll(() => page.getByRole('row').nth(1).innerText()).toBe(first)

    await page.getByLabel('Search').fill('zz ada')
    await expect.poll(() => page.getByRole('row').count()).toBe(2)
    await row(page, 'zz.ada').getByRole('button', { name: 'Why' }).click()
    await row(page, 'zz.ada').getByText('USER_ADMIN: bim').waitFor()
    const { data } = await app.graphql(
      '{ users(first: 100) { nodes { userid permissionGrants { permission source group { name } } groups { nodes { name } } } } }',
    )
    const member = data.users.nodes.find((user: any) => user.permissionGrants.some((grant: any) => grant.group))
    const grant = member.permissionGrants.find((grant: any) => grant.group)
    await page.getByLabel('Search').fill(member.userid)
    await row(page, member.userid).getByText(member.groups.nodes[0].name).first().waitFor()
    await row(page, member.userid).getByRole('button', { name: 'Why' }).click()
    const reasons = row(page, member.userid).getByRole('listitem')
    await reasons.first().waitFor()
    expect(await reasons.allInnerTexts()).toContain(
      `${grant.permission}: group ${grant.group.name}, by a rule of bim for ${grant.group.name}`,
    )
    expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])')).not.toContain(
      'rt_',
    )

    const hidden = await open(eve)
    await hidden.getByLabel('Search').fill('zz ada')
    await row(hidden, 'zz.ada').getByText('hidden').waitFor()
    await row(hidden, 'zz.ada').getByRole('button', { name: 'Why' }).click()
    expect(await row(hidden, 'zz.ada').getByRole('alert').innerText()).toMatch(/USER_ADMIN/)
  })
})
