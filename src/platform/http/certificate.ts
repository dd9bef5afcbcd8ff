import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Logger } from 'pino'

/** Paths of PEM files; the first may hold the chain too. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

export interface Certificate {
  readonly cert: Buffer
  readonly key: Buffer
  readonly until: Date
}

/** Throws for unreadable files, or when they do not belong together. */
export function readCertificate({ cert: certFile, key: keyFile }: CertificateFiles): Certificate {
  const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)]
  const first = new X509Certificate(cert)
  if (!first.checkPrivateKey(createPrivateKey(key))) throw new Error('The key is not that of the certificate')
  return { cert, key, until: new Date(first.validTo) }
}

interface Watch {
  readonly current: Certificate
  /** Milliseconds; by time, since watching misses replaced symbolic links. */
  readonly every: number
  readonly log: Logger
  readonly use: (certificate: Certificate) => void
}

/** Keeps the former certificate while the new files are faulty. */
export function watchCertificate(files: CertificateFiles, { current, every, log, use }: Watch): { stop(): void } {
  let stopped = false
  let known: string | undefined
  let used = current
  const look = async () => {
    const stamp = await stampOf(files)
    if (stopped || stamp === known) return
    try {
      const certificate = readCertificate(files)
      known = stamp
      if (certificate.cert.equals(used.cert) && certificate.key.equals(used.key)) return
      use(certificate)
      used = certificate
      log.info({ event: 'certificate', until: certificate.until }, 'the certificate was read again')
    } catch (error) {
      known = stamp
      // One of two files may be written before the other.
      log.error({ event: 'certificate', err: error }, 'the new certificate cannot be used: the former one stays')
    }
  }
  let looking = Promise.resolve()
  const timer = setInterval(() => (looking = looking.then(look)), every).unref()
  return {
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}

/** Of the files behind symbolic links. */
async function stampOf({ cert, key }: CertificateFiles): Promise<string> {
  const of = (stats: Stats) => `${stats.ino} ${stats.size} ${stats.mtimeMs}`
  const parts = [cert, key].map(file => stat(file).then(of, (error: NodeJS.ErrnoException) => String(error.code)))
  return (await Promise.all(parts)).join()
}
