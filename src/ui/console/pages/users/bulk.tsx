import { Button } from 'react-aria-components'
import { changeMembers, grant, revoke, setDisabled, type Target, type Write } from '../../operations/writes.ts'
import { Dropdown } from '../../parts/choices.tsx'
import { GroupPick } from '../../parts/group-pick.tsx'
import type { GroupChoice } from '../../parts/group-search.tsx'
import { PermissionForm } from '../../parts/permission-form.tsx'
import { propose } from '../../parts/proposal.tsx'
import { useViewer } from '../../shell/viewer.tsx'
import { changesTexts as changes } from '../../texts.changes.ts'
import { usersTexts as words } from '../../texts.users.ts'
import type { Selection } from './selection.ts'

interface BulkProps {
  readonly people: readonly Target[]
  /** Such as `3 people`. */
  readonly who: string
  readonly start: (title: string, writes: readonly Write[], note?: string) => void
}

/** Changes of all who are selected. */
export function Bulk({ selection }: { selection: Selection }) {
  const viewer = useViewer()
  if (selection.rows.length === 0) return null
  const people = selection.rows.map(({ id, profile }) => ({ id, name: profile.name }))
  const audit = viewer.may('audit:list') ? String(viewer.user.databaseId) : undefined
  const props: BulkProps = {
    people,
    who: changes.people(people.length),
    start: (title, writes, note) => propose({ title, writes, note, audit }),
  }
  return (
    <section className="bulk" aria-label={words.selected(people.length)}>
      <strong className="number">{words.selected(people.length)}</strong>
      {viewer.may('group:addMember') && <OfGroups {...props} />}
      {viewer.may('user:setPermissions') && <OfPermissions {...props} />}
      {viewer.may('user:disable') && <OfState {...props} />}
      <Button className="button quiet small" onPress={selection.clear}>
        {words.unselect}
      </Button>
    </section>
  )
}

function OfGroups({ people, who, start }: BulkProps) {
  const change = (kind: 'add' | 'remove') => (group: GroupChoice) => {
    const title = kind === 'add' ? changes.addTo : changes.removeFrom
    const note = kind === 'add' ? changes.givesToo : changes.gives
    const given = group.permissions ?? []
    start(title(group.name, who), [changeMembers(group, people, kind)], given.length > 0 ? note(group.name, given) : undefined)
  }
  return (
    <>
      <GroupPick label={changes.addToGroup} onPick={change('add')} />
      <GroupPick label={changes.removeFromGroup} onPick={change('remove')} />
    </>
  )
}

function OfPermissions({ people, who, start }: BulkProps) {
  const give = (name: string) =>
    start(
      changes.grantTo(who),
      people.map(one => grant(one, [name])),
    )
  const take = (name: string) =>
    start(
      changes.revokeFrom(name, who),
      people.map(one => revoke(one, name)),
    )
  return (
    <>
      <PermissionPick label={changes.grant} onPick={give} />
      <PermissionPick label={changes.revokePermission} onPick={take} />
    </>
  )
}

function OfState({ people, who, start }: BulkProps) {
  const set = (disabled: boolean) =>
    start(
      disabled ? changes.disableNamed(who) : changes.enableNamed(who),
      people.map(one => setDisabled(one, disabled)),
    )
  return (
    <>
      <Button className="button quiet small" onPress={() => set(true)}>
        {changes.disable}
      </Button>
      <Button className="button quiet small" onPress={() => set(false)}>
        {changes.enable}
      </Button>
    </>
  )
}

function PermissionPick({ label, onPick }: { label: string; onPick: (permission: string) => void }) {
  return (
    <Dropdown label={label}>
      {close => (
        <PermissionForm
          onPick={permission => {
            close()
            onPick(permission)
          }}
        />
      )}
    </Dropdown>
  )
}
