/** The demo's user info endpoint, with Basic authentication. */
import { createServer } from 'node:http'
import { people } from './people.ts'
import { listening, type Served } from './served.ts'

export const credentials = { username: 'roster', password: 'endpoint-s3cret' }
const wanted = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`

export async function startEndpoint(): Promise<Served> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://127.0.0.1')
    const person = people.find(({ userid }) => userid === searchParams.get('userid'))
    if (request.headers.authorization !== wanted) return response.writeHead(401, { 'www-authenticate': 'Basic' }).end()
    if (pathname !== '/user-info' || person === undefined) return response.writeHead(404).end()
    const answer = { groups: person.projects.map(name => ({ name })), authorizations: person.regions }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  return listening(server)
}
