import { expect } from 'vitest'
import type { IamType } from '../../../src/domain/iams/config/schema.ts'
import { checkConfig } from '../../../src/domain/iams/config/validate.ts'
import { Invalid } from '../../../src/platform/errors.ts'

/** `stored` are the paths of the secrets that are stored. */
export const check = (type: IamType, config: unknown, stored: string[] = []) =>
  checkConfig(type, 'north', {
    input: config,
    before: { config: {}, secrets: Object.fromEntries(stored.map(path => [path, 'a fingerprint'])) },
  })
/** What is refused, fault by fault; none when it is accepted. */
export function faultsOf(type: IamType, config: unknown, stored: string[] = []): string[] {
  try {
    check(type, config, stored)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(Invalid)
    const { message, field } = error as Invalid
    expect(message.startsWith(`${field} `)).toBe(true)
    return message.split('; ')
  }
}
