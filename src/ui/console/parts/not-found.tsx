import { Link } from '@tanstack/react-router'
import { texts } from '../texts.ts'
import { Empty } from './states.tsx'

export function NotFound() {
  return (
    <Empty>
      <h1>{texts.failed.notFound}</h1>
      <p>{texts.failed.notFoundHint}</p>
      <p>
        <Link to="/">{texts.failed.toStart}</Link>
      </p>
    </Empty>
  )
}
