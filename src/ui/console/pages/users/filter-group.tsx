import { GroupSearch } from '../../parts/group-search.tsx'
import { usersTexts as words } from '../../texts.users.ts'

export function GroupFilter({ chosen, onChange }: { chosen: readonly string[]; onChange: (group: string[]) => void }) {
  return (
    <GroupSearch
      label={words.groupSearch}
      chosen={chosen}
      isMultiple
      keyOf={({ name }) => name}
      onChange={names => onChange(names)}
    />
  )
}
