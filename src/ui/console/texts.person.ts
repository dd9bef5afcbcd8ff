/** The texts of the pages of one person. */
export const personTexts = {
  needs: 'You need USER_ADMIN or AUDIT to see a person. Ask one of your administrators for it.',
  gone: 'There is no person with this number',
  goneHint: 'The address is mistyped, or the account was deleted. The audit log still has what was done.',
  toList: 'All users',
  lastLogin: 'Last sign-in',
  created: 'Created',
}
