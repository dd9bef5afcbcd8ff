// The nine calls on groups.
import type { Example } from './examples.ts'
import { ANYTHING, FLAG, ID, inAnyOrder, optional, TIME } from './shape.ts'

/** The group as a read answers it; a change adds the two SCIM fields. */
const group = {
  id: ID,
  iamid: 'bim',
  gid: null,
  email: null,
  authorizations: null,
  description: null,
  createdAt: TIME,
  updatedAt: TIME,
}

const changedGroup = { ...group, scim: null, scimid: null }

const member = {
  id: ID,
  group: ID,
  createdAt: TIME,
  updatedAt: TIME,
  iamid: 'bim',
  uid: optional(ANYTHING),
  disabled: optional(FLAG),
  scim: optional(null),
  scimid: optional(null),
}

const memberProfile = {
  phone: null,
  about: null,
  location: null,
  organization: null,
  position: null,
  hdfsUser: optional(ANYTHING),
  id: ID,
  createdAt: TIME,
  updatedAt: TIME,
  iamid: optional('bim'),
  userid: optional(ANYTHING),
  externalUserIds: optional({}),
  scim: optional(null),
  systemGenerated: optional(false),
}

export const groupExamples: Example[] = [
  {
    id: 'groups.create',
    call: 'POST /bim/group',
    path: '/bim/group',
    request: { iamid: 'bim', name: 'Night Readers' },
    response: { ...changedGroup, name: 'Night Readers' },
  },
  {
    id: 'groups.update',
    call: 'PUT /bim/group/{groupId}',
    path: '/bim/group/{groupId}',
    request: { name: 'Lamp Keepers #2', description: 'Renamed by a request' },
    response: {
      ...changedGroup,
      name: 'Lamp Keepers #2',
      email: 'lamps@roster.example',
      authorizations: { Budget: ['Audited'] },
      description: 'Renamed by a request',
    },
  },
  {
    id: 'groups.members.remove',
    call: 'DELETE /bim/group/{groupId}/user/{groupuserid}',
    path: '/bim/group/{groupId}/user/{groupuserid}',
    response: {},
  },
  {
    id: 'groups.members.add',
    call: 'POST /bim/group/{groupId}/user',
    path: '/bim/group/{groupId}/user',
    request: { userid: 'uma.kade@roster.example', iamid: 'bim' },
    response: { id: ID, group: ID, profile: ID, createdAt: TIME, updatedAt: TIME },
  },
  {
    id: 'groups.attribute.set',
    call: 'PUT /bim/iam/{iamid}/group/{groupId}/authorizations/{attributeName}/{attributeValue}',
    path: '/bim/iam/bim/group/{groupId}/authorizations/Budget/Blue%20Desk',
    response: {
      ...changedGroup,
      name: 'Sail Menders',
      email: 'sails@roster.example',
      authorizations: { Budget: inAnyOrder('Audited', 'Blue Desk') },
      description: 'They mend sails',
    },
  },
  {
    id: 'groups.list',
    call: 'GET /bim/group',
    path: '/bim/group?size=25&sortOrder=asc&name=orchard',
    response: {
      count: '3',
      hits: [
        { ...group, name: 'orchard cutters', email: 'cutters@roster.example' },
        { ...group, name: 'orchard founders' },
        { ...group, name: 'orchard keepers' },
      ],
    },
  },
  {
    id: 'groups.get',
    call: 'GET /bim/group/{groupId}',
    path: '/bim/group/{groupId}',
    response: {
      ...group,
      name: 'Bell Ringers',
      email: 'bells@roster.example',
      authorizations: { Location: ['Ghent'] },
    },
  },
  {
    id: 'groups.members.list',
    call: 'GET /bim/group/{groupId}/user',
    path: '/bim/group/{groupId}/user',
    response: {
      count: 2,
      hits: [
        {
          ...member,
          userid: 'yara.abend@roster.example',
          profile: {
            ...memberProfile,
            name: 'Yara Abend',
            email: 'yara.abend@roster.example',
            preferences: { tabDataSourceState: 1, tabProjectState: 1 },
          },
        },
        {
          ...member,
          userid: 'zeno.abend@roster.example',
          profile: { ...memberProfile, name: 'Zeno Abend', email: 'zeno.abend@roster.example', preferences: null },
        },
      ],
    },
  },
  {
    id: 'groups.delete',
    call: 'DELETE /bim/group/{groupId}',
    path: '/bim/group/{groupId}',
    response: {},
  },
]
