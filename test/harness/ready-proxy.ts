import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Milliseconds between two looks at /health/ready, and without an answer until a target counts as gone. */
const EVERY = 100
const PATIENCE = 10_000

export interface ReadyProxy {
  url: string
  isReady(target: string): boolean
  close(): Promise<void>
}

/** A load balancer without retries: passes requests in turn to the targets that are ready, or to the last that was, over kept connections. */
export async function readyProxy(targets: readonly string[]): Promise<ReadyProxy> {
  const agent = new Agent({ keepAlive: true })
  const ready = new Set<string>()
  const newest = new Map<string, number>()
  const look = async (target: string) => {
    const at = performance.now()
    const isReady = await get(`${target}/health/ready`).then(
      status => status === 200,
      () => false,
    )
    // A late answer does not undo a newer one.
    if (at < (newest.get(target) ?? 0)) return
    newest.set(target, at)
    if (isReady) ready.add(target)
    else if (ready.delete(target)) last = target
  }
  const timers = targets.map(target => setInterval(() => void look(target), EVERY))
  let turn = 0
  let last: string | undefined
  const server = createServer((incoming, outgoing) => {
    const among = targets.filter(target => ready.has(target))
    const target = among.length > 0 ? among[turn++ % among.length] : last
    const refuse = (status: number, reason: string) => {
      if (outgoing.headersSent) outgoing.destroy()
      else outgoing.writeHead(status, { 'content-type': 'text/plain' }).end(reason)
    }
    if (target === undefined) return refuse(503, 'no instance is ready')
    const { method, url, headers } = incoming
    const passed = request(`${target}${url}`, { method, headers, agent }, answer => {
      const { connection: _, 'keep-alive': __, ...rest } = answer.headers
      outgoing.writeHead(answer.statusCode!, rest)
      answer.pipe(outgoing)
      answer.once('error', () => outgoing.destroy())
    })
    passed.once('error', error => refuse(502, error.message))
    incoming.pipe(passed)
  })
  // Kept by clients as long as they like, so that no answer is lost between them and the proxy.
  server.keepAliveTimeout = 0
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    isReady: target => ready.has(target),
    async close() {
      for (const timer of timers) clearInterval(timer)
      agent.destroy()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function get(url: string): Promise<number> {
  const sent = request(url, { timeout: PATIENCE, agent: false })
  sent.once('timeout', () => sent.destroy(new Error('late')))
  sent.end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  answer.resume()
  return answer.statusCode!
}
