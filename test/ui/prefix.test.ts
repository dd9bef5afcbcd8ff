// The playground below the path of PUBLIC_URL, behind a proxy that keeps the path and behind one that takes it away.
import { afterAll, describe, expect, test } from 'vitest'
import { freePort } from '../../scripts/demo/free-port.ts'
import { bootApp } from '../harness/app.ts'
import { PATH, proxy } from '../harness/path-proxy.ts'
import { findChromium, launch, textOf } from './chromium.ts'

const chromium = findChromium()
if (chromium === null)
  console.warn('SKIPPED: the playground below a path. No Chromium found: put one on PATH or in CHROMIUM_PATH.')

describe.runIf(chromium !== null).each([
  ['keeps', false],
  ['takes away', true],
])('behind a proxy that %s the path', { timeout: 60_000 }, (_, strips) => {
  const undo: (() => unknown)[] = []
  afterAll(async () => {
    for (const each of undo.reverse()) await each()
  })

  test.each(['/graphiql', '/graphiql/'])('%s signs in, runs an operation, signs out, and leads to /login', async address => {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const app = await bootApp({ env: { PUBLIC_URL: origin + PATH } })
    undo.push(() => app.close())
    const front = proxy(() => app.url, strips)
    await new Promise<void>(resolve => front.listen(port, '127.0.0.1', resolve))
    undo.push(
      () => front.close(),
      () => front.closeAllConnections(),
    )
    const browser = await launch(chromium!)
    undo.push(() => browser.close())
    const page = await browser.newPage()
    const faults: string[] = []
    page.on('response', response => response.status() >= 400 && faults.push(`${response.status()} ${response.url()}`))
    page.on('request', request => {
      const url = request.url()
      if (!/^(data|blob):/.test(url) && !url.startsWith(`${origin}${PATH}/`)) faults.push(url)
    })
    await page.goto(origin + PATH + address)
    await page.locator('.graphiql-query-editor .view-line').first().waitFor()
    await page.fill('[name=userid]', app.admin.userid)
    await page.fill('[name=password]', app.admin.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Signed in as admin').waitFor()
    await page.getByRole('button', { name: /^Execute query/ }).click()
    await expect.poll(() => textOf(page, 'answer'), { timeout: 20_000 }).toContain('"userid":"admin"')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Other ways to sign in' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(page.url()).toBe(`${origin}${PATH}/login`)
    expect(faults).toEqual([])
  })
})
