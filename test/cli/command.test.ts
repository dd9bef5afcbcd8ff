import { expect, test } from 'vitest'
import { examples, json } from '../../src/cli/command.ts'

test('JSON is indented and ends with a line break', () => {
  expect(json({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}\n')
})

test('examples are lines of their own', () => {
  expect(examples('roster config', 'roster serve')).toBe('\nExamples:\n  roster config\n  roster serve\n')
})
