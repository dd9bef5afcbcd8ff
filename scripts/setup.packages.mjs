import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dropStamp, hash, readStamp, say, writeStamp } from './setup.stamps.mjs'

const NODE = 24
/** Native packages depend on the platform. */
const MACHINE = ` ${process.platform} ${process.arch} `

/** Why npm ci is needed, or null. */
export function needsInstall() {
  if (!existsSync('node_modules')) return 'first start'
  const stamp = readStamp('installed')
  if (stamp === installStamp(true) || (omitsDev() && stamp === installStamp(false))) return null
  const moved = stamp !== null && !stamp.includes(MACHINE)
  if (!moved && asLocked()) {
    writeStamp('installed', installStamp(!omitsDev()))
    return null
  }
  if (stamp === null) return 'the last installation is missing or incomplete'
  return moved ? 'what is installed is for another machine' : 'package-lock.json has changed'
}

export function install(reason) {
  say(`installing packages (${reason})`)
  dropStamp('installed')
  const cli = process.env.npm_execpath
  const [command, first] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []]
  const { status, error } = spawnSync(command, [...first, 'ci', '--include=dev'], {
    stdio: 'inherit',
    shell: command === 'npm' && process.platform === 'win32',
  })
  if (error) throw new Error(`npm cannot be run: ${error.message}`)
  if (status !== 0) throw new Error(`npm ci failed (exit ${status}); its output above says why`)
  dropForeignRuntime()
  writeStamp('installed', installStamp(true))
}

function installStamp(withDev) {
  return `${hash(['package-lock.json'])}${MACHINE}${withDev ? 'all' : 'without dev'}`
}

function omitsDev() {
  return process.env.NODE_ENV === 'production' || /\bdev\b/.test(process.env.npm_config_omit ?? '')
}

/** Whether node_modules matches package-lock.json. */
function asLocked() {
  if (!existsSync('node_modules/.package-lock.json')) return false
  const installed = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')).packages
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const there = installed[path]
    if (!there) return entry.optional || entry.devOptional || (entry.dev && omitsDev())
    return there.version === entry.version && there.integrity === entry.integrity
  })
}

export function major() {
  return Number(process.versions.node.split('.')[0])
}

/** Node from an optional package on Linux, else the system's. */
export function runtime() {
  const brought = 'node_modules/.bin/node'
  return existsSync(brought) ? brought : process.execPath
}

/** A runtime that cannot run here (musl) would hide the system's. */
function dropForeignRuntime() {
  if (runtime() === process.execPath || spawnSync(runtime(), ['--version']).status === 0) return
  rmSync('node_modules/.bin/node', { force: true })
}

/** Throws when no suitable Node exists. */
export function checkRuntime() {
  if (runtime() !== process.execPath || major() >= NODE) return
  const brings = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
  const here = `${process.platform}-${process.arch}`
  throw new Error(
    brings
      ? `Roster runs on Node ${NODE}; the optional package node-${here}, which brings it, is not installed or does not run here. ` +
          `Install Node ${NODE} yourself, or run npm ci without --omit=optional`
      : `Roster runs on Node ${NODE}; this is ${process.version}, and no package brings Node for ${here}. Install Node ${NODE} or newer (https://nodejs.org)`,
  )
}
