import { keepPreviousData, type UseQueryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
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

/** Every list is read again after a change. */
export function useChange<Data, Variables>(operation: Operation<Data, Variables>) {
  const client = useQueryClient()
  return useMutation<Answer<Data>, RequestError, Variables>({
    mutationFn: variables => request(operation, variables),
    onSuccess: () => client.invalidateQueries(),
  })
}
