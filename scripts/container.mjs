// The steps of the Dockerfile in a clean folder, for machines without a container engine: builds from what git has, starts the
// result with nothing of the environment, and prints sizes and times.
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const PORT = process.env.PORT ?? '4080'
const root = fileURLToPath(new URL('..', import.meta.url))
const place = mkdtempSync(join(tmpdir(), 'roster-container-'))
const build = join(place, 'build')
const image = join(place, 'image')

try {
  mkdirSync(build)
  execFileSync('sh', ['-c', `git -C '${root}' archive HEAD | tar -x -C '${build}'`])
  execFileSync('npm', ['run', '--silent', 'build', '--', '--install'], { cwd: build, stdio: 'inherit' })
  cpSync(join(build, 'dist/app'), join(image, 'app'), { recursive: true, verbatimSymlinks: true })
  mkdirSync(join(image, 'data'))
  const node = join(build, 'node_modules/.bin/node')
  console.log(
    `size of /app: ${megabytes(join(image, 'app'))} MB, of it node_modules: ${megabytes(join(image, 'app/node_modules'))} MB`,
  )
  for (const start of ['first start', 'second start']) console.log(`${start}: ready after ${await startedAfter(node)}`)
} finally {
  rmSync(place, { recursive: true, force: true })
}

/** Embedded store, as `docker run` without settings has it. */
async function startedAfter(node) {
  const env = { NODE_ENV: 'production', PORT, DATA_DIR: join(image, 'data'), LOG_LEVEL: 'warn' }
  const began = performance.now()
  const child = spawn(node, ['--max-old-space-size=1024', '--max-semi-space-size=8', 'src/main.js'], {
    cwd: join(image, 'app'),
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const isReady = () =>
    fetch(`http://127.0.0.1:${PORT}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error('Roster did not start')
    await pause(20)
  }
  const after = `${Math.round(performance.now() - began)} ms, of it ${processorTime(child.pid)} ms of processor time`
  child.kill('SIGTERM')
  await new Promise(resolve => child.once('exit', resolve))
  return after
}

/** User and system time of Linux, in clock ticks of 10 ms. */
function processorTime(pid) {
  const [, , , , , , , , , , , user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return 10 * (Number(user) + Number(system))
}

function megabytes(folder) {
  return Math.round(bytes(folder) / 1e6)
}

function bytes(path) {
  const stat = lstatSync(path)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce((sum, name) => sum + bytes(join(path, name)), 0)
}
