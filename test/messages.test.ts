// All messages of errors that Roster can answer with, from the source, in one file: a changed one shows in the diff of messages.txt.
// Of each `new Invalid(…)` and its like the text, with what is put into it in braces; after them the rules that tables hold.
// A deliberate change: `npm test -- test/messages.test.ts --update`, and read the difference.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from '@swc/core'
import { expect, test } from 'vitest'

const SRC = new URL('../src/', import.meta.url).pathname
/** How a rule begins that stands in a table or comes from a function. */
const RULE = /^(must|cannot|may not|needs|is (not|no|missing|required|too|already|unknown|reserved)|has (no|more|to)) /

interface Node {
  readonly type: string
  readonly span: { readonly start: number; readonly end: number }
  readonly [key: string]: unknown
}
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value

/** A file with its tree: the empty statement before it has the offset that swc counts from. */
function parsed(path: string) {
  const bytes = Buffer.from(`;${readFileSync(join(SRC, path), 'utf8')}`)
  const tree = parseSync(bytes.toString(), { syntax: 'typescript', target: 'es2022' })
  const base = tree.body[0]!.span.start
  const sourceOf = ({ span }: Node) =>
    bytes
      .subarray(span.start - base, span.end - base)
      .toString()
      .replace(/\s+/g, ' ')
  return { tree: tree as unknown as Node, sourceOf }
}

function* nodesIn(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const item of value) yield* nodesIn(item)
  else if (typeof value === 'object' && value !== null) {
    if (isNode(value)) yield value
    for (const inner of Object.values(value)) yield* nodesIn(inner)
  }
}

type SourceOf = (node: Node) => string

/** The texts of the file at hand that have a name. */
let constants = new Map<string, Node>()
function constantsIn({ body }: Node): Map<string, Node> {
  const declarations = (body as Node[])
    .map(node => (node.type === 'ExportDeclaration' ? (node.declaration as Node) : node))
    .flatMap(node => (node.type === 'VariableDeclaration' ? (node.declarations as { id: { value: string }; init?: Node }[]) : []))
  return new Map(
    declarations.flatMap(({ id, init }) =>
      init && ['StringLiteral', 'TemplateLiteral', 'BinaryExpression'].includes(init.type) ? [[id.value, init] as const] : [],
    ),
  )
}

/** The texts that an expression can come to. */
function textsOf(node: Node, sourceOf: SourceOf): string[] {
  switch (node.type) {
    case 'StringLiteral':
      return [String(node.value)]
    case 'TemplateLiteral': {
      const [quasis, expressions] = [node.quasis as { cooked: string }[], node.expressions as Node[]]
      return [quasis.map(({ cooked }, at) => cooked + (expressions[at] ? `{${sourceOf(expressions[at])}}` : '')).join('')]
    }
    case 'Identifier': {
      const constant = constants.get(String(node.value))
      return constant ? textsOf(constant, sourceOf) : [`{${sourceOf(node)}}`]
    }
    case 'ParenthesisExpression':
      return textsOf(node.expression as Node, sourceOf)
    case 'ConditionalExpression':
      return [node.consequent, node.alternate].flatMap(branch => textsOf(branch as Node, sourceOf))
    case 'BinaryExpression': {
      if (node.operator !== '+') return [`{${sourceOf(node)}}`]
      const [left, right] = [node.left, node.right].map(side => textsOf(side as Node, sourceOf)) as [string[], string[]]
      return left.flatMap(start => right.map(end => start + end))
    }
    default:
      return [`{${sourceOf(node)}}`]
  }
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts') && !/^(generated|ui)\//.test(path))
  .toSorted()
  .map(parsed)

/** Classes that extend an error, by their own name or that of another such class. */
const parents = new Map<string, string>()
for (const { tree } of files)
  for (const node of nodesIn(tree))
    if (node.type === 'ClassDeclaration' && isNode(node.superClass) && node.superClass.type === 'Identifier')
      parents.set((node.identifier as { value: string } & Node).value, (node.superClass as unknown as { value: string }).value)
const isError = (name: string): boolean =>
  name === 'Error' || name === 'GraphQLError' || (parents.has(name) && isError(parents.get(name)!))

const messages = new Map<string, Set<string>>()
const rules = new Set<string>()
/** Adds the texts that the arguments of `new Invalid(…)` or `super(…)` come to, and notes their nodes in `within`. */
function take(name: string, call: Node, within: Set<Node>, sourceOf: SourceOf): void {
  if (!isError(name)) return
  const given = ((call.arguments ?? []) as { expression: Node }[]).map(({ expression }) => expression)
  for (const inner of nodesIn(given)) within.add(inner)
  const texts = given
    .filter(({ type }) => type !== 'ObjectExpression')
    .map(argument => textsOf(argument, sourceOf))
    .reduce<string[]>((before, next) => before.flatMap(start => next.map(end => (start === '' ? end : `${start} ${end}`))), [''])
  // What only passes on the text of another place says nothing here.
  const own = texts.filter(text => text !== '' && !/^\{[^{}]*\}$/.test(text))
  if (own.length > 0) messages.set(name, new Set([...(messages.get(name) ?? []), ...own]))
}

for (const { tree, sourceOf } of files) {
  const within = new Set<Node>()
  constants = constantsIn(tree)
  for (const node of nodesIn(tree)) {
    if (node.type === 'NewExpression') take((node.callee as unknown as { value?: string }).value ?? '', node, within, sourceOf)
    else if (node.type === 'ClassDeclaration') {
      const name = (node.identifier as unknown as { value: string }).value
      for (const call of nodesIn(node.body))
        if (call.type === 'CallExpression' && (call.callee as Node).type === 'Super') take(name, call, within, sourceOf)
    } else if ((node.type === 'StringLiteral' || Array.isArray(node.expressions)) && !within.has(node))
      for (const text of textsOf(node, sourceOf)) if (RULE.test(text)) rules.add(text)
  }
}

const section = (name: string, lines: Iterable<string>) =>
  `${name}\n${[...lines]
    .toSorted()
    .map(line => `  ${line.replaceAll('\n', '\\n')}\n`)
    .join('')}`

test('every message is the one that is committed', async () => {
  const named = [...messages]
    .filter(([, lines]) => lines.size > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, lines]) => section(name, lines))
  expect([...messages.values()].reduce((sum, { size }) => sum + size, 0)).toBeGreaterThan(300)
  await expect([...named, section('Rules that tables and functions hold', rules)].join('\n')).toMatchFileSnapshot('messages.txt')
})

test('no message names a folder of a machine', () => {
  const all = [...messages.values(), rules].flatMap(lines => [...lines])
  expect(all.filter(line => /\/(usr|home|tmp|work)\//.test(line))).toEqual([])
})
