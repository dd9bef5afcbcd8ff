// Changes of people: shown before they are made, taken back afterwards, also in bulk and by keyboard.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bootApp, type Person, type TestApp } from '../../harness/app.ts'
import { findChromium, launch } from '../chromium.ts'
import { checkLook, LOOKS, visit } from './browser.ts'

const chromium = findChromium()
if (chromium === null) console.warn('SKIPPED: changes of people. No Chromium found: put one on PATH or in CHROMIUM_PATH.')

describe.runIf(chromium !== null)('changes', { timeout: 90_000 }, () => {
  let app: TestApp
  let ines: Person
  let browser: Browser
  beforeEach(async () => {
    browser ??= await launch(chromium!)
    await app?.close()
    app = await bootApp()
    ines = await app.as([], { userid: 'ines', name: 'Inês Duarte' })
    const { errors } = await app.graphql(
      `mutation($ines: UserRef!, $finance: GroupRef!) {
        createGroup(input: { name: "Finance" }) { group { id } }
        updateIam(input: { iamid: "bim", groupPermissions: { Finance: ["AUDIT"] } }) { iam { id } }
        addGroupMember(input: { group: $finance, user: $ines }) { membership { id } }
        addAttribute(input: { owner: { user: $ines }, key: "Team", value: "Closing" }) { owner { __typename } }
      }`,
      { ines: { name: { userid: 'ines' } }, finance: { name: { name: 'Finance' } } },
    )
    expect(errors).toBeUndefined()
  })
  afterEach(() => Promise.all(browser.contexts().map(context => context.close())))
  afterAll(async () => {
    await browser?.close()
    await app?.close()
  })

  const dialog = (page: Page) => page.getByRole('dialog')
  const facts = (page: Page) => dialog(page).locator('.facts').innerText()
  const applyIt = (page: Page) => dialog(page).getByRole('button', { name: 'Apply' }).click()
  const tab = (page: Page, name: string) =>
    page.getByRole('navigation', { name: 'About this person' }).getByRole('link', { name })
  const state = async () => {
    const { data } = await app.graphql(
      '{ user(ref: { name: { userid: "ines" } }) { disabled permissions bimAuthorizations groups { nodes { name } } tokens { totalCount } } }',
    )
    const { groups, tokens, ...rest } = data.user
    return { ...rest, groups: groups.nodes.map(({ name }: { name: string }) => name), tokens: tokens.totalCount }
  }

  test('Inês is found by "ines"; why she holds AUDIT is seen, the group taken away, seen in the timeline, and undone', async () => {
    const { page, faults } = await visit(browser, { url: app.url, person: app.admin })
    await page.getByRole('navigation').getByRole('link', { name: 'Users' }).click()
    await page.getByRole('searchbox').fill('ines')
    await page.getByRole('link', { name: 'Inês Duarte' }).click()
    const picture = page.getByRole('group', { name: /^From Inês Duarte/ })
    await picture.getByRole('link', { name: 'AUDIT' }).click()
    await expect
      .poll(() => picture.locator('a text').allTextContents())
      .toEqual([...['Inês Duarte', 'assigned locally', 'Finance', 'rule of Immuta', 'AUDIT']])
    await tab(page, 'Groups').click()
    await page.getByRole('button', { name: 'Remove Finance' }).click()
    await expect.poll(() => facts(page)).toBe('− 1 person leaves Finance')
    await dialog(page).getByText('Inês Duarte loses AUDIT.').waitFor()
    expect((await state()).groups).toEqual(['Finance'])
    await applyIt(page)
    await page.getByText('In no group.').waitFor()
    expect(await state()).toMatchObject({ groups: [], permissions: ['CREATE_PROJECT'] })
    await page.getByRole('link', { name: 'Show in audit' }).click()
    await expect.poll(() => page.locator('.entry').first().innerText()).toMatch(/Removed from a group Finance by bim\/admin/)
    await page.getByRole('button', { name: /^Undo/ }).click()
    await page.getByText('Undone.').waitFor()
    await expect.poll(() => page.locator('.entry').first().innerText()).toMatch(/Added to a group/)
    expect(await state()).toMatchObject({ groups: ['Finance'], permissions: expect.arrayContaining(['AUDIT']) })
    expect(faults).toEqual([])
  })

  test('permissions, attributes, disabling and sessions: each with its words, and what can be is undone', async () => {
    const { page, faults } = await visit(browser, { url: app.url, person: app.admin })
    await page.goto(`${app.url}/console/users/${ines.id}`)
    await page.getByRole('button', { name: 'Grant a permission' }).click()
    await page.getByLabel('Permission', { exact: true }).fill('CREATE_FILTRE')
    await page.keyboard.press('Enter')
    await expect.poll(() => facts(page)).toBe('+ 1 person gains CREATE_FILTRE')
    await dialog(page)
      .getByText(/CREATE_FILTER/)
      .waitFor()
    await dialog(page).getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Revoke CREATE_PROJECT' }).click()
    await applyIt(page)
    await page.getByRole('button', { name: /^Undo/ }).waitFor()
    expect((await state()).permissions).toEqual(['AUDIT'])
    await page.getByRole('button', { name: /^Undo/ }).click()
    await expect.poll(async () => (await state()).permissions.toSorted()).toEqual(['AUDIT', 'CREATE_PROJECT'])
    await tab(page, 'Attributes').click()
    await page.getByRole('button', { name: 'Remove Team Closing' }).click()
    await expect.poll(() => facts(page)).toBe('− 1 person loses Team Closing')
    await applyIt(page)
    await expect.poll(async () => (await state()).bimAuthorizations).toBe(null)
    await page.getByRole('button', { name: 'Add an attribute' }).click()
    await page.getByLabel('Attribute').last().fill('Country')
    await page.getByLabel('Value').fill('PT')
    await page.getByRole('button', { name: 'See what changes' }).click()
    await applyIt(page)
    await expect.poll(async () => (await state()).bimAuthorizations).toEqual({ Country: ['PT'] })
    await page.getByRole('button', { name: 'Sign out everywhere' }).click()
    await expect.poll(() => facts(page)).toMatch(/1 person is signed out everywhere/)
    await dialog(page).getByText('This cannot be undone.').waitFor()
    await applyIt(page)
    await expect.poll(async () => (await state()).tokens).toBe(0)
    await page.getByRole('button', { name: 'Disable', exact: true }).click()
    await expect.poll(() => facts(page)).toMatch(/1 person is disabled/)
    await applyIt(page)
    await page.getByText('disabled locally').waitFor()
    await page.getByRole('button', { name: 'Enable' }).click()
    await applyIt(page)
    await page.getByText('active', { exact: true }).waitFor()
    expect(faults).toEqual([])
  })

  test('of a selection: what changes, what does not and what is refused; the selection stays until it is cleared', async () => {
    for (const name of ['ada', 'ben', 'carl']) await app.as(name === 'ada' ? ['REPORT_READER'] : [], { userid: name, name })
    const { page, faults } = await visit(browser, { url: app.url, person: app.admin })
    await page.goto(`${app.url}/console/users?sort=-createdAt`)
    for (const name of ['ada', 'ben', 'carl', 'Administrator'])
      await page.getByRole('checkbox', { name: `Select ${name}` }).check()
    const bulk = page.getByRole('region', { name: '4 selected' })
    await bulk.getByRole('button', { name: 'Grant a permission' }).click()
    await page.getByLabel('Permission', { exact: true }).fill('REPORT_READER')
    await page.keyboard.press('Enter')
    await expect.poll(() => facts(page)).toMatch(/3 people gain REPORT_READER\s+1 unchanged/)
    await applyIt(page)
    await page.getByText('Done: 3 changes.').waitFor()
    await page.keyboard.press('z')
    await page.getByText('Undone.').waitFor()
    const holders = async () =>
      (await app.graphql('{ users(filter: { permission: "REPORT_READER" }) { nodes { userid } } }')).data.users.nodes
    expect(await holders()).toEqual([{ userid: 'ada' }])
    await bulk.getByRole('button', { name: 'Disable' }).click()
    await expect.poll(() => facts(page)).toMatch(/3 people are disabled/)
    await dialog(page)
      .getByText(/Administrator: You cannot disable yourself/)
      .waitFor()
    await dialog(page).getByRole('button', { name: 'Cancel' }).click()
    await bulk.getByRole('button', { name: 'Add to a group' }).click()
    await page.getByLabel('Find a group').first().fill('fin')
    await page.getByRole('option', { name: /Finance/ }).click()
    await expect.poll(() => facts(page)).toBe('+ 4 people join Finance')
    await dialog(page).getByText('Finance gives AUDIT too.').waitFor()
    await applyIt(page)
    await expect
      .poll(
        async () =>
          (await app.graphql('{ group(ref: { name: { name: "Finance" } }) { members { totalCount } } }')).data.group.members
            .totalCount,
      )
      .toBe(5)
    await page.keyboard.press('z')
    await expect
      .poll(
        async () =>
          (await app.graphql('{ group(ref: { name: { name: "Finance" } }) { members { totalCount } } }')).data.group.members
            .totalCount,
      )
      .toBe(1)
    await bulk.getByRole('button', { name: 'Clear the selection' }).click()
    await bulk.waitFor({ state: 'detached' })
    expect(faults).toEqual([])
  })

  test('by keyboard alone: find, open, take the group away, undo', async () => {
    const { page, faults } = await visit(browser, { url: app.url, person: app.admin })
    await page.goto(`${app.url}/console/users`)
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key)
    }
    const focus = () =>
      page.evaluate<string>('document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent')
    const tabTo = async (name: string) => {
      for (let at = 0; at < 60 && (await focus()) !== name; at++) await press('Tab')
      expect(await focus()).toBe(name)
    }
    await page.locator('tbody tr').first().waitFor()
    await press('/')
    await page.keyboard.type('ines')
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1)
    await press('Enter', 'Enter')
    await page.getByRole('heading', { name: 'Inês Duarte' }).waitFor()
    await tabTo('Groups')
    await press('Enter')
    await page.getByRole('button', { name: 'Remove Finance' }).waitFor()
    await tabTo('Remove Finance')
    await press('Enter')
    await expect.poll(focus).toBe('Apply')
    await press('Escape')
    await expect.poll(focus).toBe('Remove Finance')
    await press('Enter')
    await expect.poll(focus).toBe('Apply')
    await press('Enter')
    await page.getByText('In no group.').waitFor()
    await press('z')
    await page.getByRole('button', { name: 'Remove Finance' }).waitFor()
    expect(faults).toEqual([])
  })

  test('who may not change people has no such buttons; nobody disables oneself', async () => {
    const auditor = await app.as(['AUDIT'], { userid: 'auditor' })
    const { page, faults } = await visit(browser, { url: app.url, person: auditor })
    await page.goto(`${app.url}/console/users/${ines.id}`)
    await page.getByRole('rowheader', { name: 'AUDIT' }).waitFor()
    expect(await page.getByRole('main').getByRole('button').allInnerTexts()).toEqual(['Show as GraphQL'])
    const { page: own } = await visit(browser, { url: app.url, person: app.admin })
    await own.goto(`${app.url}/console/users/${app.admin.id}`)
    await own.getByRole('button', { name: 'Sign out everywhere' }).waitFor()
    expect(await own.getByRole('button', { name: 'Disable' }).count()).toBe(0)
    expect(faults).toEqual([])
  })

  test.each(LOOKS)('$colorScheme at $width px: axe finds nothing in the dialog, the bar and the selection', async look => {
    const { page, faults } = await visit(browser, { url: app.url, person: app.admin }, look)
    await page.goto(`${app.url}/console/users/${ines.id}/groups`)
    await page.getByRole('button', { name: 'Remove Finance' }).click()
    await expect.poll(() => facts(page)).toBe('− 1 person leaves Finance')
    await checkLook(page)
    await applyIt(page)
    await page.getByRole('button', { name: /^Undo/ }).waitFor()
    await checkLook(page)
    await page.goto(`${app.url}/console/users`)
    await page.getByRole('checkbox', { name: 'Select all on this page' }).check()
    await page.getByRole('region', { name: /selected/ }).waitFor()
    await checkLook(page)
    expect(faults).toEqual([])
  })
})
