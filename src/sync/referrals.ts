/** References to other servers (RFC 4511, 4.5.3), not followed. Pure. */
import { desired } from './entry.ts'

const most = 5
const longest = 150

export class References {
  #count = 0
  #named = new Set<string>()

  clear(): void {
    this.#count = 0
    this.#named.clear()
  }

  add(references: readonly string[]): void {
    this.#count += references.length
    for (const reference of references) {
      if (this.#named.size >= most) return
      this.#named.add(reference.slice(0, longest))
    }
  }

  notes(): string[] {
    if (this.#count === 0) return []
    const more = this.#count > this.#named.size ? ' and others' : ''
    return [
      desired(
        `References to other servers were not followed (${[...this.#named].join(', ')}${more}): what these hold is not part of the sync`,
      ),
    ]
  }
}
