/** JSON lines of the log for people: time, level, message, fields. */

const OWN = new Set(['level', 'time', 'msg', 'err'])
/** First, and without their names. */
const REQUEST = ['operation', 'status', 'ms', 'address', 'actor']
/** The operation has them. */
const REPEATED = new Set(['method', 'route'])

type Fields = Readonly<Record<string, unknown>>

export function asText(line: string): string {
  const fields = JSON.parse(line) as Fields
  const { time, level, msg, err } = fields
  const isRequest = msg === 'request' && 'operation' in fields
  const named = Object.entries(fields).filter(
    ([name]) => !OWN.has(name) && !(isRequest && (REQUEST.includes(name) || REPEATED.has(name))),
  )
  const parts = [
    String(time).slice(11, 23),
    String(level).toUpperCase().padEnd(5),
    ...(isRequest ? requestParts(fields) : [shown(msg ?? '')]),
    ...named.map(([name, value]) => `${plain(name)}=${shown(value)}`),
  ]
  return `${parts.join(' ')}\n${stackOf(err)}`
}

const requestParts = ({ operation, status, ms, address, actor }: Fields): string[] => [
  plain(String(operation)),
  String(status),
  `${ms} ms`,
  plain(String(address)),
  plain(String(actor ?? '-')),
]

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return plain(text)
}

/** Control characters would let a caller write lines, or colours. */
function plain(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]/gu, character => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`)
}

function stackOf(err: unknown): string {
  if (typeof err !== 'object' || err === null) return ''
  const { stack, message } = err as { stack?: unknown; message?: unknown }
  const lines = String(stack ?? message ?? '').split('\n')
  return lines.map(line => `    ${plain(line)}\n`).join('')
}
