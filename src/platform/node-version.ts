const OLDEST = 24

export function nodeVersionError(version: string): string | null {
  const major = Number(version.split('.')[0])
  if (major >= OLDEST) return null
  return (
    `Roster runs on Node ${OLDEST} or newer; this is ${version}. ` +
    `On Linux (x64, arm64) npm start and npm test bring their own, elsewhere install Node ${OLDEST}`
  )
}
