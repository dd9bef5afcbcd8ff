import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type Person, type TestApp } from '../harness/app.ts'
import { findChromium, launch, openPlayground, paste, textOf } from './chromium.ts'

const chromium = findChromium()
const REASON = 'there is no Chromium at CHROMIUM_PATH or on PATH'
if (chromium === null) console.warn(`The playground was NOT tested in a browser: ${REASON}.`)

/** A condition that comes true when the page gets there, on a busy machine too. */
const soon = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 20_000 })

describe.runIf(chromium !== null)('the playground in Chromium', { timeout: 60_000 }, () => {
  let app: TestApp
  let ada: Person
  let browser: Browser

  beforeAll(async () => {
    app = await bootApp()
    ada = await app.as(['USER_ADMIN', 'AUDIT'], { userid: 'ada' })
    browser = await launch(chromium!)
  })
  afterEach(() => Promise.all(browser.contexts().map(context => context.close())))
  afterAll(async () => {
    await browser?.close()
    await app?.close()
  })

  async function signIn(page: Page, password = ada.password) {
    await page.getByLabel('User name').fill(ada.userid)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }

  const signedInAs = (page: Page, userid: string) => page.getByText(`Signed in as ${userid}`).waitFor()
  /** The token in the header editor, once it shows one. */
  async function tokenOf(page: Page) {
    const pattern = /"Bearer(rt_[\w-]+)"/
    await soon(() => textOf(page, 'headers')).toMatch(pattern)
    return pattern.exec(await textOf(page, 'headers'))![1]!
  }
  const complaint = (page: Page) => page.getByRole('form', { name: 'Sign in' }).getByRole('alert').innerText()
  const run = (page: Page) => page.getByRole('button', { name: /^Execute query/ }).click()

  test('from the sign-in form to an answer and the documentation, within the origin and its policy', async () => {
    const { page, faults } = await openPlayground(browser, app.url)
    expect(await page.title()).toBe('Roster playground')
    await signIn(page)
    await signedInAs(page, 'ada')

    const token = await tokenOf(page)
    expect(await app.graphql('{ viewer { user { userid } } }', {}, token)).toMatchObject({
      status: 200,
      data: { viewer: { user: { userid: 'ada' } } },
    })

    await run(page)
    await page.locator('.graphiql-response').getByText('"ada"').first().waitFor()
    expect(await textOf(page, 'answer')).toContain('"userid":"ada"')

    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click()
    await page.locator('.graphiql-plugin').getByRole('link', { name: 'Viewer', exact: true }).click()
    await page.locator('.graphiql-plugin').getByText('The caller.').waitFor()
    expect(faults).toEqual([])
  })

  test('its workers run under the policy: the operation is checked against the schema', async () => {
    const { page, faults } = await openPlayground(browser, app.url)
    await signIn(page)
    await signedInAs(page, 'ada')
    await paste(page, 'operation', 'query Wrong { viewer { nonsense } }')
    await page.locator('.graphiql-query-editor .squiggly-error').first().waitFor()
    const workers = page.workers().map(worker => new URL(worker.url()))
    expect(workers.length).toBeGreaterThan(0)
    expect(workers.every(({ origin, pathname }) => origin === app.url && pathname.startsWith('/assets/'))).toBe(true)
    expect(workers.some(({ pathname }) => pathname.includes('graphql.worker'))).toBe(true)
    expect(faults).toEqual([])
  })

  test('the token is in every tab, outlives a reload, and is kept for the session only', async () => {
    const { page, faults } = await openPlayground(browser, app.url)
    await signIn(page)
    await signedInAs(page, 'ada')
    const token = await tokenOf(page)
    await page.getByRole('tab', { name: 'Users' }).click()
    await soon(() => tokenOf(page)).toBe(token)
    await page.getByRole('button', { name: 'New tab' }).click()
    await soon(() => tokenOf(page)).toBe(token)
    await page.reload()
    await signedInAs(page, 'ada')
    await soon(() => tokenOf(page)).toBe(token)
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('rt_')
    expect(await page.context().cookies()).toEqual([])
    expect(faults).toEqual([])
  })

  test('a wrong password shows a message, and nothing is stored', async () => {
    const { page } = await openPlayground(browser, app.url)
    await signIn(page, 'wrong')
    await soon(() => complaint(page)).not.toBe('')
    expect(await textOf(page, 'headers')).toBe('')
    expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain('rt_')
  })

  test('signing out ends the token and empties the header editor', async () => {
    const { page, faults } = await openPlayground(browser, app.url)
    await signIn(page)
    await signedInAs(page, 'ada')
    const token = await tokenOf(page)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Password').waitFor()
    await soon(() => textOf(page, 'headers')).toBe('')
    await soon(async () => (await app.graphql('{ viewer { credential } }', {}, token)).status).toBe(401)
    expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain(token)
    expect(faults).toEqual([])
  })

  test('a token that was pasted into the form or the header editor is used, and lives on after signing out', async () => {
    const { page, faults } = await openPlayground(browser, app.url)
    await page.getByRole('button', { name: 'Paste a token instead' }).click()
    await page.getByLabel('Token or API key').fill(app.admin.token)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await signedInAs(page, app.admin.userid)
    expect(await tokenOf(page)).toBe(app.admin.token)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await soon(() => textOf(page, 'headers')).toBe('')

    await paste(page, 'headers', JSON.stringify({ Authorization: `Bearer ${app.admin.token}` }))
    await signedInAs(page, app.admin.userid)
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click()
    await page.locator('.graphiql-plugin').getByRole('link', { name: 'Viewer', exact: true }).waitFor()
    expect(faults).toEqual([])
  })

  test('when the token is revoked elsewhere, the page asks to sign in again', async () => {
    const { page } = await openPlayground(browser, app.url)
    await signIn(page)
    await signedInAs(page, 'ada')
    await app.graphql('mutation { logOut { revokedTokens } }', {}, await tokenOf(page))
    await run(page)
    await soon(() => complaint(page)).toContain('Sign in again')
    await page.getByLabel('Password').waitFor()
  })

  test('the menu opens an example in a new tab', async () => {
    const { page, faults } = await openPlayground(browser, app.url)
    const before = await page.getByRole('tab').count()
    await page.getByLabel('Open an example in a new tab').selectOption('Audit log')
    await soon(() => page.getByRole('tab').count()).toBe(before + 1)
    await soon(() => textOf(page, 'operation')).toContain('auditEvents')
    expect(faults).toEqual([])
  })

  test('fits a narrow screen', async () => {
    const { page, faults } = await openPlayground(browser, app.url)
    await page.setViewportSize({ width: 390, height: 800 })
    const overflow = () => page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    await expect.poll(overflow).toBe(0)
    await signIn(page)
    await signedInAs(page, 'ada')
    await run(page)
    await page.locator('.graphiql-response').getByText('"ada"').first().waitFor()
    await expect.poll(overflow).toBe(0)
    expect(faults).toEqual([])
  })
})

if (chromium === null) test('the playground in Chromium', context => context.skip(REASON))
