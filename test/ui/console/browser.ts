// A person's browser at console and account: signed in by /login, and everything it should not do is written down.
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Person } from '../../harness/app.ts'

export interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** Console errors and warnings (violations of the policy are among them), uncaught errors, requests that fail or leave the origin. */
  readonly faults: string[]
}

interface VisitOptions {
  readonly width?: number
  readonly colorScheme?: 'light' | 'dark'
}

/** Signs in at `url` (which may have a path) and waits for the page that follows. */
export async function visit(
  browser: Browser,
  { url, person }: { url: string; person: Pick<Person, 'userid' | 'password'> },
  { width = 1280, colorScheme = 'light' }: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme })
  const faults: string[] = []
  context.on('console', message => {
    if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`)
  })
  context.on('weberror', error => faults.push(`uncaught: ${error.error().message}`))
  context.on('response', answer => {
    if (answer.status() >= 400) faults.push(`${answer.status()} ${answer.url()}`)
  })
  context.on('request', request => {
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:')) faults.push(`request: ${request.url()}`)
  })
  const page = await context.newPage()
  await page.goto(`${url}/login`)
  await page.fill('[name=userid]', person.userid)
  await page.fill('[name=password]', person.password)
  await page.click('button:has-text("Sign in")')
  await page.locator('nav[aria-label=Sections]').waitFor()
  return { page, context, faults }
}

/** Nothing runs over the side, and axe finds nothing. */
export async function checkLook(page: Page): Promise<void> {
  await expect
    .poll(() => page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth'))
    .toBe(0)
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' | ')}`)).toEqual([])
}

/** Each page in light and dark, wide and narrow. */
export const LOOKS = [
  { width: 1440, colorScheme: 'light' },
  { width: 1440, colorScheme: 'dark' },
  { width: 320, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' },
] as const
