import { chmodSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Environment } from '../platform/config/config.ts'
import { Failure, usage } from './exit.ts'

export interface Profile {
  readonly url: string
  readonly token: string
  /** ISO 8601; null: as the server decides. */
  readonly expires: string | null
}

type Profiles = Record<string, Profile>

export function profilesFile(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const home = env.HOME || homedir()
  const folder =
    env.XDG_CONFIG_HOME ||
    (platform === 'win32'
      ? env.APPDATA || join(home, 'AppData', 'Roaming')
      : platform === 'darwin'
        ? join(home, 'Library', 'Application Support')
        : join(home, '.config'))
  return join(folder, 'roster', 'profiles.json')
}

export function profileName(env: Environment, given: string | undefined): string {
  const name = given ?? (env.ROSTER_PROFILE || 'default')
  if (!/^[\w.-]{1,64}$/.test(name) || name === '__proto__')
    throw usage('--profile must be 1 to 64 letters, digits, dots, hyphens and underscores.')
  return name
}

export function readProfiles(env: Environment): Profiles {
  const file = profilesFile(env)
  try {
    const { mode } = lstatSync(file)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new Failure(`${file} has tokens, and other users of this machine may read it: chmod 600 '${file}'`)
    return Object.assign(Object.create(null), JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    if (error instanceof SyntaxError) throw new Failure(`${file} is no JSON: remove it, and log in again`)
    throw error
  }
}

/** Renamed into place: nobody reads half. */
export function saveProfile(env: Environment, name: string, profile: Profile | null): void {
  const { [name]: _, ...others } = readProfiles(env)
  const file = profilesFile(env)
  const fresh = `${file}.${process.pid}`
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  try {
    writeFileSync(fresh, `${JSON.stringify(profile === null ? others : { ...others, [name]: profile }, null, 2)}\n`, {
      mode: 0o600,
    })
    chmodSync(fresh, 0o600)
    renameSync(fresh, file)
  } finally {
    rmSync(fresh, { force: true })
  }
}
