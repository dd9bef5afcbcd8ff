// One's own account: what everybody finds there, on the embedded store and in a real browser.
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../../scripts/demo/free-port.ts'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'
import { PATH, proxy } from '../../harness/path-proxy.ts'
import { findChromium, launch } from '../chromium.ts'
import { checkLook, LOOKS, visit } from './browser.ts'

const chromium = findChromium()
if (chromium === null) console.warn('SKIPPED: the account page. No Chromium found: put one on PATH or in CHROMIUM_PATH.')

describe.runIf(chromium !== null)('the account page', { timeout: 60_000 }, () => {
  let app: TestApp
  let ines: Person
  let browser: Browser
  beforeAll(async () => {
    app = await bootApp()
    ines = await app.as([], { userid: 'ines', name: 'Inês Duarte' })
    const { errors } = await app.graphql(
      `mutation($user: UserRef!, $group: GroupRef!) {
        createGroup(input: { name: "Finance" }) { group { id } }
        updateIam(input: { iamid: "bim", groupPermissions: { Finance: ["AUDIT"] } }) { iam { id } }
        addGroupMember(input: { group: $group, user: $user }) { membership { id } }
        addAttribute(input: { owner: { group: $group }, key: "Country", value: "PT" }) { owner { __typename } }
      }`,
      { user: { name: { userid: 'ines' } }, group: { name: { name: 'Finance' } } },
    )
    expect(errors).toBeUndefined()
    browser = await launch(chromium!)
  })
  afterEach(() => Promise.all(browser.contexts().map(context => context.close())))
  afterAll(async () => {
    await browser?.close()
    await app?.close()
  })

  test('a person without an administrative permission gets there from /, and sees why they hold each permission', async () => {
    const ben = await app.as([], { userid: 'ben' })
    const { page, faults } = await visit(browser, { url: app.url, person: ben })
    expect(new URL(page.url()).pathname).toBe('/account')
    expect(await page.getByRole('navigation').getByRole('link').allInnerTexts()).toEqual(['Your account'])
    await page.goto(`${app.url}/`)
    await page.waitForURL('**/account')
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
    const access = page.locator('section', { hasText: 'What you may do, and why' })
    expect(await access.getByRole('row').allInnerTexts()).toEqual([
      expect.stringContaining('Permission'),
      expect.stringMatching(/CREATE_PROJECT[\s\S]*assigned locally/),
    ])
    expect(faults).toEqual([])
  })

  test('the sources of permissions, memberships and attributes are named', async () => {
    const { page, faults } = await visit(browser, { url: app.url, person: ines })
    // AUDIT makes her an administrator: / leads to the console, which leads on.
    expect(new URL(page.url()).pathname).toBe('/console')
    await page.getByRole('navigation').getByRole('link', { name: 'Your account' }).click()
    const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) })
    expect(await row('AUDIT').innerText()).toContain('group Finance of ')
    expect(await row('Finance').innerText()).toContain('Needs USER_ADMIN')
    expect(await row('Country').innerText()).toMatch(/PT[\s\S]*group Finance/)
    expect(faults).toEqual([])
  })

  test('the profile is edited; a refused value is marked at its field', async () => {
    const { page, faults } = await visit(browser, { url: app.url, person: ines })
    await page.goto(`${app.url}/account`)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('E-mail').fill('no address')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => page.locator('.field', { hasText: 'E-mail' }).innerText()).toMatch(/must be/)
    await page.getByLabel('E-mail').fill('ines@example.org')
    await page.getByLabel('About you').fill('Ledgers')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Your profile is saved.').waitFor()
    await page.getByText('ines@example.org').waitFor()
    const { data } = await app.graphql('{ user(ref: { name: { userid: "ines" } }) { profile { email about } } }')
    expect(data.user.profile).toEqual({ email: 'ines@example.org', about: 'Ledgers' })
    expect(faults).toEqual([])
  })

  test('the page shows its operation as GraphQL, and a session that ended leads to the log-in and back', async () => {
    const { page, context } = await visit(browser, { url: app.url, person: ines })
    await page.goto(`${app.url}/account?from=mail`)
    await page.getByRole('button', { name: 'Show as GraphQL' }).click()
    await page.getByRole('dialog').getByText('query Account').waitFor()
    await page.keyboard.press('Escape')
    await context.clearCookies()
    await page.goto(`${app.url}/account?from=mail`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.fill('[name=userid]', ines.userid)
    await page.fill('[name=password]', ines.password)
    await page.click('button:has-text("Sign in")')
    await page.waitForURL(`${app.url}/account?from=mail`)
  })

  test('signs out', async () => {
    const { page, faults, context } = await visit(browser, { url: app.url, person: ines })
    await page.getByRole('button', { name: /Inês Duarte/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await context.cookies()).toEqual([])
    expect(faults).toEqual([])
  })

  test.each(LOOKS)('$colorScheme at $width px: nothing runs over, and axe finds nothing', async look => {
    const { page, faults } = await visit(browser, { url: app.url, person: ines }, look)
    await page.goto(`${app.url}/account`)
    await page.getByRole('rowheader', { name: 'AUDIT' }).waitFor()
    await checkLook(page)
    await page.getByRole('button', { name: 'Edit' }).click()
    await checkLook(page)
    expect(faults).toEqual([])
  })
})

describe.runIf(chromium !== null).each([
  ['keeps', false],
  ['takes away', true],
])('behind a proxy that %s the path', { timeout: 60_000 }, (_, strips) => {
  test('console and account work, also by their links', async () => {
    const port = await freePort()
    const base = `http://127.0.0.1:${port}${PATH}`
    const app = await bootApp({ env: { PUBLIC_URL: base } })
    const front = proxy(() => app.url, strips)
    await new Promise<void>(resolve => front.listen(port, '127.0.0.1', resolve))
    const browser = await launch(chromium!)
    try {
      const { page, faults } = await visit(browser, { url: base, person: app.admin })
      expect(page.url()).toBe(`${base}/console`)
      await page.getByRole('navigation').getByRole('link', { name: 'Your account' }).click()
      await page.getByRole('rowheader', { name: 'USER_ADMIN' }).waitFor()
      expect(page.url()).toBe(`${base}/account`)
      await page.reload()
      await page.getByRole('rowheader', { name: 'USER_ADMIN' }).waitFor()
      expect(faults).toEqual([])
    } finally {
      await browser.close()
      front.closeAllConnections()
      front.close()
      await app.close()
    }
  })
})
