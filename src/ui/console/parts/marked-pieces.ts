import { foldAccents } from '../../../platform/accent-folding.ts'

const fold = (text: string): string => foldAccents(text.normalize('NFKC').toLowerCase())

export function piecesOf(text: string, search: string): { part: string; isHit: boolean }[] {
  const letters = [...text.normalize('NFC')]
  const folded = letters.map(fold)
  const origin = folded.flatMap((part, index) => part.split('').map(() => index))
  const plain = folded.join('')
  const hits = new Set<number>()
  const searched = fold(search)
  for (const one of searched.split(/\s+/u).filter(Boolean))
    for (let at = plain.indexOf(one); at !== -1; at = plain.indexOf(one, at + 1))
      for (const index of origin.slice(at, at + one.length)) hits.add(index)
  const pieces: { part: string; isHit: boolean }[] = []
  for (const [index, letter] of letters.entries()) {
    const isHit = hits.has(index)
    const last = pieces.at(-1)
    if (last?.isHit === isHit) last.part += letter
    else pieces.push({ part: letter, isHit })
  }
  return pieces
}
