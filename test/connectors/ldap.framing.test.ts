import { MessageParser } from 'ldapts'
import { expect, test } from 'vitest'
import { createMessageReader } from '../../src/connectors/ldap.framing.ts'
import { bindResult, element, entry, extendedResult, searchResult } from './fake-peers.ts'

function receive(chunks: readonly Buffer[]): { messages: Buffer[]; refusals: number } {
  const got = { messages: [] as Buffer[], refusals: 0 }
  const take = createMessageReader(
    message => got.messages.push(message),
    () => got.refusals++,
  )
  for (const chunk of chunks) take(chunk)
  return got
}

const octets = (text: string) => element(0x04, text)
const paged = element(
  0xa0,
  element(0x30, octets('1.2.840.113556.1.4.319'), element(0x04, element(0x30, element(0x02, 0), octets('')))),
)
const sound = [
  bindResult(1, 0),
  bindResult(127, 49),
  entry(2, 'uid=zoë,dc=roster', { uid: 'zoë', cn: '' }),
  entry(2, 'uid=long,dc=roster', { description: 'x'.repeat(5000) }),
  element(0x30, element(0x02, 2), element(0x73, octets('ldap://elsewhere/dc=a'), octets('ldap://b'))),
  searchResult(2, 0),
  element(0x30, element(0x02, 2), element(0x65, element(0x0a, 0), octets(''), octets('')), paged),
  element(0x30, element(0x02, 3), element(0x65, element(0x0a, 10), octets(''), octets(''), element(0xa3, octets('ldap://b')))),
  extendedResult(3, 0),
  // Active Directory spells every length with four bytes.
  Buffer.from([0x30, 0x84, 0, 0, 0, 16, 2, 1, 1, 0x61, 0x84, 0, 0, 0, 7, 0x0a, 1, 0, 4, 0, 4, 0]),
]

test.each([1, 2, 3, 7, 100, 5000, 100_000])('messages come out as they went in, in chunks of %i bytes', size => {
  const stream = Buffer.concat([...sound, ...sound])
  const chunks = Array.from({ length: Math.ceil(stream.length / size) }, (_, at) => stream.subarray(at * size, (at + 1) * size))
  const { messages, refusals } = receive(chunks)
  expect(refusals).toBe(0)
  expect(messages.map(String)).toEqual([...sound, ...sound].map(String))
})

test('after a refusal no message is accepted, and there is one refusal', () => {
  const { messages, refusals } = receive([sound[0]!, Buffer.from('GET / HTTP/1.1'), sound[0]!, Buffer.from('GET')])
  expect(messages).toHaveLength(1)
  expect(refusals).toBe(1)
})

test.each<[string, Buffer]>([
  ['an operation that fills more than its message', Buffer.from([0x30, 5, 2, 1, 1, 0x61, 9])],
  ['two operations', element(0x30, element(0x02, 1), element(0x61), element(0x61))],
  ['an indefinite length', Buffer.from([0x30, 0x80, 2, 1, 1, 0, 0])],
  ['an entry whose attributes are text', element(0x30, element(0x02, 2), element(0x64, octets('dc=a'), octets('0\x7f')))],
  ['a reference to nowhere', element(0x30, element(0x02, 2), element(0x73))],
  ['nothing', element(0x30)],
])('%s is refused', (_, bytes) => {
  expect(receive([bytes])).toEqual({ messages: [], refusals: 1 })
})

test('whatever byte is wrong, what is let through does not keep the library busy', () => {
  let passed = 0
  for (const message of sound.filter(({ length }) => length < 200))
    for (let at = 0; at < message.length; at++)
      for (const value of [0x00, 0x04, 0x30, 0x31, 0x7f, 0x80, 0x84, 0xff, message[at]! + 1, message[at]! - 1]) {
        const altered = Buffer.from(message)
        altered[at] = value
        for (const whole of receive([altered, message]).messages) {
          const parser = new MessageParser()
          parser.on('error', () => {})
          parser.read(whole, new Map())
          passed++
        }
      }
  expect(passed).toBeGreaterThan(500)
})
