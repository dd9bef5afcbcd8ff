import { useState } from 'react'
import type { Row } from './columns.tsx'

/** Stays over pages and filters. */
export interface Selection {
  readonly rows: readonly Row[]
  readonly has: (row: Row) => boolean
  readonly toggle: (row: Row) => void
  readonly set: (rows: readonly Row[], selected: boolean) => void
  readonly clear: () => void
}

export function useSelection(): Selection {
  const [chosen, setChosen] = useState<ReadonlyMap<string, Row>>(new Map())
  const set = (rows: readonly Row[], selected: boolean) =>
    setChosen(before => {
      const after = new Map(before)
      for (const row of rows)
        if (selected) after.set(row.id, row)
        else after.delete(row.id)
      return after
    })
  return {
    rows: [...chosen.values()],
    has: row => chosen.has(row.id),
    toggle: row => set([row], !chosen.has(row.id)),
    set,
    clear: () => setChosen(new Map()),
  }
}
