import { nodeVersionError } from '../platform/node-version.ts'
import { EXIT } from './exit.ts'

const tooOld = nodeVersionError(process.versions.node)
if (tooOld === null) {
  const { runProgram } = await import('./program.ts')
  process.exitCode = await runProgram(process.argv.slice(2))
} else {
  process.stderr.write(`${tooOld}\n`)
  process.exitCode = EXIT.failed
}
