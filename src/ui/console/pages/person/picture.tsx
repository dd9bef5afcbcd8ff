import { Link } from '@tanstack/react-router'
import type { PersonHeadFragment } from '../../../../generated/ui.ts'
import { useAddress } from '../../operations/address.ts'
import { useNarrow } from '../../parts/narrow.ts'
import { useViewer } from '../../shell/viewer.tsx'
import { personTexts } from '../../texts.person.ts'
import { searchOf, viewOf } from '../users/view.ts'
import { type Lane, type LaneNode, MOST_LANES, shortened } from './lanes.ts'
import { BOX_HEIGHT, type Box, fitting, pictureOf } from './picture-layout.ts'

const words = personTexts.picture
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

interface PictureProps {
  readonly user: PersonHeadFragment
  readonly lanes: readonly Lane[]
  readonly kept: string | undefined
}

export function Picture({ user, lanes, kept }: PictureProps) {
  const [search] = useAddress()
  const ofKept = kept === undefined ? lanes : lanes.filter(({ permission }) => permission === kept)
  const isWhole = search.lanes === 'all'
  const shown = isWhole ? [...ofKept] : shortened(ofKept, words)
  const narrow = useNarrow()
  const { heads, boxes, lines, since, width, height } = pictureOf(shown, { narrow })
  return (
    <section className="card">
      <div className="card-head">
        <h2>{words.title}</h2>
        {kept !== undefined && (
          <Link to="." search={{ ...search, perm: undefined }} resetScroll={false} className="chip">
            {words.keep(kept)} <span aria-hidden="true">×</span>
            <span className="hidden-label">{words.all}</span>
          </Link>
        )}
        {isWhole && ofKept.length > MOST_LANES && (
          <Link to="." search={{ ...search, lanes: undefined }} resetScroll={false}>
            {words.fewer}
          </Link>
        )}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
      <div className="scroll" tabIndex={0}>
        {/* biome-ignore lint/a11y/useSemanticElements: a drawing of links is a group */}
        <svg
          className="picture"
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          role="group"
          aria-label={words.label(user.profile.name)}
        >
          {heads.map(({ column, x }) => (
            <text key={column} x={x} y="14" className="picture-head">
              {words.columns[column]}
            </text>
          ))}
          {lines.map(({ key, path, source }) => (
            <path key={key} d={path} className={`picture-line ${colourOf(source)}`} />
          ))}
          {since.map(({ lane, x, y }) => (
            <text key={`${x} ${y}`} x={x} y={y + BOX_HEIGHT / 2 - 5} textAnchor="end" className="picture-since">
              {words.since(day.format(new Date(lane.since!)))}
            </text>
          ))}
          {boxes.map(box => (
            <PictureBox key={`${box.x} ${box.y}`} box={box} user={user} kept={kept} />
          ))}
        </svg>
      </div>
    </section>
  )
}

const colourOf = (source: string): string => (source === 'bim' ? 'is-local' : 'is-source')

function PictureBox({ box, user, kept }: { box: Box; user: PersonHeadFragment; kept: string | undefined }) {
  const viewer = useViewer()
  const [search] = useAddress()
  const { node, x, y, width } = box
  const inside = (
    <>
      <rect x={x} y={y} width={width} height={BOX_HEIGHT} rx="8" />
      <text x={x + 12} y={y + BOX_HEIGHT / 2 + 5}>
        {fitting(node.label, width, node.kind === 'person' || node.kind === 'permission')}
      </text>
      <title>{titleOf(box)}</title>
    </>
  )
  const className = `picture-box kind-${node.kind} ${colourOf(node.source)} ${node.label === kept ? 'is-kept' : ''}`
  if (node.kind === 'permission')
    return (
      <Link
        to="."
        search={{ ...search, perm: node.label === kept ? undefined : node.label }}
        resetScroll={false}
        className={className}
      >
        {inside}
      </Link>
    )
  if (node.kind === 'more')
    return (
      <Link to="." search={{ ...search, lanes: 'all' }} resetScroll={false} className={className}>
        {inside}
      </Link>
    )
  const people = peopleOf(node)
  if (node.kind === 'person' || people === null || !viewer.may('user:search'))
    return (
      <Link to="/console/users/$id/{-$tab}" params={{ id: String(user.databaseId), tab: tabOf(node) }} className={className}>
        {inside}
      </Link>
    )
  return (
    <Link to="/console/users" search={people} className={className}>
      {inside}
    </Link>
  )
}

const tabOf = ({ kind }: LaneNode): string | undefined => (kind === 'person' ? 'raw' : kind === 'source' ? 'timeline' : 'groups')

/** The list of those whom a node is about. */
function peopleOf({ group, iamid }: LaneNode) {
  if (group) return searchOf({ ...viewOf({}), group: [group.name] })
  return iamid === undefined || iamid === 'bim' ? null : searchOf({ ...viewOf({}), iam: [iamid] })
}

function titleOf({ node, lane }: Box): string {
  if (node.kind !== 'permission' || !lane.since) return node.hint ?? node.label
  const by = lane.grantedBy === null ? '' : ` · ${lane.grantedBy}`
  return `${node.label}, ${words.since(day.format(new Date(lane.since)))}${by}`
}
