import { type DestinationStream, destination, type Logger, pino } from 'pino'

/** Fields that are never written, wherever they stand in the first three levels of a line. */
const SECRET_FIELDS = [
  'authorization',
  'Authorization',
  'cookie',
  '["set-cookie"]',
  'password',
  'originalPassword',
  'newPassword',
  'apikey',
  'apiKey',
  'token',
  'secret',
]
/** Our own secrets by their prefix (keys, tokens, invitations, SCIM keys), in whatever text they come. */
const SECRET_TEXT = /\b(r[ktis]_)[A-Za-z0-9_-]+/g

/**
 * The log of the process: JSON lines. Two nets for secrets, by the name of a field and by the look of a value, because an error's
 * message or stack may quote what no field names.
 * `level` is one of pino's; `out` is standard output unless given.
 */
export function createLog(options: { level: string; out?: DestinationStream }): Logger {
  // Written in the background: a slow reader of standard output does not hold up requests. pino flushes it at exit.
  const out = options.out ?? destination({ dest: 1, sync: false })
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap(inFirstLevels), censor: '[redacted]' },
    },
    { write: line => out.write(line.replace(SECRET_TEXT, '$1[redacted]')) },
  )
}

function inFirstLevels(field: string): string[] {
  const below = field.startsWith('[') ? field : `.${field}`
  return [field, `*${below}`, `*.*${below}`]
}

/** The one line of a request. The route's pattern, not its address: addresses hold names, queries hold anything. */
export function logRequest(log: Logger, method: string, route: string, status: number, started: number, requestId: string): void {
  const ms = Math.round((performance.now() - started) * 100) / 100
  log.info({ method, route, status, ms, requestId }, 'request')
}
