/**
 * Identify the caller → `action` decides → schemas read the request
 * → `run` executes the operation → `body` shapes its data.
 */
import type { DocumentNode } from 'graphql'
import type { UserRef } from '../../authorization/actor.ts'
import type { Action } from '../../authorization/policy.ts'
import type { HttpRequest, HttpResponse } from '../../platform/http/types.ts'
import { type Params, readParams } from './params.ts'
import { inPortions, PORTION, type Portioned } from './portions.ts'
import { type Fields, type FieldsOf, readBody, readQuery } from './request.schemas.ts'
import type { ResponseSchema } from './response.schemas.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
/** 'basic': also as Basic password; 'optional': ignores an invalid one. */
export type RouteCredential = 'required' | 'basic' | 'optional' | 'none'

interface Operation<Data, Variables> extends DocumentNode {
  __apiType?: (variables: Variables) => Data
}

export interface RouteDeps {
  execute(document: DocumentNode, variables: object): Promise<unknown>
  /** Runs `work` in its turn: few large responses at a time. */
  reserve<T>(variables: object, work: () => Promise<T>): Promise<T>
  secret(): string | null
  iamType(iamid: string): Promise<string | null>
  readonly publicUrl: string
}

export interface Endpoint {
  readonly methods: readonly Method[]
  readonly path: string
}

export interface Route extends Endpoint {
  /** Other paths with the same response (bim-wire-rules "Requests" 7). */
  readonly aliases: readonly Endpoint[]
  readonly doc: string
  readonly action: Action
  readonly owner?: (params: Readonly<Record<string, string>>) => UserRef
  readonly credential: RouteCredential
  readonly query?: Fields
  readonly payload?: Fields
  readonly document?: DocumentNode
  readonly answers?: ResponseSchema
  readonly answer: (request: HttpRequest, runtime: RouteDeps) => Promise<HttpResponse>
}

interface Input<P, Query, Payload> {
  readonly params: P
  readonly query: Query
  readonly payload: Payload
  secret(): string | null
}

export type ReadAll<Data, Variables> = (data: Data, again: (other: Partial<Variables>) => Promise<Data>) => Promise<Data>

/** For a client that takes the first page for everything. */
export interface Workaround<Data, Variables> {
  readonly applies: (request: HttpRequest, query: unknown) => boolean
  readonly first: (variables: Variables) => Variables
  readonly whole: ReadAll<Data, Variables>
}

interface RouteSpec<Path extends string, Alias extends string, Data, Variables, Query, Payload> {
  readonly method: Method | readonly Method[]
  readonly path: Path
  readonly alias?: readonly Alias[]
  readonly doc: string
  readonly action: Action
  readonly owner?: (params: Readonly<Record<string, string>>) => UserRef
  readonly credential?: RouteCredential
  readonly query?: Query
  readonly payload?: Payload
  readonly run: Operation<Data, Variables>
  readonly answers: ResponseSchema
  readonly variables?: (input: Input<Params<Path, PathOf<Alias>>, FieldsOf<Query>, FieldsOf<Payload>>) => NoInfer<Variables>
  readonly whole?: ReadAll<OperationResult<Data>, Variables>
  readonly quirk?: Workaround<OperationResult<Data>, Variables>
  readonly portioned?: Portioned<OperationResult<Data>>
  readonly body: (
    data: OperationResult<Data>,
    input: Input<Params<Path, PathOf<Alias>>, FieldsOf<Query>, FieldsOf<Payload>>,
  ) => object
}
type PathOf<Alias extends string> = Alias extends `${string} ${infer Path}` ? Path : never
/** Root fields are null only with an error, handled before `body`. */
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
      const body = async (data: OperationResult<Data>) => spec.body(whole ? await whole(data, execute) : data, input)
      const { portioned } = spec
      const { first: size = 0 } = variables as { first?: number }
      return runtime.reserve(variables, async () => ({
        status: 200,
        body:
          portioned && size > PORTION
            ? await inPortions(portioned, { size, read: other => execute(other as Partial<Variables>), body })
            : await body(await execute()),
      }))
    },
  }
}

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
