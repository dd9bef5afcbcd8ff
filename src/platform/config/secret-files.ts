import { readSecretFile } from '../secret-file.ts'
import type { Setting } from './parse.ts'
import { type SettingName, settings } from './settings.ts'

/** Bytes; the longest secret is a password of 1,024 characters. */
const LONGEST = 16 * 1024

type Environment = Readonly<Record<string, string | undefined>>

/** Settings that may also be given as NAME_FILE; PUBLIC_URL only hides what is no part of it. */
export const SECRETS = (Object.keys(settings) as SettingName[]).filter(name => {
  const { secret }: Setting<unknown> = settings[name]
  return secret === 'whole' || secret === 'url'
})

/** The environment with the content of each NAME_FILE as NAME, without the newline at its end. */
export function withSecretFiles(env: Environment, blame: (name: SettingName, fault: string) => void): Environment {
  const read: Record<string, string> = {}
  for (const name of SECRETS) {
    const path = env[`${name}_FILE`]
    if (!path) continue
    if (env[name]) blame(name, `${name} and ${name}_FILE must not both be set: leave one of them unset`)
    else {
      const content = contentOf(path)
      if (typeof content === 'string') read[name] = content
      else blame(name, `${name}_FILE ${content.fault}`)
    }
  }
  return { ...env, ...read }
}

function contentOf(path: string): string | { fault: string } {
  const found = readSecretFile(path, LONGEST)
  return 'secret' in found ? found.secret : { fault: FAULTS[found.fault] }
}

const FAULTS = {
  long: `must have at most ${LONGEST} bytes: set the file of the secret alone`,
  empty: 'must not be empty: write the secret to it',
  unreadable: 'must be a file that Roster can read: set its path, such as /run/secrets/name, and its permissions',
}
