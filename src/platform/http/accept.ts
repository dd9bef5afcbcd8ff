interface Range {
  readonly type: string
  readonly parameters: readonly string[]
  readonly quality: number
  readonly order: number
}

/** RFC 9110 12.5.1. Of equal weights the more specific, then the first. */
export function preferredType<Type extends string>(accept: string | undefined, offered: readonly Type[]): Type | null {
  if (!accept) return offered[0] ?? null
  const ranges = accept.split(',').map(rangeOf)
  let best: { type: Type; rank: readonly number[] } | null = null
  for (const type of offered) {
    const matching = ranges.map(range => ({ ...range, specificity: specificityOf(range, type) })).filter(at => at.specificity > 0)
    const [match] = matching.toSorted((a, b) => b.specificity - a.specificity || b.quality - a.quality || a.order - b.order)
    if (match === undefined || match.quality === 0) continue
    const rank = [match.quality, match.specificity, -match.order]
    if (best === null || isHigher(rank, best.rank)) best = { type, rank }
  }
  return best?.type ?? null
}

function rangeOf(text: string, order: number): Range {
  const [type = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase())
  const weight = parameters.findIndex(parameter => /^q\s*=/.test(parameter))
  const quality = weight === -1 ? 1 : Number(parameters[weight]!.split('=')[1])
  return {
    type,
    parameters: weight === -1 ? parameters : parameters.slice(0, weight),
    quality: quality >= 0 && quality <= 1 ? quality : 0,
    order,
  }
}

function specificityOf({ type: range, parameters }: Range, offered: string): number {
  const [type = '', ...own] = offered.split(';').map(part => part.trim())
  if (!parameters.every(parameter => own.includes(parameter.replaceAll('"', '')))) return 0
  const extra = parameters.length > 0 ? 1 : 0
  if (range === type) return 6 + extra
  if (range === `${type.slice(0, type.indexOf('/'))}/*`) return 4 + extra
  return range === '*/*' ? 2 + extra : 0
}

function isHigher(rank: readonly number[], other: readonly number[]): boolean {
  const at = rank.findIndex((value, index) => value !== other[index])
  return at !== -1 && rank[at]! > other[at]!
}
