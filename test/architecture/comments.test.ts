// How many comments src has, and how long they are: a reason that takes more than a line is a record in docs/decisions.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseSync } from '@swc/core'
import { expect, test } from 'vitest'

const SRC = new URL('../../src/', import.meta.url).pathname
const FUNCTIONS_PER_COMMENT = 3
const WORDS_PER_LINE = 8.5

const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map(entry => relative(SRC, join(entry.parentPath, entry.name)))
  .filter(path => !path.startsWith('generated/'))
  .map(path => ({ path, text: readFileSync(join(SRC, path), 'utf8') }))

/** The comments of a file, each with its lines: a run of lines is one. Directives of the linter are none. */
function commentsOf(text: string): string[][] {
  const found: string[][] = []
  let inBlock = false
  let wasLine = false
  for (const line of text.split('\n')) {
    const own: string | undefined = inBlock ? line : /^\s*(\/\/.*|\/\*.*)$/.exec(line)?.[1]
    const comment: string | undefined = own ?? /(?<![:'"`\w])\/\/ (.*)$/.exec(line)?.[1]
    if (comment === undefined || comment.includes('biome-ignore')) {
      wasLine = false
      continue
    }
    const isLine = !inBlock && comment.startsWith('//')
    const words = comment.replace(/^\s*(\/\*+|\*\/|\*|\/\/)\s*|\*\/\s*$/g, '').trim()
    if (!inBlock && !(isLine && wasLine)) found.push([])
    if (words !== '') found.at(-1)!.push(words)
    inBlock = inBlock ? !line.includes('*/') : comment.startsWith('/*') && !comment.includes('*/')
    wasLine = isLine
  }
  return found
}

const KINDS = new Set([
  'ArrowFunctionExpression',
  'ClassMethod',
  'Constructor',
  'FunctionDeclaration',
  'FunctionExpression',
  'MethodProperty',
  'PrivateMethod',
])
function functionsIn(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 0
  const inside = Object.values(node).reduce<number>((sum, child) => sum + functionsIn(child), 0)
  return inside + ('type' in node && KINDS.has(node.type as string) ? 1 : 0)
}

test('comments are found in all their forms', () => {
  const text = ['/** One. */', 'a() // two', '  // three', '  // goes on', '', '/**', ' * Four', ' * lines.', ' */', "'http://x'"]
  expect(commentsOf(text.join('\n'))).toEqual([['One.'], ['two'], ['three', 'goes on'], ['Four', 'lines.']])
})

test(`at most one comment for ${FUNCTIONS_PER_COMMENT} functions, and about eight words a line`, () => {
  const comments = files.flatMap(({ text }) => commentsOf(text))
  const functions = files
    .map(({ path, text }) => functionsIn(parseSync(text, { syntax: 'typescript', tsx: path.endsWith('x'), target: 'es2024' })))
    .reduce((sum, count) => sum + count, 0)
  const lines = comments.flat()
  const words = lines.join(' ').split(/\s+/).length
  expect(functions).toBeGreaterThan(3_000)
  expect(comments.length * FUNCTIONS_PER_COMMENT).toBeLessThanOrEqual(functions)
  expect(words / lines.length).toBeLessThanOrEqual(WORDS_PER_LINE)
})
