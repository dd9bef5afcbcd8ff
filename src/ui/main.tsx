// The playground, built by vite.ui.config.ts and served by src/api/graphql/graphiql.ts. Flow:
// main (this file) -> playground (who is signed in, which schema) -> sign-in (the bar) and header-keeper (the credential in
// the header editor) -> api (the only fetch). credential and examples are plain data and functions, tested without a browser.
import 'graphiql/setup-workers/vite'
import 'graphiql/style.css'
import './playground.css'
import { createRoot } from 'react-dom/client'
import { Playground } from './playground.tsx'

createRoot(document.getElementById('root')!).render(<Playground />)
