/** A search box: words to LIKE patterns over a text whose fields begin with a blank, by its trigram index. */
import { foldAccents } from '../accent-folding.ts'
import { Invalid } from '../errors.ts'
import { canonical, checkStorable } from '../validation.ts'

const MAX_LENGTH = 256
const MAX_WORDS = 10

/** Punctuation around words, as in "Silva, Inês". */
const around = /^[^\p{L}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu
/** Fewer in a row are in no trigram, except where a word begins. */
const indexed = /[\p{L}\p{N}]{3}/u

/** All must match. Null: no search; empty: nothing can match. Throws Invalid. */
export function searchPatterns(field: string, text: string | null | undefined): string[] | null {
  if (text == null) return null
  if (text.length > MAX_LENGTH) throw new Invalid(field, `must be at most ${MAX_LENGTH} characters`)
  if (text.trim() === '') return null
  checkStorable(field, text)
  const words = foldAccents(canonical(text))
    .split(/\s+/u)
    .map(word => word.replaceAll(around, ''))
    .filter(word => word !== '')
  const distinct = [...new Set(words)]
  if (distinct.length > MAX_WORDS) throw new Invalid(field, `must have at most ${MAX_WORDS} words`)
  return distinct.map(word => `%${indexed.test(word) ? '' : ' '}${word.replace(/[\\%_]/g, '\\$&')}%`)
}
