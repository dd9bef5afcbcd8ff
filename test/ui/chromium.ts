// The browser tests' browser: which one there is, and a page that writes down everything it should not do.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/** The path of a Chromium: CHROMIUM_PATH, or the first on PATH; null where there is none. */
export function findChromium(): string | null {
  const asked = process.env.CHROMIUM_PATH
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin']
  const candidates = asked ? [asked] : folders.flatMap(folder => NAMES.map(name => join(folder, name)))
  return candidates.find(isExecutable) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Starts it without a window, with a new profile that goes away with it, and without its own errands to the network. */
export function launch(executablePath: string): Promise<Browser> {
  const quiet = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet]
  return chromium.launch({ executablePath, headless: true, args })
}

/**
 * A page of its own session with `origin`'s playground open and ready to type into. `faults` collects console errors and warnings
 * (violations of the content security policy are among them), uncaught errors and requests that leave the origin.
 */
export async function openPlayground(browser: Browser, origin: string): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const faults: string[] = []
  context.on('console', message => {
    if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`)
  })
  context.on('weberror', error => faults.push(`uncaught: ${error.error().message}`))
  context.on('request', request => {
    const url = new URL(request.url())
    if (url.origin !== origin && url.protocol !== 'data:') faults.push(`request: ${request.url()}`)
  })
  const page = await context.newPage()
  await page.goto(`${origin}/graphiql`)
  await page.locator('.graphiql-query-editor .view-line').first().waitFor()
  return { page, faults }
}

/** The text of one of GraphiQL's editors, as it shows it, without the spaces in it. */
export async function textOf(page: Page, editor: Editor): Promise<string> {
  const lines = await page.locator(`${AREAS[editor]} .view-line`).allInnerTexts()
  return lines.join('').replaceAll(/\s/g, '')
}

/** Replaces the text of an editor, as a paste does, and lets GraphiQL take it in. */
export async function paste(page: Page, editor: Editor, text: string): Promise<void> {
  await page.locator(`${AREAS[editor]} .view-lines`).click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(text)
  // It reads the name of the operation a moment later: until then it would run the new text under the old name.
  if (editor === 'operation') await expect.poll(() => page.evaluate("sessionStorage.getItem('graphiql:query')")).toBe(text)
}

type Editor = 'operation' | 'headers' | 'answer'
const AREAS: Record<Editor, string> = {
  operation: '.graphiql-query-editor',
  headers: '.graphiql-editor-tool .graphiql-editor:not(.hidden)',
  answer: '.graphiql-response',
}
