import type { Candidates } from './narrowing.ts'

/** Conditions of a statement with their values; each `?` becomes the next parameter. */
export class Conditions {
  readonly where: string[] = []
  readonly values: unknown[] = []
  readonly narrowing: Candidates[] = []
  add(condition: string, ...values: unknown[]): void {
    this.where.push(this.#numbered(condition, values))
  }
  narrow({ ids, condition }: Candidates, ...values: unknown[]): void {
    this.narrowing.push({
      ids: this.#numbered(ids, values),
      ...(condition !== undefined && { condition: this.#numbered(condition, values) }),
    })
  }
  #numbered(text: string, values: readonly unknown[]): string {
    let next = 0
    return text.replace(/\?/g, () => `$${this.values.push(values[next++])}`)
  }
}
