import { texts } from '../texts.ts'
import { fieldChanges, fieldWords } from './change-words.ts'

const MOST = 12

/** Before and after: a colour, a sign and the words themselves. */
export function ChangeWords({ before, after }: { before: unknown; after: unknown }) {
  const changes = fieldChanges(before, after)
  if (changes.length === 0) return null
  return (
    <ul className="changes">
      {changes.map(({ field, removed, added }) => (
        <li key={field}>
          <span className="soft">{fieldWords(field)}</span> <Values values={removed} kind="removed" />
          <Values values={added} kind="added" />
        </li>
      ))}
    </ul>
  )
}

function Values({ values, kind }: { values: readonly string[]; kind: 'removed' | 'added' }) {
  const Tag = kind === 'removed' ? 'del' : 'ins'
  return (
    <>
      {values.slice(0, MOST).map(value => (
        <Tag key={value}>
          {kind === 'removed' ? '−' : '+'} {value}
        </Tag>
      ))}
      {values.length > MOST && <span className="soft">{texts.andMore(values.length - MOST)}</span>}
    </>
  )
}
