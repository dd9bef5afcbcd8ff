// Lanes to boxes and lines, in SVG units.
import type { Lane, LaneNode } from './lanes.ts'

export interface Box {
  readonly node: LaneNode
  readonly x: number
  readonly y: number
  readonly width: number
  readonly lane: Lane
}
export interface Line {
  readonly key: string
  readonly source: string
  readonly path: string
}
export interface Since {
  readonly lane: Lane
  readonly x: number
  readonly y: number
}
export interface Picture {
  readonly heads: readonly { readonly column: number; readonly x: number }[]
  readonly boxes: readonly Box[]
  readonly lines: readonly Line[]
  readonly since: readonly Since[]
  readonly width: number
  readonly height: number
}

export const BOX_HEIGHT = 32
const ROW = 48
const TOP = 30
const EDGE = 4
const WIDTHS = [150, 170, 170, 150, 220] as const
const NARROW = [0, 145, 130, 125, 200] as const
const GAP = 32
/** Before the permission: for the date. */
const LAST_GAP = 132
const LAST = WIDTHS.length - 1

interface Columns {
  readonly used: readonly number[]
  readonly width: (column: number) => number
  readonly x: (column: number) => number
}

/** Unused columns have no width. `narrow`: no person, nodes at the top. */
export function pictureOf(lanes: readonly Lane[], { narrow = false }: { narrow?: boolean } = {}): Picture {
  const columns = columnsOf(lanes, narrow)
  const boxes: Box[] = []
  const rows = lanes.map((): Box[] => [])
  for (const column of columns.used)
    for (const { from, to } of runs(lanes, column)) {
      const y = TOP + (narrow ? from : (from + to) / 2) * ROW
      const box = { node: lanes[from]!.nodes[column]!, x: columns.x(column), y, width: columns.width(column), lane: lanes[from]! }
      boxes.push(box)
      for (const row of rows.slice(from, to + 1)) row.push(box)
    }
  const lines = new Map(rows.flatMap(row => row.slice(1).map((box, at) => lineOf(row[at]!, box))).map(line => [line.key, line]))
  const since = rows.flatMap((row, at) => {
    const end = row.at(-1)
    return end && lanes[at]!.since ? [{ lane: lanes[at]!, x: end.x - 8, y: end.y }] : []
  })
  const width = columns.x(LAST) + columns.width(LAST) + EDGE
  const heads = columns.used.map(column => ({ column, x: columns.x(column) }))
  return { heads, boxes, lines: [...lines.values()], since, width, height: TOP + lanes.length * ROW }
}

function columnsOf(lanes: readonly Lane[], narrow: boolean): Columns {
  const used = WIDTHS.map((_, column) => column).filter(
    column => !(narrow && column === 0) && lanes.some(({ nodes }) => nodes[column]),
  )
  const width = (column: number) => (narrow ? NARROW : WIDTHS)[column]!
  const x = (column: number) =>
    used.filter(other => other < column).reduce((sum, other) => sum + width(other) + GAP, EDGE) +
    (column === LAST ? LAST_GAP - GAP : 0)
  return { used, width, x }
}

/** Neighbouring lanes with equal nodes up to a column; permissions stay one a lane. */
function runs(lanes: readonly Lane[], column: number): { from: number; to: number }[] {
  const found: { from: number; to: number; path: string }[] = []
  for (const [at, { nodes }] of lanes.entries()) {
    if (!nodes[column]) continue
    const path = nodes
      .slice(0, column + 1)
      .map(node => node?.key ?? '')
      .join('\n')
    const last = found.at(-1)
    if (column < LAST && last?.path === path && last.to === at - 1) last.to = at
    else found.push({ from: at, to: at, path })
  }
  return found
}

function lineOf(from: Box, to: Box): Line {
  const [x1, y1] = [from.x + from.width, from.y + BOX_HEIGHT / 2]
  const [x2, y2] = [to.x, to.y + BOX_HEIGHT / 2]
  // Bends near its start, so that it passes no box of its row.
  const bend = Math.min(x2, x1 + GAP)
  const half = (x1 + bend) / 2
  return {
    key: `${x1} ${y1} ${x2} ${y2}`,
    source: to.node.source,
    path: `M${x1} ${y1}C${half} ${y1} ${half} ${y2} ${bend} ${y2}H${x2}`,
  }
}

const LETTER = 7.2
const BOLD_LETTER = 8

/** About as many letters as fit. */
export const fitting = (label: string, width: number, isBold = false): string => {
  const most = Math.floor((width - 24) / (isBold ? BOLD_LETTER : LETTER))
  const letters = [...label]
  return letters.length <= most ? label : `${letters.slice(0, most - 1).join('')}…`
}
