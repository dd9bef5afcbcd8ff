// Splits a stream into validated messages (RFC 4511, 4.1.1): the library trusts lengths, and a wrong one would
// hang it. Pure.

const longestMessage = 16 * 1024 * 1024
const longestHeader = 6

const tags = { integer: 0x02, octets: 0x04, enumerated: 0x0a, sequence: 0x30, set: 0x31, controls: 0xa0 } as const
const searchEntry = 0x64
const searchDone = 0x65
const searchReference = 0x73
const pagedResults = '1.2.840.113556.1.4.319'

interface Element {
  readonly tag: number
  readonly start: number
  readonly end: number
}

export function createMessageReader(deliver: (message: Buffer) => void, refuse: () => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = []
  let held = 0
  let needed = 0
  let refused = false
  return chunk => {
    if (refused) return
    chunks.push(chunk)
    held += chunk.length
    if (held < needed) return
    let bytes = Buffer.concat(chunks)
    for (;;) {
      const message = elementAt(bytes, 0)
      const size = message?.end ?? 0
      const broken = message === null ? bytes.length >= longestHeader : message.tag !== tags.sequence || size > longestMessage
      if (broken || (message && size <= bytes.length && !isWellFormed(bytes.subarray(0, size), message))) {
        refused = true
        return refuse()
      }
      if (!message || size > bytes.length) {
        needed = size
        break
      }
      deliver(bytes.subarray(0, size))
      bytes = bytes.subarray(size)
    }
    chunks = bytes.length > 0 ? [bytes] : []
    held = bytes.length
  }
}

/** For search results (RFC 2696: the cookie); null for other messages. */
export function hasNextPage(message: Buffer): boolean | null {
  const [, operation, controls] = childrenOf(message, elementAt(message, 0)!) ?? []
  if (operation?.tag !== searchDone) return null
  const all = (controls && childrenOf(message, controls)) || []
  return all.some(control => {
    const [oid, ...parts] = childrenOf(message, control) ?? []
    const value = parts.at(-1)
    if (!oid || !value || message.toString('latin1', oid.start, oid.end) !== pagedResults) return false
    const page = elementAt(message, value.start)
    const cookie = page && childrenOf(message, page)?.[1]
    return cookie != null && cookie.end > cookie.start
  })
}

function isWellFormed(bytes: Buffer, message: Element): boolean {
  const [id, operation, ...rest] = childrenOf(bytes, message) ?? []
  if (id?.tag !== tags.integer || id.end - id.start > 4 || !operation) return false
  return isOperation(bytes, operation) && rest.every(part => part.tag === tags.controls && areControls(bytes, part))
}

function isOperation(bytes: Buffer, operation: Element): boolean {
  const parts = childrenOf(bytes, operation)
  if (!parts) return false
  const [first, second, third] = parts
  if (operation.tag === searchReference) return parts.length > 0 && allAre(parts, tags.octets)
  if (operation.tag !== searchEntry)
    return first?.tag === tags.enumerated && second?.tag === tags.octets && third?.tag === tags.octets
  const attributes = second?.tag === tags.sequence ? childrenOf(bytes, second) : null
  return parts.length === 2 && first?.tag === tags.octets && attributes?.every(one => isAttribute(bytes, one)) === true
}

function isAttribute(bytes: Buffer, attribute: Element): boolean {
  const [name, values, ...more] = (attribute.tag === tags.sequence && childrenOf(bytes, attribute)) || []
  if (name?.tag !== tags.octets || values?.tag !== tags.set || more.length > 0) return false
  const texts = childrenOf(bytes, values)
  return texts !== null && allAre(texts, tags.octets)
}

const areControls = (bytes: Buffer, controls: Element): boolean =>
  childrenOf(bytes, controls)?.every(control => control.tag === tags.sequence && childrenOf(bytes, control) !== null) === true

const allAre = (elements: readonly Element[], tag: number): boolean => elements.every(element => element.tag === tag)

function childrenOf(bytes: Buffer, { start, end }: Element): Element[] | null {
  const children: Element[] = []
  for (let at = start; at < end; ) {
    const child = elementAt(bytes, at)
    if (!child || child.end > end) return null
    children.push(child)
    at = child.end
  }
  return children
}

function elementAt(bytes: Buffer, at: number): Element | null {
  if (at + 2 > bytes.length) return null
  const [tag, length] = [bytes[at]!, bytes[at + 1]!]
  const start = at + 2
  if (length < 0x80) return { tag, start, end: start + length }
  const size = length & 0x7f
  if (size === 0 || size > 4 || start + size > bytes.length) return null
  return { tag, start: start + size, end: start + size + bytes.readUIntBE(start, size) }
}
