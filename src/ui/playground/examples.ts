/** Tabs use the operation's name. */
export const examples: readonly { title: string; query: string }[] = [
  {
    title: 'Who am I?',
    query: `# The play button, or Ctrl-Enter, runs this.
query Viewer {
  viewer {
    user {
      userid
      permissions
      profile { name email }
    }
    credential
    can
  }
}
`,
  },
  {
    title: 'Users with groups and attributes',
    query: `# To narrow it, add for instance
# filter: { name: "an", attributes: [{ key: "Country" }] }
query Users {
  users(first: 10) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      id
      userid
      profile { name email position }
      groups { nodes { id name } }
      attributes { key values source }
    }
  }
}
`,
  },
  {
    title: 'Groups and their members',
    query: `query Groups {
  groups(first: 10, sort: { field: NAME }) {
    totalCount
    nodes {
      id
      name
      description
      attributes { key values }
      members(first: 5) {
        totalCount
        nodes { name }
      }
    }
  }
}
`,
  },
  {
    title: 'Create a user',
    query: `# Without a password the answer has a link with which
# the person sets one. It is shown once.
mutation CreateUser {
  createUser(
    input: {
      userid: "ada"
      profile: { name: "Ada Lovelace", email: "ada@example.com" }
    }
  ) {
    user { id userid permissions }
    newUserLink
    emailSent
  }
}
`,
  },
  {
    title: 'Attribute keys in use',
    query: `query AttributeKeys {
  attributeKeys(first: 25) {
    nodes {
      key
      userCount
      groupCount
      values { nodes { value userCount groupCount } }
    }
  }
}
`,
  },
  {
    title: 'Create an API key',
    query: `# "secret" is shown once. The scope "read" lets the key
# read what you may read, and change nothing.
mutation CreateApiKey {
  createApiKey(input: { name: "my first key", scopes: ["read"] }) {
    secret
    apiKey { id prefix expiresAt }
  }
}
`,
  },
  {
    title: 'Syncs of directories',
    query: `# Newest first. One in QUARANTINED waits for approveSync or
# cancelSync; syncEntries(ref: …) has whom it changes.
query Syncs {
  syncRuns(first: 5) {
    nodes {
      id
      iamid
      status
      reason
      total
      unchanged
      planned
      applied
      counts { kind action state count }
    }
  }
}
`,
  },
  {
    title: 'Audit log',
    query: `# Newest first. Refused writes are here too:
# outcome DENIED.
query Audit {
  auditEvents(first: 20) {
    nodes {
      at
      event
      outcome
      actor
      targetType
      targetName
      before
      after
      reason
    }
  }
}
`,
  },
]
