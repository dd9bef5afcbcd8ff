// The playground with the session of the browser: no token is typed, and none is readable by a script.
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { makeOpenid, viewerOf } from '../authentication/oidc/helpers.ts'
import { type RealProvider, realProvider, SECRET } from '../authentication/oidc/provider.ts'
import { bootApp, type Person, type TestApp } from '../harness/app.ts'
import { findChromium, launch, paste, textOf } from './chromium.ts'

const chromium = findChromium()
if (chromium === null)
  console.warn('SKIPPED: the playground with a session. No Chromium found: put one on PATH or in CHROMIUM_PATH.')
const soon = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 20_000 })

describe.runIf(chromium !== null)('the playground with the session of /login', { timeout: 60_000 }, () => {
  let app: TestApp
  let idp: RealProvider
  let ada: Person
  let browser: Browser
  beforeAll(async () => {
    app = await bootApp()
    ada = await app.as(['USER_ADMIN'], { userid: 'ada' })
    idp = await realProvider({ corp: [`${app.url}/login/corp/callback`] }, app.url)
    const options = { clientId: 'corp', clientSecret: SECRET, discoverUrl: idp.issuer, scopes: ['openid'] }
    await makeOpenid(app, 'corp', options, { displayName: 'Corp' })
    browser = await launch(chromium!)
  })
  afterEach(() => Promise.all(browser.contexts().map(context => context.close())))
  afterAll(async () => {
    await browser?.close()
    await app?.close()
    await idp?.close()
  })

  /** Whatever a page should not do: what it says in the console, and requests to elsewhere. */
  function watch(context: BrowserContext): string[] {
    const faults: string[] = []
    context.on('console', message => {
      // Browsers ask for a favicon of pages without one.
      if (['error', 'warning'].includes(message.type()) && !/status of 404/.test(message.text())) faults.push(message.text())
    })
    context.on('weberror', error => faults.push(error.error().message))
    return faults
  }
  async function logIn(context: BrowserContext, colorScheme?: 'dark'): Promise<Page> {
    const page = await context.newPage()
    if (colorScheme) await page.emulateMedia({ colorScheme })
    await page.goto(`${app.url}/login`)
    // Two places for a password, and a button for the provider.
    await page.fill('[name=userid]', ada.userid)
    await page.fill('[name=password]', ada.password)
    await page.click('button:has-text("Sign in")')
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.goto(`${app.url}/login`)
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor()
    return page
  }
  async function toPlayground(page: Page, userid: string) {
    await page.getByRole('link', { name: 'Open the playground' }).click()
    await page.getByText(`Signed in as ${userid}`).waitFor()
    await page.locator('.graphiql-query-editor .view-line').first().waitFor()
  }
  const run = (page: Page) => page.getByRole('button', { name: /^Execute query/ }).click()
  const sessionOf = async (context: BrowserContext) =>
    (await context.cookies()).find(cookie => cookie.name === 'roster_session')?.value ?? null
  const who = (token: string) => viewerOf(app.url, { cookie: `roster_session=${token}`, 'sec-fetch-site': 'same-origin' })

  test('log in, follow the link, read and write without a token, sign out', async () => {
    const context = await browser.newContext()
    const faults = watch(context)
    const page = await logIn(context)
    await toPlayground(page, 'ada')
    const token = (await sessionOf(context))!
    expect(await who(token)).toMatchObject({ userid: 'ada' })

    await run(page)
    await soon(() => textOf(page, 'answer')).toContain('"userid":"ada"')
    await paste(
      page,
      'operation',
      'mutation { updateProfile(input: { ref: { name: { userid: "ada" } }, profile: { about: "by session" } }) { user { profile { about } } } }',
    )
    await run(page)
    await soon(() => textOf(page, 'answer')).toContain('"about":"bysession"')
    // The token is in the cookie, which no script can read, and nowhere else.
    expect(await textOf(page, 'headers')).toBe('')
    expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])')).not.toContain(
      'rt_',
    )

    await page.reload()
    await page.getByText('Signed in as ada').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${app.url}/login`)
    expect(await page.innerText('h1')).toBe('Sign in')
    expect([await sessionOf(context), await who(token)]).toEqual([null, null])

    await page.goto(`${app.url}/graphiql`)
    await page.getByLabel('Password').waitFor()
    await page.locator('.graphiql-query-editor .view-line').first().waitFor()
    expect(faults).toEqual([])
    await run(page)
    await soon(() => textOf(page, 'answer')).toContain('UNAUTHENTICATED')
  })

  test('of a provider: signing out goes on there', async () => {
    idp.people.ben = {}
    idp.next = 'ben'
    const context = await browser.newContext()
    const faults = watch(context)
    const page = await context.newPage()
    await page.goto(`${app.url}/login`)
    await page.click('text=Sign in with Corp')
    await page.waitForURL(`${app.url}/account`)
    await page.goto(`${app.url}/login`)
    await toPlayground(page, 'ben')
    const token = (await sessionOf(context))!
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${idp.issuer}/session/end**`)
    expect(new URL(page.url()).searchParams.get('post_logout_redirect_uri')).toBe(`${app.url}/login`)
    expect([await sessionOf(context), await who(token)]).toEqual([null, null])
    expect(faults).toEqual([])
  })

  test('a token in the header editor counts more, and the cookie stays at home', async () => {
    const context = await browser.newContext()
    const page = await logIn(context)
    await toPlayground(page, 'ada')
    await paste(page, 'headers', JSON.stringify({ Authorization: `Bearer ${app.admin.token}` }))
    const asked = page.waitForRequest(`${app.url}/graphql`)
    await run(page)
    expect((await (await asked).allHeaders()).cookie).toBeUndefined()
    await soon(() => textOf(page, 'answer')).toContain('"userid":"admin"')
    await page.getByText('Signed in as ada').waitFor()
  })

  test('a token of the tab is kept before the session', async () => {
    const context = await browser.newContext()
    const page = await logIn(context)
    await page.evaluate(
      text => sessionStorage.setItem('roster.credential', text),
      JSON.stringify({ secret: app.admin.token, userid: 'admin', iamid: 'bim', issued: false }),
    )
    await toPlayground(page, 'admin')
  })

  test('ended elsewhere, the page says so and asks to sign in', async () => {
    const context = await browser.newContext()
    const page = await logIn(context)
    await toPlayground(page, 'ada')
    await app.graphql('mutation { logOut { revokedTokens } }', {}, (await sessionOf(context))!)
    await run(page)
    const alert = page.getByRole('form', { name: 'Sign in' }).getByRole('alert')
    await soon(() => alert.innerText()).toBe('The session has ended or was revoked. Sign in again.')
    // A cookie that opens nothing any more is no session.
    await page.reload()
    await page.getByLabel('Password').waitFor()
  })

  test('in the dark, on a phone: nothing runs over', async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 800 } })
    const page = await logIn(context, 'dark')
    expect(await page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")).toBe('rgb(31, 37, 48)')
    await toPlayground(page, 'ada')
    await soon(() => page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
  })
})
