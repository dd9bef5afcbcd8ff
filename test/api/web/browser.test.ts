import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registerLogin } from '../../../src/api/web/router.ts'
import { Invalid } from '../../../src/platform/errors.ts'
import { type Served, serve } from '../../platform/http/harness.ts'
import { findChromium, launch } from '../../ui/chromium.ts'

// What only a browser can tell: that its own policies let the form work, without JavaScript, and let nothing else happen.

const executable = findChromium()
if (executable === null)
  console.warn('SKIPPED: the pages of /login in a browser. No Chromium found: put one on PATH or in CHROMIUM_PATH.')

describe.skipIf(executable === null)('the pages of an invitation in Chromium', () => {
  const accepted: { token: string; password: string }[] = []
  let served: Served
  let browser: Browser
  let page: Page
  let faults: string[]

  beforeAll(async () => {
    const invited = { userid: 'ana.ribeiro', name: 'Ana Ribeiro' }
    served = await serve(http =>
      registerLogin(http, {
        publicUrl: 'https://roster.example',
        minLength: 4,
        signedIn: async () => null,
        entrances: async () => [],
        sessionLife: 60,
        logIn: async () => ({ token: 'rt_x' }),
        readInvitation: async (_, token) => (token === 'ri_good' ? invited : null),
        async acceptInvitation(_, input) {
          if (input.password === 'refused') throw new Invalid('password', 'must be another')
          accepted.push(input)
          return invited
        },
      }),
    )
    browser = await launch(executable!)
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 700 } })
    page = await context.newPage()
    faults = []
    // The status of a page that says what is wrong is not a fault.
    page.on('console', message => !/status of 4\d\d/.test(message.text()) && faults.push(message.text()))
    page.on('request', request => !request.url().startsWith(served.url) && faults.push(request.url()))
  })
  afterAll(async () => {
    await browser?.close()
    await served?.http.close()
  })

  const fill = async (password: string, confirmation = password) => {
    await page.fill('[name=password]', password)
    await page.fill('[name=confirmation]', confirmation)
    await page.click('button')
  }

  test('a person sets a password on a phone, at the third attempt', async () => {
    await page.goto(`${served.url}/login?token=ri_good`)
    expect(await page.inputValue('[autocomplete=username]')).toBe('ana.ribeiro')
    // Its own style, which the content security policy allows by its hash.
    expect(await page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")).toBe('512px')
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)

    await fill('one pass', 'another')
    expect(await page.innerText('[role=alert]')).toBe('The two passwords are not the same.')
    expect(await page.inputValue('[name=password]')).toBe('')
    expect(page.url()).not.toContain('ri_good')

    await fill('refused')
    expect(await page.innerText('[role=alert]')).toBe('Your password must be another.')

    await fill('Brücke 7')
    expect(await page.innerText('h1')).toBe('Your password is set')
    expect(accepted).toEqual([{ token: 'ri_good', password: 'Brücke 7' }])
    expect(faults).toEqual([])
  })

  test('what is shorter than the policy says does not leave the page', async () => {
    await page.goto(`${served.url}/login?token=ri_good`)
    const before = accepted.length
    await fill('abc')
    expect(await page.locator('[name=password]').evaluate(field => field.matches(':invalid'))).toBe(true)
    expect(accepted).toHaveLength(before)
  })

  test('another site cannot send the form for somebody', async () => {
    const before = accepted.length
    // 127.0.0.1 and localhost are two sites to a browser.
    const other = await serve(http =>
      http.route({
        method: 'GET',
        path: '/evil',
        handler: async () => ({
          status: 200,
          headers: { 'content-type': 'text/html', 'content-security-policy': '' },
          body: `<form method="post" action="${served.url}/login"><input name="token" value="ri_good">
            <input name="password" value="mallory"><input name="confirmation" value="mallory"><button>win</button></form>`,
        }),
      }),
    )
    await page.goto(`http://localhost:${other.port}/evil`)
    await page.click('button')
    expect(await page.innerText('h1')).toBe('This form came from another site')
    expect(accepted).toHaveLength(before)
    await other.http.close()
  })
})
