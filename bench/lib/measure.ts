/** CPU and memory as the kernel counts them (Linux); NaN elsewhere. */
import { readdirSync, readFileSync } from 'node:fs'

/** /proc counts in hundredths of a second. */
const TICK_MS = 10

/** The fields after the name, which may hold blanks: the first is the state. */
function statOf(pid: number | 'self'): number[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
  } catch {
    return null
  }
}
const [PARENT, OWN, ENDED_CHILDREN] = [1, 11, 13]
const ticks = (stat: number[] | null, field: number): number => (stat ? (stat[field]! + stat[field + 1]!) * TICK_MS : Number.NaN)

export const parentOf = (pid: number): number => statOf(pid)?.[PARENT] ?? Number.NaN

/** Milliseconds of CPU that a process took. */
export const cpuOf = (pid: number): number => ticks(statOf(pid), OWN)

/** Milliseconds of the children of this process that ended. */
export const cpuOfEndedChildren = (): number => ticks(statOf('self'), ENDED_CHILDREN)

/** Milliseconds of a PostgreSQL server: its backends, those that ended, and itself. */
export function cpuOfPostgres(postmaster: number): number {
  const own = statOf(postmaster)
  if (!own) return Number.NaN
  const backends = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => statOf(Number(name)))
    .filter(stat => stat?.[PARENT] === postmaster)
  return backends.reduce((sum, stat) => sum + ticks(stat, OWN), ticks(own, OWN) + ticks(own, ENDED_CHILDREN))
}

function memoryOf(pid: number, line: 'VmRSS' | 'VmHWM'): number {
  try {
    return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return Number.NaN
  }
}
/** Megabytes. */
export const resident = (pid: number): number => memoryOf(pid, 'VmRSS')
export const peakResident = (pid: number): number => memoryOf(pid, 'VmHWM')

export const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN
export const median = (values: readonly number[]): number => quantile(values, 0.5)
export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
