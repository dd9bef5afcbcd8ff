import { Conflict, type RosterError, Unprocessable } from '../platform/errors.ts'

/** Another process has the run, or it was cancelled. */
export class LeaseLost extends Conflict {
  constructor(message = 'Another process works on this sync') {
    super(message)
  }
}

/** Another process, or the next start, continues the run. */
export class ShuttingDown extends LeaseLost {
  constructor() {
    super('This process is shutting down')
  }
}

export class IamRemoved extends Unprocessable {
  constructor() {
    super('The IAM was removed')
  }
}

/** The plan may belong to another directory. */
export class IamChanged extends Unprocessable {
  constructor() {
    super('The IAM was changed during the sync: applied changes stay; sync again for the rest')
  }
}

export class SourceUnavailable extends Error {
  readonly failure: RosterError

  constructor(failure: RosterError) {
    super(failure.message)
    this.failure = failure
  }
}
