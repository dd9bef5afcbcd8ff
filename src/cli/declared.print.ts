import type { FieldChange, IamPlan } from './declared.difference.ts'
import { printable } from './table.ts'

const HEADS = { create: '+', update: '~', delete: '-' } as const

/** For people. */
export function printPlan(plans: readonly IamPlan[]): string {
  const counts = (['create', 'update', 'delete'] as const).map(action => plans.filter(plan => plan.action === action).length)
  const text = plans.map(paragraph).join('')
  if (counts.every(count => count === 0)) return `${text}No changes.\n`
  return `${text}${counts[0]} to create, ${counts[1]} to change, ${counts[2]} to remove.\n`
}

function paragraph({ iamid, action, changes, kept }: IamPlan): string {
  const whole = kept[0]?.field === ''
  if (whole) return `  ${printable(iamid)} is not in the file, and stays\n`
  if (action === 'none' && kept.length === 0) return ''
  const head = action === 'none' ? `  ${printable(iamid)}\n` : `${HEADS[action]} ${printable(iamid)}  ${action}\n`
  const rest = kept.map(({ field, value }) => `    ${printable(field)}${shown(value, ' ')} is not in the file, and stays\n`)
  return head + changes.map(line).join('') + rest.join('')
}

function line({ field, action, before, after }: FieldChange): string {
  const name = printable(field)
  if (action === 'add') return `  + ${name}${shown(after)}\n`
  if (action === 'change') return `  ~ ${name}${shown(before)} → ${printable(JSON.stringify(after))}\n`
  if (action === 'remove') return `  - ${name}${shown(before)}\n`
  return `  ~ ${name}: a secret is sent\n`
}

const shown = (value: unknown, between = ': '): string =>
  value === undefined ? '' : `${between}${printable(JSON.stringify(value))}`

/** For programs. */
export const reported = (plans: readonly IamPlan[]) =>
  plans
    .filter(({ action, kept }) => action !== 'none' || kept.length > 0)
    .map(({ iamid, action, changes, kept }) => ({
      iamid,
      action,
      changes,
      notInFile: kept.map(({ field, value }) => ({ field: field === '' ? null : field, value })),
    }))
