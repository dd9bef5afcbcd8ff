import { expect, it } from 'vitest'
import { createLog } from '../../../src/platform/http/log.ts'

const written = (write: (log: ReturnType<typeof createLog>) => void) => {
  const lines: string[] = []
  write(createLog({ level: 'debug', format: 'text', out: { write: line => void lines.push(line) } }))
  return lines
}

it('is a line for people: time, level, message, fields', () => {
  const [line] = written(log => log.warn({ iamid: 'corp', count: 2 }, 'a sync failed'))
  expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}a sync failed iamid=corp count=2\n$/)
})

it('shows a request by operation, status, time, address and actor', () => {
  const request = { method: 'GET', route: '/bim/user', operation: 'GET /bim/user', status: 200, ms: 1.5, requestId: 'r1' }
  const [known, unknown] = written(log => {
    log.info({ ...request, address: '192.0.2.1', actor: 'bim/ana' }, 'request')
    log.info({ ...request, address: '192.0.2.1' }, 'request')
  })
  expect(known).toContain('INFO  GET /bim/user 200 1.5 ms 192.0.2.1 bim/ana requestId=r1\n')
  expect(unknown).toContain('192.0.2.1 - requestId=r1\n')
})

it('has the stack of an error, a frame a line', () => {
  const [line] = written(log => log.error({ err: new Error('it broke') }, 'a fault'))
  expect(line).toMatch(/ERROR a fault\n {4}Error: it broke\n {8}at /)
})

it('writes no secret, no line and no colour of a caller', () => {
  const [line] = written(log => log.info({ password: 'hunter2', name: 'a\nb\u001b[31mred', key: 'rk_Ab9xyz' }, 'named'))
  expect(line).not.toMatch(/hunter2|Ab9|\p{Cc}(?!$)/u)
  expect(line).toContain('name=a\\u000ab\\u001b[31mred')
  expect(line!.split('\n')).toHaveLength(2)
})
