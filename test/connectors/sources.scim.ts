// SCIM: the peer is the client. It writes the user and then the groups, as providers do. In trouble it stops within a request, cuts
// the connection, sends no JSON or has a wrong key.
import { connect, type Socket } from 'node:net'
import { createIam, type Kind, must, type Outcome, type PeerUser, type SourceHandle } from './sources.ts'

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const OURS = 'urn:ietf:params:scim:schemas:extension:conformance:2.0:User'
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

export const scim: Kind = {
  name: 'SCIM',
  missing: null,
  async open(app, iamid): Promise<SourceHandle> {
    await createIam(app, iamid, 'OPENID', {
      scimEnabled: true,
      schema: { attributeSchema: [{ scimSchema: OURS, prefix: 'Crew' }] },
    })
    const made = await must(app, 'mutation ($i: IamInput!) { generateScimKey(input: $i) { scimKey scimUrl } }', {
      i: { iamid },
    })
    const { scimKey: key, scimUrl: url } = made.generateScimKey as { scimKey: string; scimUrl: string }
    let mood: 'through' | 'gone' | 'hangs' | 'garbage' | 'wrong certificate' = 'through'
    const open = new Set<Socket>()
    const users = new Map<string, string>()
    const groups = new Map<string, string>()
    const wishes = new Map<string, PeerUser | null>()

    async function send(method: string, path: string, body?: object): Promise<Outcome> {
      if (mood === 'hangs' || mood === 'gone') return half(method, path, JSON.stringify(body))
      const bearer = mood === 'wrong certificate' ? `${key.slice(0, -3)}xxx` : key
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/scim+json' },
        ...(body && { body: mood === 'garbage' ? '<html>' : JSON.stringify(body) }),
      })
      return { status: answer.status, body: await answer.text() }
    }
    /** Sends half of a request. */
    function half(method: string, path: string, body: string): Promise<Outcome> {
      const { hostname, port, pathname } = new URL(`${url}${path}`)
      return new Promise(resolve => {
        const socket = connect(Number(port), hostname, () => {
          socket.write(
            `${method} ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${key}\r\n` +
              `content-type: application/scim+json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 20)}`,
            () => (mood === 'gone' ? socket.destroy() : open.add(socket)),
          )
        })
        socket.on('error', () => {}).on('close', () => resolve({ status: 0, body: '' }))
      })
    }
    const cut = () => {
      for (const socket of open) socket.destroy()
      open.clear()
    }
    const idOf = ({ body }: Outcome) => (JSON.parse(body) as { id: string }).id

    async function user(userid: string, data: PeerUser | null): Promise<Outcome> {
      const id = users.get(userid)
      if (data === null) {
        const Operations = [{ op: 'replace', path: 'title', value: 'Clerk' }]
        return send('PATCH', `/Users/${id}`, { schemas: [PATCH], Operations })
      }
      const body = { schemas: [USER], userName: userid, active: true, displayName: data.name, [OURS]: { team: data.team } }
      const outcome = await send(id ? 'PUT' : 'POST', `/Users${id ? `/${id}` : ''}`, body)
      if (outcome.status === 201) users.set(userid, idOf(outcome))
      return outcome.status === 201 ? { ...outcome, status: 200 } : outcome
    }
    async function member(userid: string, group: string, wanted: boolean): Promise<Outcome> {
      const value = users.get(userid)!
      const id = groups.get(group)
      if (id === undefined) {
        const outcome = await send('POST', '/Groups', { schemas: [GROUP], displayName: group, members: [{ value }] })
        if (outcome.status === 201) groups.set(group, idOf(outcome))
        return outcome
      }
      const path = wanted ? 'members' : `members[value eq "${value}"]`
      const operation = wanted ? { op: 'add', path, value: [{ value }] } : { op: 'remove', path }
      return send('PATCH', `/Groups/${id}`, { schemas: [PATCH], Operations: [operation] })
    }
    async function push(userid: string): Promise<Outcome> {
      const data = wishes.get(userid) ?? null
      const first = await user(userid, data)
      if (data === null || mood !== 'through' || !users.has(userid)) return first
      const outcomes = [first]
      for (const name of new Set([...groups.keys(), ...data.groups]))
        outcomes.push(await member(userid, name, data.groups.includes(name)))
      return outcomes.find(({ status }) => status >= 400) ?? first
    }
    const refusal = (status: number) => (line: Record<string, unknown>) =>
      line.msg === 'request' && line.status === status && String(line.route).startsWith('/scim/')
    return {
      iamid,
      source: iamid,
      profiles: true,
      key: 'Crew.team',
      disabled: 200,
      arrives: async () => {},
      async provides(userid, data) {
        wishes.set(userid, data)
      },
      async omits(userid) {
        wishes.set(userid, null)
      },
      approach: async userid => () => push(userid),
      async trouble(kind) {
        mood = kind
        cut()
        return async () => {
          mood = 'through'
          cut()
        }
      },
      waiting: () => open.size,
      refusals: {
        gone: { status: 0, logged: null },
        hangs: { status: 0, logged: null },
        garbage: { status: 400, logged: refusal(400) },
        'wrong certificate': { status: 401, logged: refusal(401) },
      },
      // A request with a value that is invalid is refused; the other requests are not.
      reports: ({ status }) => status === 400 || status === 409,
      secrets: [key],
      close: async () => cut(),
    }
  },
}
