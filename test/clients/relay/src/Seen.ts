// What the page does not show: other documents of Relay on the same files.
import { ConnectionHandler, commitLocalUpdate, graphql } from 'relay-runtime'
import type { Seen_members$data } from './__generated__/Seen_members.graphql'
import type { SeenBothQuery } from './__generated__/SeenBothQuery.graphql'
import type { SeenCreateMutation } from './__generated__/SeenCreateMutation.graphql'
import type { SeenGroupQuery } from './__generated__/SeenGroupQuery.graphql'
import type { SeenGroupsQuery } from './__generated__/SeenGroupsQuery.graphql'
import pageOfMembers, { type SeenMembersPageQuery } from './__generated__/SeenMembersPageQuery.graphql'
import type { SeenPermissionQuery } from './__generated__/SeenPermissionQuery.graphql'
import type { SeenRemoveMutation } from './__generated__/SeenRemoveMutation.graphql'
import { commit, connectionOf, load, read } from './client'
import { createEnvironment } from './environment'
import { main } from './main'

declare const process: { readonly argv: readonly string[] }

const BOTH = graphql`
  query SeenBothQuery($ids: [ID!]!) {
    nodes(ids: $ids) {
      __typename
      id
      ... on User {
        userid
      }
      ... on Group {
        name
      }
      ... on AuditEvent {
        event
        target {
          __typename
          ... on Node {
            id
          }
        }
      }
    }
  }
`

const GROUP = graphql`
  query SeenGroupQuery($ref: GroupRef!) {
    group(ref: $ref) {
      id
      ...Seen_members
    }
  }
`

// Pages in both directions: what the other one takes is null.
const MEMBERS = graphql`
  fragment Seen_members on Group
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 1 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
  )
  @refetchable(queryName: "SeenMembersPageQuery") {
    members(first: $first, after: $after, last: $last, before: $before) @connection(key: "Seen_members") {
      edges {
        node {
          id
          name
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`

const GROUPS = graphql`
  query SeenGroupsQuery {
    groups(first: 1, sort: { field: NAME, direction: DESC }) @connection(key: "Seen_groups", filters: []) {
      edges {
        node {
          id
          name
        }
      }
    }
  }
`

const CREATE = graphql`
  mutation SeenCreateMutation($input: CreateGroupInput!, $connections: [ID!]!) {
    createGroup(input: $input) {
      group @appendNode(connections: $connections, edgeTypeName: "GroupEdge") {
        id
        name
      }
    }
  }
`

const REMOVE = graphql`
  mutation SeenRemoveMutation($group: GroupRef!, $membership: MembershipRef!, $connections: [ID!]!) {
    removeGroupMember(input: { group: $group, membership: $membership }) {
      deletedId @deleteEdge(connections: $connections)
      deletedRecord: deletedId @deleteRecord
    }
  }
`

const MISSING = graphql`
  query SeenPermissionQuery($ref: UserRef!) {
    user(ref: $ref) @catch(to: RESULT) {
      id
    }
  }
`

const [url = '', token = '', group = '', ...ids] = process.argv.slice(2)
const environment = createEnvironment(url, token)

const both = await load<SeenBothQuery>(environment, BOTH, { ids })

const found = await load<SeenGroupQuery>(environment, GROUP, { ref: { name: { iamid: 'bim', name: group } } })
const id = found.group!.id
const members = () => read<Seen_members$data>(environment, MEMBERS, found.group).members
const names = () => members().edges.map(({ node }) => node.name)
const one = names()
await load<SeenMembersPageQuery>(environment, pageOfMembers, {
  id,
  first: 1,
  after: members().pageInfo.endCursor,
  last: null,
  before: null,
})
const two = names()
const position = members().pageInfo

const membership = members().edges.at(-1)!.node.id
await commit<SeenRemoveMutation>(environment, REMOVE, {
  group: { id },
  membership: { id: membership },
  connections: [connectionOf(id, 'Seen_members')],
})

const page = await load<SeenGroupsQuery>(environment, GROUPS, {})
const connections = [connectionOf('client:root', 'Seen_groups')]
const created = await commit<SeenCreateMutation>(environment, CREATE, { input: { name: 'Zulu' }, connections })
let shown: unknown
commitLocalUpdate(environment, store => {
  const connection = ConnectionHandler.getConnection(store.getRoot(), 'Seen_groups')
  shown = connection?.getLinkedRecords('edges')?.map(edge => edge.getLinkedRecord('node')?.getValue('name'))
})
// A client puts in and takes out an edge of its own.
let local: unknown
commitLocalUpdate(environment, store => {
  const connection = ConnectionHandler.getConnection(store.getRoot(), 'Seen_groups')!
  ConnectionHandler.deleteNode(connection, created.createGroup!.group.id)
  const edge = ConnectionHandler.createEdge(store, connection, store.get(id)!, 'GroupEdge')
  ConnectionHandler.insertEdgeBefore(connection, edge)
  local = connection.getLinkedRecords('edges')?.map(each => each.getLinkedRecord('node')?.getValue('name'))
})

const missing = await load<SeenPermissionQuery>(environment, MISSING, { ref: { name: { userid: 'nobody' } } })

console.log(
  JSON.stringify({
    page: await main(url, token),
    nodes: both.nodes,
    members: {
      one,
      two,
      hasNextPage: position.hasNextPage,
      left: names(),
      deleted: !environment.getStore().getSource().get(membership),
    },
    groups: { loaded: page.groups?.edges.map(({ node }) => node.name), shown, local },
    missing: missing.user.ok ? null : missing.user.errors,
  }),
)
