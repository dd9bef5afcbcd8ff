// The start of the console: what waits for a decision, how many people there are, and what changed.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { findChromium, launch } from '../chromium.ts'
import { checkLook, LOOKS, visit } from './browser.ts'

const chromium = findChromium()
if (chromium === null) console.warn('SKIPPED: the start of the console. No Chromium found: put one on PATH or in CHROMIUM_PATH.')

describe.runIf(chromium !== null)('the start of the console', { timeout: 60_000 }, () => {
  let app: TestApp
  let browser: Browser
  beforeAll(async () => {
    app = await bootApp()
    await app.as([], { userid: 'ines' })
    const { errors } = await app.graphql(`mutation {
      setUserDisabled(input: { ref: { name: { userid: "ines" } }, disabled: true }) { user { id } }
      createIam(input: { iamid: "harbour", displayName: "Harbour", type: LDAP }) { iam { id } }
    }`)
    expect(errors).toBeUndefined()
    const [{ id } = { id: 0 }] = await app.store.db.query<{ id: number }>(
      `INSERT INTO sync_runs (iamid, mode, started_by, dry_run, status, reason) VALUES ('harbour', 'full', 'bim/admin', false, 'quarantined', 'too many') RETURNING id`,
    )
    await app.store.db.query(
      `INSERT INTO sync_entries (run_id, kind, action, state, name, name_key) SELECT $1::int, 'user', 'disable', 'planned', 'u' || n, 'u' || n FROM generate_series(1, 14) n`,
      [id],
    )
    browser = await launch(chromium!)
  })
  afterEach(() => Promise.all(browser.contexts().map(context => context.close())))
  afterAll(async () => {
    await browser?.close()
    await app?.close()
  })
  const section = (page: Page, name: string) => page.locator('section', { has: page.getByRole('heading', { name }) })

  test.each(LOOKS)('$colorScheme at $width px: all four parts, in words', async look => {
    const { page, faults } = await visit(browser, { url: app.url, person: app.admin }, look)
    await page.getByText(/of Harbour waits for a decision: it would disable 14 people/).waitFor()
    await expect.poll(() => section(page, 'People').locator('dl').innerText()).toMatch(/Enabled\s+1\s+Disabled\s+1/)
    expect(
      await section(page, 'Identity sources')
        .getByRole('row', { name: /Harbour/ })
        .innerText(),
    ).toMatch(/LDAP\s+lacks .*host.*\s+never/)
    expect(await section(page, 'Latest changes').getByRole('row').nth(1).innerText()).toMatch(/bim\/admin|operator/)
    await checkLook(page)
    expect(faults).toEqual([])
  })

  test('what one may not see is absent', async () => {
    const ada = await app.as(['AUDIT'], { userid: 'ada' })
    const { page, faults } = await visit(browser, { url: app.url, person: ada })
    await section(page, 'Latest changes').getByRole('row').nth(1).waitFor()
    expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual(['Identity sources', 'Latest changes'])
    expect(faults).toEqual([])
  })
})
