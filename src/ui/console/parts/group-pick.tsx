import { changesTexts as words } from '../texts.changes.ts'
import { Dropdown } from './choices.tsx'
import { type GroupChoice, GroupSearch } from './group-search.tsx'

/** A button that asks for one group. */
export function GroupPick({ label, onPick }: { label: string; onPick: (group: GroupChoice) => void }) {
  return (
    <Dropdown label={label}>
      {close => (
        <GroupSearch
          label={words.group}
          chosen={[]}
          keyOf={({ id }) => id}
          onChange={([chosen], found) => {
            const group = found.find(({ id }) => id === chosen)
            if (!group) return
            close()
            onPick(group)
          }}
        />
      )}
    </Dropdown>
  )
}
