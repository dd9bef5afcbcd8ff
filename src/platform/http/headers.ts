import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import helmet from '@fastify/helmet'
import { fastify } from 'fastify'

/** @fastify/helmet's headers, computed once: as plugin it works per request. */
export async function securityHeaders({ hstsSubdomains }: { hstsSubdomains: boolean }): Promise<Record<string, string>> {
  const probe = fastify()
  const directives = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] }
  probe.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives },
    xFrameOptions: { action: 'deny' },
    strictTransportSecurity: { includeSubDomains: hstsSubdomains },
  })
  const headers = new Promise<Record<string, string>>(resolve => {
    probe.get('/', (_, reply) => {
      reply.hijack()
      resolve(Object.fromEntries(Object.entries(reply.raw.getHeaders()).map(([name, value]) => [name, String(value)])))
    })
  })
  await probe.ready()
  const request = new IncomingMessage(new Socket())
  request.method = 'GET'
  request.url = '/'
  probe.routing(request, new ServerResponse(request))
  return headers
}
