import { createServer, type Server, request as send } from 'node:http'

export const PATH = '/people/roster'

/** Passes on what is below PATH; answers everything else itself, so that an address without the path shows. */
export function proxy(target: () => string, strips: boolean): Server {
  return createServer((incoming, outgoing) => {
    const { method, headers, url = '/' } = incoming
    if (url !== PATH && !url.startsWith(`${PATH}/`)) {
      outgoing.writeHead(410).end('outside the path')
      return
    }
    const path = strips ? url.slice(PATH.length) || '/' : url
    const passed = send(`${target()}${path}`, { method, headers }, answer => {
      outgoing.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(passed)
  })
}
