// What only a real browser can tell: that its policies let a log-in and a sign-out go to the provider and back, without JavaScript.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { findChromium, launch } from '../../ui/chromium.ts'
import { makeOpenid } from './helpers.ts'
import { type RealProvider, realProvider, SECRET } from './provider.ts'

const executable = findChromium()
if (executable === null)
  console.warn('SKIPPED: OpenID log-in in a browser. No Chromium found: put one on PATH or in CHROMIUM_PATH.')

describe.skipIf(executable === null)('a log-in with a provider in Chromium', () => {
  let app: TestApp
  let idp: RealProvider
  let browser: Browser
  beforeAll(async () => {
    app = await bootApp()
    idp = await realProvider({ corp: [`${app.url}/login/corp/callback`] }, app.url)
    idp.people.ana = { name: 'Ana Ribeiro' }
    idp.next = 'ana'
    const options = { clientId: 'corp', clientSecret: SECRET, discoverUrl: idp.issuer, scopes: ['openid', 'profile'] }
    const config = { schema: { profile: { name: 'name' } } }
    await makeOpenid(app, 'corp', options, { config, displayName: 'Corp <b>& Co</b>' })
    browser = await launch(executable!)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await app?.close()
    await idp?.close()
  })

  test('there and back, signed in, and out at both places', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 700 } })
    const page = await context.newPage()
    const faults: string[] = []
    // Browsers ask for a favicon.
    page.on('console', message => !/status of 404/.test(message.text()) && faults.push(message.text()))
    await page.goto(`${app.url}/login`)
    await page.click('text=Sign in with Corp <b>& Co</b>')
    await page.waitForURL(`${app.url}/account`)
    await page.goto(`${app.url}/login`)
    expect(await page.innerText('main')).toContain('User name: ana, of corp.')
    const session = (await context.cookies()).find(cookie => cookie.name === 'roster_session')
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' })
    await page.reload()
    expect(await page.innerText('h1')).toBe('You are signed in')

    await page.click('text=Sign out')
    await page.waitForURL(`${idp.issuer}/session/end**`)
    expect((await context.cookies()).map(cookie => cookie.name)).not.toContain('roster_session')
    await page.goto(`${app.url}/login`)
    expect(await page.innerText('h1')).toBe('Sign in')
    expect(faults).toEqual([])
    await context.close()
  })

  test('another site signs nobody out', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(`${app.url}/login/corp`)
    await page.waitForURL(`${app.url}/account`)
    await page.goto('about:blank')
    await page.setContent(`<form method="post" action="${app.url}/login/corp/logout"><button>Win</button></form>`)
    await page.click('text=Win')
    expect(await page.innerText('h1')).toBe('This form came from another site')
    await page.goto(`${app.url}/login`)
    expect(await page.innerText('h1')).toBe('You are signed in')
    await context.close()
  })
})
