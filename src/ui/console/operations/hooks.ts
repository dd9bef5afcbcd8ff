import {
  keepPreviousData,
  type UseQueryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { type Answer, nameOf, type Operation, type RequestError, request } from './request.ts'
import { useShown } from './shown.ts'

type Options<Data> = Pick<UseQueryOptions<Answer<Data>, RequestError>, 'enabled' | 'refetchInterval' | 'staleTime'>

/** The former answer stays while another loads. */
export function useOperation<Data, Variables>(
  operation: Operation<Data, Variables>,
  variables: Variables,
  options?: Options<Data>,
) {
  useShown(operation, variables)
  return useQuery<Answer<Data>, RequestError>({
    queryKey: [nameOf(operation), variables],
    queryFn: ({ signal }) => request(operation, variables, signal),
    placeholderData: keepPreviousData,
    ...options,
  })
}

export interface Page<Row> {
  readonly nodes: readonly Row[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

/** `pick` finds the connection in the answer. */
export function useList<Data, Variables extends { after?: string | null | undefined }, Row>(
  operation: Operation<Data, Variables>,
  variables: Variables,
  pick: (data: Data) => Page<Row> | null | undefined,
) {
  useShown(operation, variables)
  const found = useInfiniteQuery({
    queryKey: [nameOf(operation), variables],
    queryFn: ({ pageParam, signal }) => request(operation, { ...variables, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ data }: Answer<Data>) => {
      const info = pick(data)?.pageInfo
      return info?.hasNextPage ? info.endCursor : undefined
    },
    placeholderData: keepPreviousData,
  })
  const rows = found.data?.pages.flatMap(({ data }) => pick(data)?.nodes ?? []) ?? []
  return { ...found, rows, first: found.data?.pages[0], error: found.error as RequestError | null }
}

/** Every list is read again after a change. */
export function useChange<Data, Variables>(operation: Operation<Data, Variables>) {
  const client = useQueryClient()
  return useMutation<Answer<Data>, RequestError, Variables>({
    mutationFn: variables => request(operation, variables),
    onSuccess: () => client.invalidateQueries(),
  })
}
