import { type NodeKey, type NodeType, toGlobalId } from './node.ids.ts'

/** Services name the object of a change `id`. */
export const byId = <Id, Rest>({ ref, ...rest }: Rest & { ref: Id }) => ({ id: ref, ...rest })

export const deleted = <Payload extends { deletedId: NodeKey }>(type: NodeType, payload: Payload) => ({
  ...payload,
  deletedId: toGlobalId(type, payload.deletedId),
})
