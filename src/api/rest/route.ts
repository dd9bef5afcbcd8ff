/**
 * Flow of a row: the caller is known (router.ts) -> `action` decides by caller and path -> path, query and payload are read by the
 * row's schemas (params.ts, input.ts) -> `run`, an operation of the nearest .graphql file, with `variables` -> `body` gives its data the
 * documented shape (serializers.ts). A row says nothing else: rules are the services', and what may be asked is the contract's.
 */
import type { DocumentNode } from 'graphql'
import type { UserRef } from '../../authorization/actor.ts'
import type { Action } from '../../authorization/policy.ts'
import type { HttpRequest, HttpResponse } from '../../platform/http/types.ts'
import { type Params, readParams } from './params.ts'
import { type Fields, type FieldsOf, readBody, readQuery } from './request.schemas.ts'
import type { ResponseSchema } from './response.schemas.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
/** 'basic': as 'required', also as the password of Basic credentials; 'optional': a good one is used and a bad one ignored; 'none': it is not looked at. */
export type RouteCredential = 'required' | 'basic' | 'optional' | 'none'

/** A generated operation, with its types. */
interface Operation<Data, Variables> extends DocumentNode {
  __apiType?: (variables: Variables) => Data
}

/** What the router lends a row for one request. */
export interface RouteDeps {
  /** Runs a checked document for the caller of this request; throws the error of the first field that has one. */
  execute(document: DocumentNode, variables: object): Promise<unknown>
  /** The secret in the Authorization header, whatever it opens. */
  secret(): string | null
  /** The type of a configured IAM, else null. */
  iamType(iamid: string): Promise<string | null>
  readonly publicUrl: string
}

/** Paths under which a row answers, with their methods. */
export interface Endpoint {
  readonly methods: readonly Method[]
  readonly path: string
}

/** A row as the router, the documentation and the tests see it. */
export interface Route extends Endpoint {
  /** Other places with the same answer (bim-wire-rules "Requests" 7). */
  readonly aliases: readonly Endpoint[]
  readonly doc: string
  /** Of the policy table. */
  readonly action: Action
  /** Whose record the path names, for what one may do to one's own. */
  readonly owner?: (params: Readonly<Record<string, string>>) => UserRef
  readonly credential: RouteCredential
  readonly query?: Fields
  readonly payload?: Fields
  /** The operation and the name of what it answers; a row without them redirects. */
  readonly document?: DocumentNode
  readonly answers?: ResponseSchema
  readonly answer: (request: HttpRequest, runtime: RouteDeps) => Promise<HttpResponse>
}

interface Input<P, Query, Payload> {
  readonly params: P
  readonly query: Query
  readonly payload: Payload
  /** The secret in the Authorization header, for the two calls that take a key there. */
  secret(): string | null
}

/** Reads on where a page did not hold a list that the wire shows whole; `again` runs the operation with other variables. */
export type ReadAll<Data, Variables> = (data: Data, again: (other: Partial<Variables>) => Promise<Data>) => Promise<Data>

/** A client that takes the first page for everything: it gets everything. */
export interface Workaround<Data, Variables> {
  readonly applies: (request: HttpRequest, query: unknown) => boolean
  /** The variables of the first page. */
  readonly first: (variables: Variables) => Variables
  readonly whole: ReadAll<Data, Variables>
}

interface RouteSpec<Path extends string, Alias extends string, Data, Variables, Query, Payload> {
  readonly method: Method | readonly Method[]
  readonly path: Path
  /** Each as `METHOD /path`. */
  readonly alias?: readonly Alias[]
  readonly doc: string
  readonly action: Action
  readonly owner?: (params: Readonly<Record<string, string>>) => UserRef
  readonly credential?: RouteCredential
  readonly query?: Query
  readonly payload?: Payload
  readonly run: Operation<Data, Variables>
  /** For the documentation. */
  readonly answers: ResponseSchema
  readonly variables?: (input: Input<Params<Path, PathOf<Alias>>, FieldsOf<Query>, FieldsOf<Payload>>) => NoInfer<Variables>
  readonly whole?: ReadAll<OperationResult<Data>, Variables>
  readonly quirk?: Workaround<OperationResult<Data>, Variables>
  readonly body: (
    data: OperationResult<Data>,
    input: Input<Params<Path, PathOf<Alias>>, FieldsOf<Query>, FieldsOf<Payload>>,
  ) => object
}
type PathOf<Alias extends string> = Alias extends `${string} ${infer Path}` ? Path : never
/** Root fields are null only beside an error, and an error never comes as far as `body`. */
type OperationResult<Data> = { [Field in keyof Data]: NonNullable<Data[Field]> }

export function defineRoute<
  const Path extends string,
  Data,
  Variables extends object,
  const Alias extends string = never,
  Query extends Fields | undefined = undefined,
  Payload extends Fields | undefined = undefined,
>(spec: RouteSpec<Path, Alias, Data, Variables, Query, Payload>): Route {
  type Inputs = Input<Params<Path, PathOf<Alias>>, FieldsOf<Query>, FieldsOf<Payload>>
  const { method, alias = [], credential = 'required', query, payload, run, quirk } = spec
  return {
    methods: [method].flat() as Method[],
    path: spec.path,
    aliases: endpoints(alias),
    doc: spec.doc,
    action: spec.action,
    ...(spec.owner && { owner: spec.owner }),
    credential,
    ...(query && { query }),
    ...(payload && { payload }),
    document: run,
    answers: spec.answers,
    async answer(request, runtime) {
      const input = {
        params: readParams(request.params),
        query: query && readQuery(query, request.query),
        payload: payload && readBody(payload, request.body, isForm(request)),
        secret: () => runtime.secret(),
      } as Inputs
      const asked = spec.variables?.(input) ?? ({} as Variables)
      const odd = quirk?.applies(request, input.query) ? quirk : undefined
      const variables = odd ? odd.first(asked) : asked
      const execute = async (other?: Partial<Variables>) =>
        (await runtime.execute(run, { ...variables, ...other })) as OperationResult<Data>
      const whole = odd?.whole ?? spec.whole
      const data = await execute()
      return { status: 200, body: spec.body(whole ? await whole(data, execute) : data, input) }
    },
  }
}

/** `PUT /a` and `POST /a` are one place with two methods. */
function endpoints(aliases: readonly string[]): Endpoint[] {
  const methods = new Map<string, Method[]>()
  for (const alias of aliases) {
    const [method, path] = alias.split(' ') as [Method, string]
    methods.set(path, [...(methods.get(path) ?? []), method])
  }
  return [...methods].map(([path, list]) => ({ path, methods: list }))
}

const isForm = (request: HttpRequest): boolean =>
  request.headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded') ?? false
