import './console.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { RequestError } from './operations/request.ts'
import { router } from './router.tsx'

/** Only what may pass by itself is tried again. */
const isPassing = (error: unknown) => error instanceof RequestError && error.code === 'UNAVAILABLE'

const client = new QueryClient({
  defaultOptions: { queries: { retry: (tries, error) => tries < 2 && isPassing(error), staleTime: 5_000 } },
})

createRoot(document.getElementById('root')!).render(
  <QueryClientProvider client={client}>
    <RouterProvider router={router} />
  </QueryClientProvider>,
)
