/** The requests of a client, and the arguments of its program. */
declare const process: { readonly argv: readonly string[] }

const [url = '', admin = '', person = '', password = '', groupId = '', userid = ''] = process.argv.slice(2)
/** The address of Roster, tokens of the administrator and of a person without permissions, the administrator's password, a group, a userid to disable. */
export const given = { url: `${url}/graphql`, admin, person, password, groupId, userid }

export interface Sent {
  readonly method: string
  readonly url: string
  readonly body: string
}

export const sent: Sent[] = []

/** The fetch of the platform, which notes what it sends. */
export const recorder: typeof fetch = (resource, init) => {
  const address = resource instanceof Request ? resource.url : String(resource)
  sent.push({ method: init?.method ?? 'GET', url: address, body: typeof init?.body === 'string' ? init.body : '' })
  return fetch(resource, init)
}
