// A person: where permissions come from, the timeline, and what a viewer may not see.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'
import { findChromium, launch } from '../chromium.ts'
import { checkLook, LOOKS, visit } from './browser.ts'

const chromium = findChromium()
if (chromium === null) console.warn('SKIPPED: the page of a person. No Chromium found: put one on PATH or in CHROMIUM_PATH.')

describe.runIf(chromium !== null)('a person', { timeout: 60_000 }, () => {
  let app: TestApp
  let ines: Person
  let auditor: Person
  let browser: Browser
  beforeAll(async () => {
    app = await bootApp()
    ines = await app.as([], { userid: 'ines', name: 'Inês Duarte' })
    auditor = await app.as(['AUDIT'], { userid: 'auditor' })
    await ines.key()
    const { errors } = await app.graphql(
      `mutation($ines: UserRef!, $finance: GroupRef!) {
        createIam(input: { iamid: "harbour", displayName: "Harbour", type: LDAP }) { iam { id } }
        createGroup(input: { name: "Finance" }) { group { id } }
        updateIam(input: { iamid: "bim", groupPermissions: { Finance: ["AUDIT"] } }) { iam { id } }
        addGroupMember(input: { group: $finance, user: $ines }) { membership { id } }
        group: addAttribute(input: { owner: { group: $finance }, key: "Country", value: "PT" }) { owner { __typename } }
        user: addAttribute(input: { owner: { user: $ines }, key: "Team", value: "Closing" }) { owner { __typename } }
        grantUserPermissions(input: { ref: $ines, permissions: ["REPORT_READER"] }) { user { id } }
        signOutEverywhere(input: { ref: $ines }) { revokedTokens }
      }`,
      { ines: { name: { userid: 'ines' } }, finance: { name: { name: 'Finance' } } },
    )
    expect(errors?.filter(error => !error.message.includes('revokedTokens'))).toBeUndefined()
    await app.store.db.query(`UPDATE memberships SET sources = '{bim,harbour}'`)
    browser = await launch(chromium!)
  })
  afterEach(() => Promise.all(browser.contexts().map(context => context.close())))
  afterAll(async () => {
    await browser?.close()
    await app?.close()
  })
  const open = async (path = '', person: Person = app.admin, look?: Parameters<typeof visit>[2]) => {
    const visited = await visit(browser, { url: app.url, person }, look)
    await visited.page.goto(`${app.url}/console/users/${ines.id}${path}`)
    await visited.page.getByRole('heading', { name: 'Inês Duarte' }).waitFor()
    return visited
  }
  const picture = (page: Page) => page.getByRole('group', { name: /^From Inês Duarte/ })
  const tab = (page: Page, name: string) =>
    page.getByRole('navigation', { name: 'About this person' }).getByRole('link', { name })

  test('the picture shows why she holds AUDIT, and keeps the lanes of one permission', async () => {
    const { page, faults } = await open()
    await expect.poll(() => picture(page).getByRole('link').count()).toBeGreaterThan(6)
    await picture(page).getByRole('link', { name: 'AUDIT' }).first().click()
    await page.waitForURL('**?perm=AUDIT')
    await expect
      .poll(() => picture(page).locator('a text').allTextContents())
      .toEqual([
        'Inês Duarte',
        'assigned locally',
        'Harbour (LDAP)',
        'Finance',
        'Finance',
        'rule of Immuta',
        'rule of Immuta',
        'AUDIT',
        'AUDIT',
      ])
    const rows = page.locator('tbody tr')
    expect(await rows.allInnerTexts()).toEqual([
      expect.stringMatching(/AUDIT\s+Read the audit log.*\s+.*group Finance of Immuta/),
    ])
    await page.reload()
    await expect.poll(() => picture(page).locator('a').count()).toBe(9)
    await page.getByRole('link', { name: /Only AUDIT/ }).click()
    await expect.poll(() => rows.count()).toBe(3)
    await picture(page).getByRole('link', { name: 'Finance' }).first().click()
    await page.waitForURL('**/console/users?group=Finance')
    await page.goBack()
    await picture(page).waitFor()
    expect(faults).toEqual([])
  })

  test('tabs are addresses; values and memberships by several sources have a badge for each', async () => {
    const { page, faults } = await open()
    await tab(page, 'Groups').click()
    await page.waitForURL('**/groups')
    const finance = page.getByRole('row').filter({ hasText: 'Finance' })
    expect(await finance.locator('.source').allInnerTexts()).toEqual(['✎ assigned locally', '⌂ Harbour (LDAP)'])
    await tab(page, 'Attributes').click()
    await page.getByRole('rowheader', { name: 'Team' }).waitFor()
    expect(await page.getByRole('row').filter({ hasText: 'Country' }).innerText()).toMatch(/PT[\s\S]*group Finance/)
    await tab(page, 'Keys and sessions').click()
    await page.getByRole('rowheader', { name: 'test' }).waitFor()
    await tab(page, 'Raw').click()
    await page.getByText('"userid": "ines"').waitFor()
    expect(await page.locator('[aria-current=page]').allInnerTexts()).toEqual(['Users', 'Raw'])
    expect(faults).toEqual([])
  })

  test('the timeline has what was done to her and by her, in words, also her groups', async () => {
    const { page, faults } = await open('/timeline')
    const entries = page.locator('.entry')
    await expect
      .poll(() => entries.allInnerTexts())
      .toContainEqual(expect.stringMatching(/Added to a group Finance by bim\/admin/))
    const texts = (await entries.allInnerTexts()).join('\n')
    expect(texts).toMatch(/Local permissions changed by bim\/admin\s+permissions \+ REPORT_READER/)
    expect(texts).toMatch(/Attribute added by bim\/admin\s+Team \+ Closing/)
    expect(texts).toMatch(/Signed in by this person/)
    const filter = (name: string) => page.getByRole('navigation', { name: 'Show' }).getByRole('link', { name })
    await filter('Sign-ins').click()
    await page.waitForURL('**?show=logins')
    await expect.poll(async () => (await entries.allInnerTexts()).every(text => text.includes('Signed in'))).toBe(true)
    await filter('Refused').click()
    await page.getByText('Nothing of this kind here.').waitFor()
    await filter('Changes').click()
    await expect.poll(async () => (await entries.allInnerTexts()).some(text => text.includes('Signed in'))).toBe(false)
    expect(faults).toEqual([])
  })

  test('an auditor sees the access, and which permission the groups and keys need', async () => {
    const { page, faults } = await open('', auditor)
    await picture(page).waitFor()
    await tab(page, 'Groups').click()
    await page.getByText('Needs USER_ADMIN').waitFor()
    await tab(page, 'Keys and sessions').click()
    await expect.poll(() => page.getByText('Needs USER_ADMIN').count()).toBe(2)
    await tab(page, 'Timeline').click()
    await page.locator('.entry').first().waitFor()
    expect(faults).toEqual([])
    const admin = await app.as(['USER_ADMIN'], { userid: 'people' })
    const { page: other } = await open('/timeline', admin)
    await other.getByText('Needs AUDIT').waitFor()
    const { page: third } = await visit(browser, { url: app.url, person: ines })
    await third.goto(`${app.url}/console/users/${auditor.id}`)
    await third.getByRole('heading', { name: 'auditor' }).waitFor()
    const ben = await app.as([], { userid: 'ben' })
    const { page: fourth } = await visit(browser, { url: app.url, person: ben })
    await fourth.goto(`${app.url}/console/users/${ines.id}`)
    await fourth.getByText('You need USER_ADMIN or AUDIT').waitFor()
  })

  test.each(['/console/users/99999', '/console/users/0x1', '/console/users/99999999999'])(
    '%s: nobody, and the way on',
    async path => {
      const { page } = await open()
      await page.goto(app.url + path)
      await page.getByRole('heading', { name: 'There is no person with this number' }).waitFor()
      await page.getByRole('link', { name: 'All users' }).click()
      await page.waitForURL('**/console/users')
    },
  )

  test.each(LOOKS)('$colorScheme at $width px: nothing runs over, and axe finds nothing', async look => {
    const { page, faults } = await open('', app.admin, look)
    await picture(page).waitFor()
    await checkLook(page)
    for (const name of ['Attributes', 'Groups', 'Keys and sessions', 'Timeline', 'Raw']) {
      await tab(page, name).click()
      await page.locator('.skeleton').waitFor({ state: 'detached' })
      await page.locator('tbody tr, .entry, pre').first().waitFor()
      await checkLook(page)
    }
    expect(faults).toEqual([])
  })
})
