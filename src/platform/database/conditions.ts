/** Conditions of a statement with their values; each `?` becomes the next parameter. */
export class Conditions {
  readonly where: string[] = []
  readonly values: unknown[] = []
  /** Statements for candidates (narrowing.ts). */
  readonly narrowing: string[] = []
  add(condition: string, ...values: unknown[]): void {
    this.where.push(this.#numbered(condition, values))
  }
  narrow(statement: string, ...values: unknown[]): void {
    this.narrowing.push(this.#numbered(statement, values))
  }
  #numbered(text: string, values: readonly unknown[]): string {
    let next = 0
    return text.replace(/\?/g, () => `$${this.values.push(values[next++])}`)
  }
}
