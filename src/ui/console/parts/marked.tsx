import { piecesOf } from './marked-pieces.ts'

/** Marks what a search found. */
export function Marked({ text, search }: { text: string; search: string }) {
  let at = 0
  return piecesOf(text, search).map(({ part, isHit }) => {
    const key = at
    at += part.length
    return isHit ? <mark key={key}>{part}</mark> : <span key={key}>{part}</span>
  })
}
