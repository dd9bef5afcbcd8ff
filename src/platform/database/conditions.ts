/** Conditions of a statement with their values; each `?` becomes the next parameter. */
export class Conditions {
  readonly where: string[] = []
  readonly values: unknown[] = []
  add(condition: string, ...values: unknown[]): void {
    let next = 0
    this.where.push(condition.replace(/\?/g, () => `$${this.values.push(values[next++])}`))
  }
}
