import { expect, test } from 'vitest'
import { summaryOf } from '../../../src/platform/database/statement-sent.ts'

test.each([
  ['SELECT u.userid FROM users u JOIN profiles p ON true', 'SELECT users'],
  ['WITH found AS (SELECT id FROM "public"."tokens") DELETE FROM tokens USING found', 'SELECT tokens'],
  [`INSERT INTO audit_events (name) VALUES ('zoe')`, 'INSERT audit_events'],
  ['UPDATE ONLY users SET name = $1', 'UPDATE users'],
  ['BEGIN', 'BEGIN'],
  [`VALUES ('zoe@example.com')`, 'STATEMENT'],
  [`${' '.repeat(3_000)}SELECT 1`, 'STATEMENT'],
])('%s is %s', (text, summary) => expect(summaryOf(text)).toBe(summary))
