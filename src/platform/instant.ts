const INSTANT = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(?:([Zz])|([+-])(\d\d):?(\d\d))?)?$/

/** UTC by default. null when invalid, or outside 0 to 9999. */
export function parseInstant(text: string): Date | null {
  const parts = text.length > 40 ? null : INSTANT.exec(text)
  if (!parts) return null
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(part => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const [fraction, sign, hours, minutes] = [parts[7], parts[9], Number(parts[10] ?? 0), Number(parts[11] ?? 0)]
  const time = new Date(0)
  time.setUTCFullYear(year, month - 1, day)
  const isDay = time.getUTCFullYear() === year && time.getUTCMonth() === month - 1 && time.getUTCDate() === day
  if (!isDay || hour > 23 || minute > 59 || second > 59 || hours > 23 || minutes > 59) return null
  time.setUTCHours(hour, minute, second, fraction === undefined ? 0 : Math.trunc(Number(fraction) * 1000))
  if (sign !== undefined) time.setTime(time.getTime() - (sign === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000)
  const settled = time.getUTCFullYear()
  return settled >= 0 && settled <= 9999 ? time : null
}

export const hasTime = (text: string): boolean => text.length > 10
