// The audit log: filters as an address, rows in words, their details, by mouse and by keyboard.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'
import { findChromium, launch } from '../chromium.ts'
import { checkLook, LOOKS, visit } from './browser.ts'

const chromium = findChromium()
if (chromium === null) console.warn('SKIPPED: the audit log. No Chromium found: put one on PATH or in CHROMIUM_PATH.')

describe.runIf(chromium !== null)('the audit log', { timeout: 60_000 }, () => {
  let app: TestApp
  let ines: Person
  let bo: Person
  let browser: Browser
  beforeAll(async () => {
    app = await bootApp()
    await app.store.db.query(
      `INSERT INTO audit_events (at, event, action, outcome, actor_kind, actor_name, target_type, target_id, target_name, request_id)
        SELECT now() - interval '400 days', 'groupCreated', 'group:create', 'done', 'user', 'bim/former', 'group', '0', 'Group ' || n, 'r' || n FROM generate_series(1, 70) n`,
    )
    ines = await app.as([], { userid: 'ines', name: 'Inês Duarte' })
    bo = await app.as([], { userid: 'bo', name: 'Bo' })
    const { errors } = await app.graphql(
      `mutation {
        createIam(input: { iamid: "harbour", displayName: "Harbour", type: LDAP }) { iam { id } }
        setUserPermissions(input: { ref: { name: { userid: "ines" } }, permissions: ["AUDIT"] }) { user { id } }
      }`,
    )
    expect(errors).toBeUndefined()
    const refused = await app.graphql('mutation { createGroup(input: { name: "Mine" }) { group { id } } }', {}, bo.token)
    expect(refused.errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
    browser = await launch(chromium!)
  })
  afterEach(() => Promise.all(browser.contexts().map(context => context.close())))
  afterAll(async () => {
    await browser?.close()
    await app?.close()
  })
  const open = async (path: string, look?: Parameters<typeof visit>[2]) => {
    const visited = await visit(browser, { url: app.url, person: app.admin }, look)
    await visited.page.goto(`${app.url}${path}`)
    return visited
  }
  const rows = (page: Page) => page.locator('.log tbody tr')
  const sentences = (page: Page) => page.locator('.log-what > p').allInnerTexts()
  const chips = (page: Page) => page.locator('.chip').allInnerTexts()
  const query = (page: Page) => decodeURIComponent(new URL(page.url()).search)

  test('filtered by what was refused, with its chip; reload and back keep the state', async () => {
    const { page, faults } = await open('/console')
    await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Audit' }).click()
    await expect.poll(() => rows(page).count()).toBe(50)
    await page.getByRole('button', { name: 'Outcome' }).click()
    await page.getByRole('option', { name: 'refused' }).click()
    await expect.poll(() => sentences(page)).toEqual(['Bo was refused group:create'])
    expect(await page.locator('.log-outcome').allInnerTexts()).toEqual(['✕ refused'])
    expect(query(page)).toBe('?outcome=refused')
    expect(await chips(page)).toEqual(['Outcome: refused ×'])
    await page.reload()
    await expect.poll(() => rows(page).count()).toBe(1)
    await page.goBack()
    await expect.poll(() => rows(page).count()).toBe(50)
    await page.goForward()
    await page.getByRole('button', { name: 'Remove the filter Outcome: refused' }).click()
    await expect.poll(() => rows(page).count()).toBe(50)
    expect(faults).toEqual([])
  })

  test('details have what changed, request and credential; they stay on reload, and have a permanent link', async () => {
    const { page, faults } = await open(`/console/audit?event=permissionsUpdated&target=user:${ines.id}&who=${app.admin.id}`)
    await expect.poll(() => sentences(page)).toHaveLength(1)
    await expect.poll(() => chips(page)).toContain('About: Inês Duarte ×')
    await page.getByRole('button', { name: /^Details: .* gave AUDIT to Inês Duarte, and took CREATE_PROJECT$/ }).click()
    await page.reload()
    const details = page.locator('.log-details')
    await expect.poll(() => details.locator('ins').allInnerTexts()).toEqual(['+ AUDIT'])
    expect(await details.locator('del').allInnerTexts()).toEqual(['− CREATE_PROJECT'])
    expect(await details.innerText()).toMatch(/Credential\s+\w+ \d+\s+Request\s+[\w-]{8,}/)
    await details.getByRole('link', { name: 'Link to this event' }).click()
    await page.getByText('One event of the log.').waitFor()
    expect(query(page)).toMatch(/^\?id=\w+$/)
    await page.reload()
    await expect.poll(() => details.locator('ins').allInnerTexts()).toEqual(['+ AUDIT'])
    await page.locator('.log-what > p').getByRole('link', { name: 'Inês Duarte' }).click()
    await page.getByRole('heading', { name: 'Inês Duarte' }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/console/users/${ines.id}`)
    expect(faults).toEqual([])
  })

  test('by keyboard: rows by j and k, details by Enter; pages by cursors', async () => {
    const { page, faults } = await open('/console/audit?event=groupCreated,loginSucceeded')
    await expect.poll(() => rows(page).count()).toBe(50)
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    await page.keyboard.press('Enter')
    await expect.poll(() => rows(page).first().locator('.log-details').count()).toBe(1)
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('.log-details').count()).toBe(2)
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('.log-details').count()).toBe(1)
    await page.getByRole('link', { name: 'Next' }).click()
    await expect.poll(() => query(page)).toMatch(/^\?event=groupCreated,loginSucceeded&after=/)
    await expect.poll(() => page.getByRole('link', { name: 'Previous' }).count()).toBe(1)
    expect(await page.locator('.log-what > p').first().innerText()).toMatch(/^bim\/former created the group Group \d+$/)
    expect(faults).toEqual([])
  })

  test('people and sources are found by their names; nothing found says the next step; unknown values are left out', async () => {
    const { page, faults } = await open('/console/audit?outcome=maybe&event=nothing&who=ada&target=planet:3&from=soon')
    await expect.poll(() => rows(page).count()).toBe(50)
    expect(await chips(page)).toEqual([])
    await page.getByRole('button', { name: 'By', exact: true }).click()
    await page.getByLabel('Find a person').first().fill('bo')
    await page.getByRole('option', { name: /^Bo/ }).click()
    await expect.poll(() => chips(page)).toEqual(['By: Bo ×'])
    await expect.poll(async () => (await sentences(page)).every(text => text.startsWith('Bo '))).toBe(true)
    await page.getByRole('button', { name: 'About' }).click()
    await page.getByRole('option', { name: 'Harbour' }).click()
    await page.getByText('Nothing matches these filters.').waitFor()
    expect(query(page)).toBe(`?who=${bo.id}&iam=harbour`)
    await page.goto(`${app.url}/console/audit?from=2020-11-01&to=2020-11-07`)
    await page.getByText('Nothing from 1 November 2020 to 7 November 2020 with these filters.').waitFor()
    await page.getByRole('button', { name: 'Widen to the last 30 days' }).click()
    await expect.poll(() => rows(page).count()).toBeGreaterThan(3)
    expect((await sentences(page)).some(text => text.startsWith('bim/former'))).toBe(false)
    expect(faults).toEqual([])
  })

  test('persons and events that are gone are named so, with the way back', async () => {
    const { page } = await open('/console/audit?who=999999')
    await page.getByText(/There is no person with this number/).waitFor()
    await page.getByRole('button', { name: 'Clear all filters' }).click()
    await expect.poll(() => rows(page).count()).toBe(50)
    for (const id of [
      'nothing',
      Buffer.from('AuditEvent:999999').toString('base64url'),
      Buffer.from(`User:${bo.id}`).toString('base64url'),
    ]) {
      await page.goto(`${app.url}/console/audit?id=${id}`)
      await page.getByText(/There is no event with this id/).waitFor()
    }
    await page.getByRole('link', { name: 'The whole log' }).click()
    await expect.poll(() => rows(page).count()).toBe(50)
    await page.goto(`${app.url}/console/audit?target=user:999999`)
    await expect.poll(() => chips(page)).toEqual(['About: user 999999 ×'])
    await page.getByText('Nothing matches these filters.').waitFor()
  })

  test('without the permission there is no section, and the page says what one needs', async () => {
    const { page, faults } = await visit(browser, { url: app.url, person: await app.as(['USER_ADMIN'], { userid: 'una' }) })
    await page.getByRole('link', { name: 'Users' }).waitFor()
    expect(await page.getByRole('navigation', { name: 'Sections' }).getByRole('link').allInnerTexts()).not.toContain('Audit')
    await page.goto(`${app.url}/console/audit`)
    await page.getByText(/You need AUDIT/).waitFor()
    expect(await page.locator('.log').count()).toBe(0)
    expect(faults).toEqual([])
  })

  test('an auditor alone reads names, and filters by the links of a row', async () => {
    const { page, faults } = await visit(browser, {
      url: app.url,
      person: await app.as(['AUDIT'], { userid: 'ada', name: 'Ada' }),
    })
    await page.goto(`${app.url}/console/audit?outcome=refused`)
    await page.getByRole('button', { name: /^Details: Bo was refused/ }).click()
    expect(await page.getByRole('button', { name: 'By', exact: true }).count()).toBe(0)
    await page.getByRole('link', { name: 'Only by Bo' }).click()
    await expect.poll(() => chips(page)).toEqual(['By: Bo ×'])
    expect(faults).toEqual([])
  })

  test.each(LOOKS)('$colorScheme at $width px', async look => {
    const { page, faults } = await open('/console/audit', look)
    await expect.poll(() => rows(page).count()).toBe(50)
    await page.getByRole('button', { name: /^Details: .* gave AUDIT to Inês/ }).click()
    await expect.poll(() => query(page)).toMatch(/open=/)
    await page.goto(`${page.url()}&from=2020-01-01`)
    await page.locator('.log-details').waitFor()
    await expect.poll(() => chips(page)).toHaveLength(1)
    await checkLook(page)
    await page.getByRole('button', { name: 'Time', exact: true }).click()
    await page.getByLabel('First day').waitFor()
    await checkLook(page)
    expect(faults).toEqual([])
  })
})
