import { expect, test } from 'vitest'
import { piecesOf } from '../../../src/ui/console/parts/marked-pieces.ts'

const marked = (text: string, search: string) =>
  piecesOf(text, search)
    .map(({ part, isHit }) => (isHit ? `[${part}]` : part))
    .join('')

test.each([
  ['Inês Duarte', 'ines', '[Inês] Duarte'],
  ['Ine\u0302s', 'INES', '[Inês]'],
  ['Straße', 'asse', 'Str[aße]'],
  ['Łukasz Søren', 'sor luk', '[Łuk]asz [Sør]en'],
  ['ababa', 'aba', '[ababa]'],
  ['😀 Ana', 'ana', '😀 [Ana]'],
  ['Ana', '', 'Ana'],
  ['Ana', '(', 'Ana'],
  ['', 'a', ''],
])('%s by %s', (text, search, expected) => expect(marked(text, search)).toBe(expected))
