import {
  AddAttributeDocument,
  RemoveAttributeDocument,
  RemoveAttributeEverywhereDocument,
  ReplaceAttributesDocument,
  type UserOrGroupRef,
} from '../../generated/operations.ts'
import { idFrom, inIam, userOrId } from './params.ts'
import { list, map, nonEmptyText } from './request.schemas.ts'
import { defineRoute } from './route.ts'
import { owner } from './serializers.ts'

interface Model {
  readonly iamid: string
  readonly modelType: 'user' | 'group'
  readonly modelId: string
}

function ownerRef({ iamid, modelType, modelId }: Model): UserOrGroupRef {
  return modelType === 'user' ? { user: userOrId(iamid, modelId) } : { group: inIam(iamid, idFrom('modelId', modelId)) }
}

export const attributeRoutes = [
  defineRoute({
    method: ['PUT', 'POST'],
    path: '/bim/iam/:iamid/:modelType/:modelId/authorizations/:attributeName/:attributeValue',
    alias: [
      'PUT /bim/iam/:iamid/:modelType/:modelId/authorizations/:attributeName',
      'POST /bim/iam/:iamid/:modelType/:modelId/authorizations/:attributeName',
    ],
    doc: 'Add an attribute value to a user or a group. A key without a value changes nothing: it is refused unless the key has values.',
    action: 'attribute:write',
    run: AddAttributeDocument,
    answers: 'ChangedOwner',
    variables: ({ params }) => ({
      input: { owner: ownerRef(params), key: params.attributeName, value: params.attributeValue },
    }),
    body: ({ addAttribute }) => owner(addAttribute.owner),
  }),
  defineRoute({
    method: ['PUT', 'POST'],
    path: '/bim/iam/:iamid/group/:groupId/authorizations/:attributeName/:attributeValue',
    alias: [
      'PUT /bim/iam/:iamid/group/:groupId/authorizations/:attributeName',
      'POST /bim/iam/:iamid/group/:groupId/authorizations/:attributeName',
    ],
    doc: 'Add an attribute value to a group. A key without a value changes nothing: it is refused unless the key has values.',
    action: 'attribute:write',
    run: AddAttributeDocument,
    answers: 'ChangedOwner',
    variables: ({ params: { iamid, groupId, attributeName, attributeValue } }) => ({
      input: { owner: { group: inIam(iamid, groupId) }, key: attributeName, value: attributeValue },
    }),
    body: ({ addAttribute }) => owner(addAttribute.owner),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/bim/iam/:iamid/:modelType/:modelId/authorizations/:key/:value',
    alias: ['DELETE /bim/iam/:iamid/:modelType/:modelId/authorizations/:key'],
    doc: 'Remove an attribute value, or without one all values of the key, from a user or a group.',
    action: 'attribute:write',
    run: RemoveAttributeDocument,
    answers: 'ChangedOwner',
    variables: ({ params }) => ({ input: { owner: ownerRef(params), key: params.key, value: params.value } }),
    body: ({ removeAttribute }) => owner(removeAttribute.owner),
  }),
  defineRoute({
    method: ['PUT', 'POST'],
    path: '/bim/iam/:iamid/:modelType/:modelId/authorizations',
    doc: 'Replace the local attributes of a user or a group: `{key: [values]}`. `{}` removes all.',
    action: 'attribute:write',
    payload: map(list(nonEmptyText)),
    run: ReplaceAttributesDocument,
    answers: 'ChangedOwner',
    variables: ({ params, payload }) => ({ input: { owner: ownerRef(params), attributes: payload } }),
    body: ({ replaceAttributes }) => owner(replaceAttributes.owner),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/bim/iam/:iamid/authorizations/:key/:value',
    alias: ['DELETE /bim/iam/:iamid/authorizations/:key'],
    doc: 'Remove an attribute value, or without one all values of the key, from every user and group.',
    action: 'attribute:removeEverywhere',
    run: RemoveAttributeEverywhereDocument,
    answers: 'Nothing',
    variables: ({ params: { iamid, key, value } }) => ({ input: { iamid, key, value } }),
    body: () => ({}),
  }),
]
