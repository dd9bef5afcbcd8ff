// The list of users: search, filters, order and pages as an address, by mouse and by keyboard.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { findChromium, launch } from '../chromium.ts'
import { checkLook, LOOKS, visit } from './browser.ts'

const chromium = findChromium()
if (chromium === null) console.warn('SKIPPED: the list of users. No Chromium found: put one on PATH or in CHROMIUM_PATH.')

describe.runIf(chromium !== null)('the list of users', { timeout: 60_000 }, () => {
  let app: TestApp
  let browser: Browser
  beforeAll(async () => {
    app = await bootApp()
    await app.as(['AUDIT'], { userid: 'ines', name: 'Inês Duarte' })
    const { errors } = await app.graphql(
      `mutation($ines: UserRef!, $finance: GroupRef!) {
        createIam(input: { iamid: "harbour", displayName: "Harbour", type: LDAP }) { iam { id } }
        createGroup(input: { name: "Finance, closing" }) { group { id } }
        addGroupMember(input: { group: $finance, user: $ines }) { membership { id } }
        addAttribute(input: { owner: { user: $ines }, key: "Country", value: "PT" }) { owner { __typename } }
      }`,
      { ines: { name: { userid: 'ines' } }, finance: { name: { name: 'Finance, closing' } } },
    )
    expect(errors).toBeUndefined()
    await app.store.db.query(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key, disabled)
        SELECT 'harbour', p, lower(p), p, lower(p), n = 7 FROM generate_series(1, 120) n, format('Person %s', lpad(n::text, 3, '0')) p`,
    )
    await app.store.db.query(
      `INSERT INTO user_permissions (user_id, permission) SELECT id, 'REPORT_' || n FROM users, generate_series(1, 4) n WHERE iamid = 'harbour'`,
    )
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
  const names = (page: Page) => page.locator('tbody th a').allInnerTexts()
  const query = (page: Page) => decodeURIComponent(new URL(page.url()).search)
  const status = (page: Page) => page.locator('.count').innerText()

  test('Inês is found by "ines", marked; reload and back give the same view', async () => {
    const { page, faults } = await open('/console')
    await page.getByRole('navigation').getByRole('link', { name: 'Users' }).click()
    await expect.poll(() => status(page)).toBe('122 people')
    expect(await names(page)).toHaveLength(50)
    await page.keyboard.press('/')
    await page.keyboard.type('ines')
    await expect.poll(() => names(page)).toEqual(['Inês Duarte'])
    expect(await page.locator('tbody mark').allInnerTexts()).toEqual(['Inês', 'ines'])
    expect(query(page)).toBe('?q=ines')
    await page.reload()
    await expect.poll(() => names(page)).toEqual(['Inês Duarte'])
    expect(await page.getByRole('searchbox').inputValue()).toBe('ines')
    await page.goBack()
    await page.goForward()
    await expect.poll(() => names(page)).toEqual(['Inês Duarte'])
    expect(faults).toEqual([])
  })

  test('filters come from the facets, are chips, and go one by one', async () => {
    const { page, faults } = await open('/console/users')
    await page.getByRole('button', { name: 'Source' }).click()
    await page.getByRole('option', { name: /Harbour/ }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'State' }).click()
    expect(await page.getByRole('option').allInnerTexts()).toContainEqual(expect.stringMatching(/^disabled\s+1$/))
    await page.getByRole('option', { name: /^disabled\s*1?$/ }).click()
    await expect.poll(() => names(page)).toEqual(['Person 007'])
    expect(query(page)).toBe('?iam=harbour&state=disabled')
    await page.getByRole('button', { name: 'Remove the filter State: disabled' }).click()
    await expect.poll(() => status(page)).toBe('120 people')
    await page.getByRole('button', { name: 'Remove the filter Source: Harbour' }).click()
    await expect.poll(() => query(page)).toBe('')
    await page.getByRole('button', { name: 'Group', exact: true }).click()
    await page.getByLabel('Find a group').first().fill('fin')
    await page.getByRole('option', { name: 'Finance, closing' }).click()
    await expect.poll(() => names(page)).toEqual(['Inês Duarte'])
    expect(query(page)).toBe('?group=Finance\\,+closing')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Attribute', exact: true }).click()
    await page.getByLabel('Attribute').last().fill('country')
    await page.getByRole('button', { name: 'Has it not' }).click()
    await page.getByText('Nobody matches.').waitFor()
    await page.getByRole('button', { name: 'Clear the search and all filters' }).click()
    await expect.poll(() => status(page)).toBe('122 people')
    expect(faults).toEqual([])
  })

  test('heads sort, pages are addresses, and a cursor of another list leads to the first page', async () => {
    const { page, faults } = await open('/console/users')
    const users = page.getByRole('link', { name: 'User name' })
    await users.click()
    await expect.poll(() => page.locator('th[aria-sort=ascending]').innerText()).toMatch(/User name/)
    await users.click()
    await expect.poll(async () => (await names(page))[0]).toBe('Person 120')
    expect(query(page)).toBe('?sort=-userid')
    await page.getByRole('link', { name: 'Next' }).click()
    await expect.poll(async () => (await names(page))[0]).toBe('Person 070')
    const second = page.url()
    await page.reload()
    await expect.poll(async () => (await names(page))[0]).toBe('Person 070')
    await page.getByRole('link', { name: 'Previous' }).click()
    await expect.poll(async () => (await names(page))[0]).toBe('Person 120')
    expect(faults).toEqual([])
    await page.goto(second.replace('sort=-userid', 'sort=createdAt'))
    await expect.poll(() => query(page)).toBe('?sort=createdAt')
    await expect.poll(async () => (await names(page)).length).toBe(50)
    expect(faults.filter(fault => !fault.includes('400'))).toEqual([])
  })

  test('columns are chosen, also attributes; what is unknown in an address is left out', async () => {
    const { page, faults } = await open('/console/users?q=ines&sort=shoe&state=gone&perm=x&cols=name,shoe,state')
    await expect.poll(() => page.getByRole('columnheader').allInnerTexts()).toEqual(['', 'Name ↑', 'State'])
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByLabel('Add an attribute as a column').fill('Country')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('row').last().innerText()).toMatch(/Inês Duarte[\s\S]*active[\s\S]*PT/)
    await expect.poll(() => query(page)).toBe('?q=ines&cols=name,state,attr.Country')
    expect(faults).toEqual([])
  })

  test('by keyboard alone: search, rows, selection, open, and back to the row', async () => {
    const { page, faults } = await open('/console/users')
    const focused = () => page.evaluate<string>('document.activeElement.innerText')
    await expect.poll(() => names(page)).toHaveLength(50)
    await page.keyboard.press('/')
    await page.keyboard.type('person 00')
    await expect.poll(() => names(page)).toHaveLength(9)
    await page.keyboard.press('ArrowDown')
    await expect.poll(focused).toBe('Person 001')
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    await expect.poll(focused).toBe('Person 002')
    expect(await page.getByRole('checkbox', { name: 'Select Person 002' }).isChecked()).toBe(true)
    await page.keyboard.press('Escape')
    expect(await page.getByRole('checkbox', { name: 'Select Person 002' }).isChecked()).toBe(false)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/console/users/*')
    await page.goBack()
    await expect.poll(() => names(page)).toHaveLength(9)
    await expect.poll(focused).toBe('Person 002')
    expect(faults).toEqual([])
  })

  test('without USER_ADMIN the section is absent, and its address says what one needs', async () => {
    const ben = await app.as(['AUDIT'], { userid: 'ben' })
    const { page, faults } = await visit(browser, { url: app.url, person: ben })
    const links = await page.getByRole('navigation').getByRole('link').allInnerTexts()
    expect(links).toContain('Audit')
    expect(links).not.toContain('Users')
    await page.goto(`${app.url}/console/users?q=ines`)
    await page.getByText('You need USER_ADMIN').waitFor()
    expect(faults).toEqual([])
  })

  test.each(LOOKS)('$colorScheme at $width px: nothing runs over, and axe finds nothing', async look => {
    const { page, faults } = await open('/console/users?q=person&state=active&attr=!Country&iam=harbour', look)
    await expect.poll(() => names(page)).toHaveLength(50)
    await checkLook(page)
    await page.getByRole('button', { name: 'Permission' }).click()
    await page.getByRole('listbox').or(page.getByText('Nothing to choose from.')).first().waitFor()
    await checkLook(page)
    expect(faults).toEqual([])
  })
})
