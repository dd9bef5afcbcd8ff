declare module '*.css'
declare module 'graphiql/setup-workers/vite'
declare module 'react-dom/client' {
  import type { ReactNode } from 'react'
  export function createRoot(container: Element): { render(children: ReactNode): void }
}
