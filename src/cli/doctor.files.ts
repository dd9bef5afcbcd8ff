// What the files of this machine tell.
import { accessSync, constants, readdirSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../platform/config/config.ts'
import { expiryOf, firstExpiry } from '../platform/expiry.ts'
import type { Finding } from '../platform/finding.ts'

const MIB = 1024 * 1024
/** Bytes left. */
const SCARCE = 20 * MIB
const LITTLE = 200 * MIB
const MAX_FILES = 100_000
const DAY = 86_400_000
const OLD_DAYS = 7
const LAST_BACKUP = 'last-backup.json'

/** Of the embedded store, once it is made. */
export function checkFiles({ databaseUrl, dataDir, certificate, retention }: Config): Finding[] {
  const isMade = databaseUrl === null && dataDir !== 'memory://' && hasStore(dataDir)
  return [
    ...(isMade ? [checkDisk(dataDir), checkBackup(dataDir)] : []),
    ...checkCertificate(certificate),
    ...checkExports(retention.auditExportDir),
  ]
}

export const hasStore = (dataDir: string): boolean =>
  statSync(join(dataDir, 'postgres', 'PG_VERSION'), { throwIfNoEntry: false }) !== undefined

function checkDisk(dataDir: string): Finding {
  const about = 'disk space'
  const { bavail, bsize } = statfsSync(dataDir)
  const [left, size] = [bavail * bsize, sizeOf(join(dataDir, 'postgres'))]
  const detail = `${mib(left)} left, and the store has ${mib(size)}`
  if (left >= Math.max(LITTLE, size)) return { about, status: 'ok', detail }
  const fix = 'Free some space, enlarge the volume, or let old data go (AUDIT_DAYS, SYNC_RUN_DAYS, EXCHANGE_DAYS).'
  return { about, status: left < SCARCE ? 'fault' : 'warning', detail, fix }
}

const mib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`

function sizeOf(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).slice(0, MAX_FILES)
  return entries
    .filter(entry => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0), 0)
}

/** For the next doctor; a backup is no worse without it. */
export function rememberBackup(dataDir: string, at: Date): void {
  try {
    writeFileSync(join(dataDir, LAST_BACKUP), `${JSON.stringify({ at })}\n`, { mode: 0o600 })
  } catch {}
}

function checkBackup(dataDir: string): Finding {
  const about = 'backup'
  const fix = 'Make one with `roster backup FILE`. Copies that were made otherwise are not known here.'
  const at = lastBackup(dataDir)
  if (at === null) return { about, status: 'warning', detail: 'none is known', fix }
  const days = Math.floor((Date.now() - at.getTime()) / DAY)
  const detail = `the last one is of ${at.toISOString().slice(0, 10)}, ${days} day${days === 1 ? '' : 's'} ago`
  return days > OLD_DAYS ? { about, status: 'warning', detail, fix } : { about, status: 'ok', detail }
}

function lastBackup(dataDir: string): Date | null {
  try {
    const at = new Date(JSON.parse(readFileSync(join(dataDir, LAST_BACKUP), 'utf8')).at)
    return Number.isNaN(at.getTime()) ? null : at
  } catch {
    return null
  }
}

/** Without it old audit events stay, and the log alone has why. */
function checkExports(folder: string | null): Finding[] {
  if (folder === null) return []
  const about = 'audit export'
  try {
    if (!statSync(folder).isDirectory()) throw new Error('it is no folder')
    accessSync(folder, constants.W_OK | constants.X_OK)
    return [{ about, status: 'ok', detail: `${folder} may be written` }]
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const fix = 'Make the folder, and let the user that runs Roster write to it.'
    return [{ about, status: 'fault', detail: `AUDIT_EXPORT_DIR ${folder} cannot be used: ${code ?? message}`, fix }]
  }
}

function checkCertificate(certificate: Config['certificate']): Finding[] {
  const until = certificate && firstExpiry(readFileSync(certificate.cert, 'utf8'))
  const fix = 'Renew it; a running server reads the files again when they change.'
  return until ? [expiryOf('TLS_CERT', until, { now: new Date(), fix })] : []
}
