import { Button } from 'react-aria-components'
import { UsersFacetsDocument, type UsersFacetsQuery } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { type Choice, Choices, Dropdown } from '../../parts/choices.tsx'
import { Failed, Skeleton } from '../../parts/states.tsx'
import { usersTexts as words } from '../../texts.users.ts'
import { AttributeFilter } from './filter-attribute.tsx'
import { GroupFilter } from './filter-group.tsx'
import { foundBy, STATES, type View } from './view.ts'

export type Change = (change: Partial<View>) => void
type Facets = NonNullable<NonNullable<UsersFacetsQuery['users']>['facets']>

export function Filters({ view, onChange }: { view: View; onChange: Change }) {
  return (
    <fieldset className="filters">
      <legend className="hidden-label">{words.filter}</legend>
      <Dropdown label={words.filters.iam}>
        <FacetChoices
          label={words.filters.iam}
          without={{ ...view, iam: [] }}
          choicesOf={({ iams }) => iams.map(({ iamid, iam, count }) => ({ id: iamid, label: iam?.displayName ?? iamid, count }))}
          chosen={view.iam}
          isMultiple
          onChange={iam => onChange({ iam })}
        />
      </Dropdown>
      <Dropdown label={words.filters.state}>
        {close => (
          <FacetChoices
            label={words.filters.state}
            without={{ ...view, state: null }}
            choicesOf={statesOf}
            chosen={view.state === null ? [] : [view.state]}
            onChange={([chosen]) => {
              onChange({ state: STATES.find(state => state === chosen) ?? null })
              close()
            }}
          />
        )}
      </Dropdown>
      <Dropdown label={words.filters.perm}>
        {close => (
          <FacetChoices
            label={words.filters.perm}
            without={{ ...view, perm: null }}
            choicesOf={({ permissions }) =>
              permissions.map(({ permission, count }) => ({ id: permission, label: permission, count }))
            }
            chosen={view.perm === null ? [] : [view.perm]}
            onChange={([perm = null]) => {
              onChange({ perm })
              close()
            }}
          />
        )}
      </Dropdown>
      <Dropdown label={words.filters.group}>
        <GroupFilter chosen={view.group} onChange={group => onChange({ group })} />
      </Dropdown>
      <Dropdown label={words.filters.attr}>
        {close => (
          <AttributeFilter
            onAdd={condition => {
              const others = view.attr.filter(other => !(condition.absent && other.absent) && other.key !== condition.key)
              onChange({ attr: [...others, condition] })
              close()
            }}
          />
        )}
      </Dropdown>
    </fieldset>
  )
}

const FACET_OF = { active: 'ENABLED', disabled: 'DISABLED', invited: 'INVITED', never: 'NEVER_LOGGED_IN' } as const

function statesOf({ states }: Facets): Choice[] {
  return STATES.map(state => {
    const facet = Object.hasOwn(FACET_OF, state) ? FACET_OF[state as keyof typeof FACET_OF] : null
    const count = facet === null ? undefined : (states.find(other => other.state === facet)?.count ?? 0)
    return { id: state, label: words.states[state]!, ...(count !== undefined && { count }) }
  })
}

interface FacetChoicesProps {
  readonly label: string
  /** The view without this filter. */
  readonly without: View
  readonly choicesOf: (facets: Facets) => Choice[]
  readonly chosen: readonly string[]
  readonly isMultiple?: boolean
  readonly onChange: (chosen: string[]) => void
}

function FacetChoices({ label, without, choicesOf, chosen, isMultiple = false, onChange }: FacetChoicesProps) {
  const { data, error } = useOperation(UsersFacetsDocument, foundBy(without))
  const facets = data?.data.users?.facets
  if (error) return <Failed error={error} />
  if (!facets) return <Skeleton />
  return (
    <>
      <Choices
        label={label}
        choices={withChosen(choicesOf(facets), chosen)}
        chosen={chosen}
        isMultiple={isMultiple}
        otherwise={words.noChoice}
        onChange={onChange}
      />
      {!facets.isComplete && <p className="hint">{words.incomplete}</p>}
    </>
  )
}

/** What nobody has can be taken back too. */
const withChosen = (choices: readonly Choice[], chosen: readonly string[]): Choice[] => [
  ...choices,
  ...chosen.filter(id => choices.every(choice => choice.id !== id)).map(id => ({ id, label: id, count: 0 })),
]

export function Chips({ view, sources, onChange }: { view: View; sources: ReadonlyMap<string, string>; onChange: Change }) {
  const chips = chipsOf(view, sources)
  if (chips.length === 0) return null
  return (
    <ul className="chips" aria-label={words.chips}>
      {chips.map(({ text, without }) => (
        <li key={text}>
          <Button className="chip" aria-label={words.removeChip(text)} onPress={() => onChange(without)}>
            {text} <span aria-hidden="true">×</span>
          </Button>
        </li>
      ))}
      {chips.length > 1 && (
        <li>
          <Button
            className="button quiet small"
            onPress={() => onChange({ iam: [], state: null, perm: null, group: [], attr: [] })}
          >
            {words.clear}
          </Button>
        </li>
      )}
    </ul>
  )
}

function chipsOf(view: View, sources: ReadonlyMap<string, string>): { text: string; without: Partial<View> }[] {
  const { filters } = words
  return [
    ...view.iam.map(id => ({
      text: `${filters.iam}: ${sources.get(id) ?? id}`,
      without: { iam: view.iam.filter(other => other !== id) },
    })),
    ...(view.state ? [{ text: `${filters.state}: ${words.states[view.state]}`, without: { state: null } }] : []),
    ...(view.perm ? [{ text: `${filters.perm}: ${view.perm}`, without: { perm: null } }] : []),
    ...view.group.map(name => ({
      text: `${filters.group}: ${name}`,
      without: { group: view.group.filter(other => other !== name) },
    })),
    ...view.attr.map(condition => ({
      text: attributeWords(condition),
      without: { attr: view.attr.filter(other => other !== condition) },
    })),
  ]
}

function attributeWords({ key, value, absent }: View['attr'][number]): string {
  if (absent) return words.attributeNone(key)
  return value === null ? words.attributeAnyOf(key) : words.attributeIs(key, value)
}
