import { expect, it } from 'vitest'
import { createLog } from '../../../src/platform/http/log.ts'
import { observedOf, observing } from '../../../src/platform/observed-request.ts'

function logged(write: (log: ReturnType<typeof createLog>) => void, level = 'info'): string[] {
  const lines: string[] = []
  write(createLog({ level, out: { write: line => void lines.push(line) } }))
  return lines
}

it('writes one JSON object per line, with the level as a word and the time in ISO 8601', () => {
  const [line] = logged(log => log.warn({ a: 1 }, 'hello'))
  expect(line).toMatch(/^\{.*\}\n$/)
  expect(JSON.parse(line ?? '')).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/),
    a: 1,
    msg: 'hello',
  })
})

it('keeps to its level', () => {
  expect(logged(log => log.info('no'), 'error')).toEqual([])
  expect(logged(log => log.error('yes'), 'error')).toHaveLength(1)
})

it.each([
  'authorization',
  'Authorization',
  'cookie',
  'set-cookie',
  'password',
  'originalPassword',
  'newPassword',
  'apikey',
  'apiKey',
  'token',
  'secret',
  'accessToken',
  'X-API-Key',
  'ADMIN_PASSWORD',
])('never writes the field %s, however deep', field => {
  const value = 'hunter2'
  const lines = logged(log => {
    log.info({ [field]: value, kept: 'k' })
    log.info({ body: { [field]: value }, kept: 'k' })
    log.info({ request: { headers: { [field]: value } }, kept: 'k' })
    log.info({ body: { [field]: [value] }, kept: 'k' })
  })
  expect(lines).toHaveLength(4)
  expect(lines.join('')).not.toContain(value)
  for (const line of lines) expect(JSON.parse(line).kept).toBe('k')
})

it.each(['rk_', 'rt_', 'ri_', 'rs_'])('never writes a secret that begins with %s, wherever it stands', prefix => {
  const secret = `${prefix}Ab9-_xYz`
  const error = new Error(`cannot use ${secret}`)
  const lines = logged(log => {
    log.info(`with ${secret} in the message`)
    log.info({ url: `/login?x=${secret}&y=1`, deep: { deeper: { deepest: { list: [secret] } } } })
    log.error({ err: error })
    log.child({ bound: secret }).info('child')
  })
  expect(lines).toHaveLength(4)
  expect(lines.join('')).not.toContain('Ab9')
  expect(lines[0]).toContain(`with ${prefix}[redacted] in the message`)
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
})

it('writes a message or a route that only names secrets', () => {
  const [line] = logged(log => log.info({ route: '/bim/token' }, 'the password is wrong'))
  expect(JSON.parse(line ?? '')).toMatchObject({ route: '/bim/token', msg: 'the password is wrong' })
})

it('leaves words that only look a little like a secret', () => {
  const [line] = logged(log => log.info('work_item, art_gallery and rx_y'))
  expect(line).toContain('work_item, art_gallery and rx_y')
})

it('adds the ids of the request to each line, also deep inside of it', async () => {
  const lines: Record<string, unknown>[] = []
  const log = createLog({ level: 'info', out: { write: line => void lines.push(JSON.parse(line)) } })
  const one = observedOf('r1', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`)
  await observing(one, async () => {
    await new Promise(resolve => setTimeout(resolve, 1))
    log.warn('deep inside')
  })
  observing({ ...one, traceId: null }, () => log.info({ requestId: 'own' }, 'named'))
  log.info('outside')
  expect(lines.map(({ requestId, traceId }) => [requestId, traceId])).toEqual([
    ['r1', 'a'.repeat(32)],
    ['own', undefined],
    [undefined, undefined],
  ])
})
