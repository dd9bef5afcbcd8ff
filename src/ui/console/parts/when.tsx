const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' })

/** `3 days ago`, with the exact time and its zone on hover. */
export function When({ at, otherwise }: { at: string | null | undefined; otherwise: string }) {
  if (at == null) return <span className="soft">{otherwise}</span>
  const time = new Date(at)
  return (
    <time dateTime={at} title={exact.format(time)}>
      {fromNow(time, new Date())}
    </time>
  )
}

export function fromNow(time: Date, now: Date): string {
  const seconds = (time.getTime() - now.getTime()) / 1000
  const unit = UNITS.find(([, size]) => Math.abs(seconds) >= size)
  return unit ? relative.format(Math.trunc(seconds / unit[1]), unit[0]) : relative.format(0, 'minute')
}
