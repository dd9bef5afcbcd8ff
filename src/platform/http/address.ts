import { once } from 'node:events'
import { createServer } from 'node:net'

interface Address {
  readonly port: number
  readonly host: string
  /** Before PORT and HOST in the names of the settings. */
  readonly setting?: string
}

/** Throws an Error with the wrong setting. */
export async function checkAddress(address: Address): Promise<void> {
  const probe = createServer()
  try {
    probe.listen(address)
    await once(probe, 'listening')
  } catch (error) {
    refusedAddress(error as NodeJS.ErrnoException, address)
  } finally {
    await new Promise(resolve => probe.close(resolve))
  }
}

export function refusedAddress(error: NodeJS.ErrnoException, { port, host, setting = '' }: Address): never {
  const because: Record<string, string> = {
    EADDRINUSE: `Port ${port} of ${host} is in use: stop the other process, or set ${setting}PORT`,
    EACCES: `Port ${port} needs privileges: set ${setting}PORT to one above 1023`,
    EADDRNOTAVAIL: `${setting}HOST ${host} is no address of this machine: set ${setting}HOST to one that it has, or to 0.0.0.0 for all of them`,
    ENOTFOUND: `${setting}HOST ${host} is a name without an address: set ${setting}HOST to an address of this machine`,
    EAFNOSUPPORT: `${setting}HOST ${host} is of a protocol that this machine does not have: set ${setting}HOST to an address of this machine`,
  }
  const message = because[error.code === 'EAI_AGAIN' ? 'ENOTFOUND' : (error.code ?? '')]
  throw message === undefined ? error : new Error(message, { cause: error })
}
