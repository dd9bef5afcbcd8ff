import type { Environment } from '../platform/config/config.ts'
import { type Client, type ClientOptions, checkedUrl, clientOf, connect } from './client.ts'
import { json, type Printed } from './command.ts'
import { LOG_IN, LOG_OUT, VIEWER } from './documents.ts'
import { EXIT, Failure, usage } from './exit.ts'
import { profileName, profilesFile, readProfiles, saveProfile } from './profiles.ts'
import { nameOf } from './reference.ts'
import { onTerminal, readLine } from './secret-input.ts'

interface LoginOptions extends ClientOptions {
  readonly user?: string | undefined
  readonly withToken?: true | undefined
}

interface Credential {
  readonly token: string
  readonly expires: string | null
}

interface Viewer {
  readonly viewer: { readonly credential: string; readonly user: { readonly iamid: string; readonly userid: string } } | null
}

export async function login(env: Environment, options: LoginOptions): Promise<Printed> {
  const profile = profileName(env, options.profile)
  const address = options.url ?? (env.ROSTER_URL || readProfiles(env)[profile]?.url)
  if (address === undefined) throw usage('--url is needed at the first log-in, such as --url https://roster.example.')
  const url = checkedUrl(address, options)
  const { token, expires } = options.withToken ? await givenToken() : await byPassword(clientOf(url, null), options)
  const { viewer } = await clientOf(url, token).ask<Viewer>(VIEWER)
  if (viewer === null) throw new Failure('The server does not accept this token', EXIT.denied)
  saveProfile(env, profile, { url, token, expires })
  const until = expires === null ? '' : ` An unused token ends at ${expires}.`
  const { iamid, userid } = viewer.user
  return {
    text: `Logged in at ${url} as ${iamid}/${userid}, profile ${profile}.${until}\nThe token is in ${profilesFile(env)}.\n`,
    exitCode: EXIT.done,
  }
}

async function givenToken(): Promise<Credential> {
  const remedy = 'send a token or an API key as a line'
  const token = process.stdin.isTTY ? await onTerminal(ask => ask('Token or API key: '), true) : await readLine('token', remedy)
  if (token.trim() === '') throw usage('The token on standard input is empty.')
  return { token: token.trim(), expires: null }
}

async function byPassword(client: Client, { user }: LoginOptions): Promise<Credential> {
  if (user === undefined && !process.stdin.isTTY) throw usage('--user is needed when standard input is no terminal.')
  const name = nameOf(user ?? (await onTerminal(ask => ask('User ([IAMID/]USERID): '), false)))
  if (name === null) throw usage('--user must be USERID or IAMID/USERID.')
  const password = process.stdin.isTTY
    ? await onTerminal(ask => ask(`Password of ${name.iamid}/${name.name}: `), true)
    : await readLine('password', 'send a line')
  const input = { iamid: name.iamid, userid: name.name, password }
  const { logIn } = await client.ask<{ logIn: { token: string | null; tokenExpiration: string | null } }>(LOG_IN, { input })
  if (logIn.token === null)
    throw new Failure('This account needs a second factor: log in with an API key, roster login --with-token', EXIT.denied)
  return { token: logIn.token, expires: logIn.tokenExpiration }
}

/** The profile goes even when its server is away. */
export async function logout(env: Environment, options: ClientOptions): Promise<Printed> {
  const name = profileName(env, options.profile)
  const profile = readProfiles(env)[name]
  if (profile === undefined) return { text: `There is no profile ${name}.\n`, exitCode: EXIT.done }
  const { errors } = await clientOf(profile.url, profile.token)
    .answer(LOG_OUT)
    .catch((error: Error) => ({ errors: [{ message: error.message }] }))
  saveProfile(env, name, null)
  const note = errors[0] === undefined ? 'its token is revoked' : `its token was not revoked: ${errors[0].message}`
  return { text: `The profile ${name} is removed; ${note}.\n`, exitCode: EXIT.done }
}

export async function whoami(env: Environment, options: ClientOptions & { readonly json?: true | undefined }): Promise<Printed> {
  const client = connect(env, options)
  const { viewer } = await client.ask<Viewer>(VIEWER)
  if (viewer === null) throw new Failure(`The token is not accepted: roster login --url ${client.url}`, EXIT.denied)
  const { credential, user } = viewer
  const found = { url: client.url, iamid: user.iamid, userid: user.userid, credential }
  const text = `${user.iamid}/${user.userid} at ${client.url}, with a credential of the kind ${credential}\n`
  return { text: options.json ? json(found) : text, exitCode: EXIT.done }
}
