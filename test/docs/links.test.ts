// Links of the documents lead to files and headings that exist, and so do the paths that they name.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { readPage } from './shell.ts'

const root = new URL('../../', import.meta.url).pathname
const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n')

/** The text without code blocks, in which a `](` is no link. */
const proseOf = (path: string) => readPage(path).replace(/^```[\s\S]*?^```/gm, '')

/** GitHub's id of a heading. */
const idOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
const headingsOf = (path: string) => [...proseOf(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => idOf(heading!))

test('there are pages', () => expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/architecture.md'])))

test.each(pages)('%s: every link resolves', path => {
  const broken = [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
    if (/^https?:/.test(link!)) return []
    const [file, heading] = link!.split('#') as [string, string?]
    const target = file === '' ? path : normalize(join(dirname(path), file))
    if (!existsSync(join(root, target))) return [link]
    return heading === undefined || headingsOf(target).includes(heading) ? [] : [link]
  })
  expect(broken).toEqual([])
})

test.each(pages)('%s: every path of the repository that it names exists', path => {
  const named = [...proseOf(path).matchAll(/`((?:src|test|docs|scripts|bench|prisma)\/[\w./-]+)`/g)].map(([, name]) => name!)
  expect(named.filter(name => !existsSync(join(root, name)))).toEqual([])
})
