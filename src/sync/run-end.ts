/** Why a run ends early, as classes: no message is compared. */
import { Conflict, type RosterError, Unprocessable } from '../platform/errors.ts'

/** Another process continues the run, or an administrator dropped it: this process writes nothing more of it. */
export class LeaseLost extends Conflict {
  constructor(message = 'Another process works on this sync') {
    super(message)
  }
}

/** This process stops; another one, or its next start, continues the run. */
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

/** The plan may be that of another directory, or of the same one read in another way. */
export class IamChanged extends Unprocessable {
  constructor() {
    super('The IAM was changed meanwhile: what is done stays done, and the rest is for another sync')
  }
}

/** An error of the directory, as opposed to one of the database. */
export class SourceUnavailable extends Error {
  readonly failure: RosterError

  constructor(failure: RosterError) {
    super(failure.message)
    this.failure = failure
  }
}
