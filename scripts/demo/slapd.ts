// Starts and stops OpenLDAP, for the demo and the tests.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'

export const schemas = '/etc/ldap/schema'

/** The folder of slapd and slapadd; null when not installed. */
export function findSlapd(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  if (!existsSync(schemas)) return null
  return folders.find(folder => isExecutable(join(folder, 'slapd')) && isExecutable(join(folder, 'slapadd'))) ?? null
}

export interface Program {
  /** Restarts with the same data and addresses. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** `ldif`: the initial content, with operational attributes. */
export async function runSlapd(
  program: string,
  {
    folder,
    configuration,
    ldif,
    urls,
    port,
  }: { folder: string; configuration: string; ldif: string; urls: string; port: number },
): Promise<Program> {
  const [conf, data] = [join(folder, 'slapd.conf'), join(folder, 'start.ldif')]
  mkdirSync(join(folder, 'db'))
  writeFileSync(conf, configuration)
  writeFileSync(data, ldif)
  execFileSync(join(program, 'slapadd'), ['-f', conf, '-l', data], { stdio: ['ignore', 'ignore', 'inherit'] })
  let running: ChildProcess | null = null
  const stop = async () => {
    if (running === null || running.exitCode !== null || running.signalCode !== null) return
    const ended = once(running, 'exit')
    running.kill('SIGTERM')
    await ended
  }
  const start = async () => {
    running = spawn(join(program, 'slapd'), ['-f', conf, '-h', urls, '-d', '0'], { stdio: 'ignore' })
    await answers(port, running)
  }
  await start()
  return { start, stop }
}

async function answers(port: number, program: ChildProcess): Promise<void> {
  while (program.exitCode === null && program.signalCode === null) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      await new Promise(resolve => setTimeout(resolve, 20))
    } finally {
      socket.destroy()
    }
  }
  throw new Error(`slapd ended with ${program.exitCode ?? program.signalCode}`)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
