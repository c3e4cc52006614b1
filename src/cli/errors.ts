/** How a command fails: what stands on stderr and with what number it ends. */

/** The command line can't be right: ends with 125 (Docker's number for flags), or 1 where arguments are missing. */
export class UsageError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 125) {
    super(message);
    this.name = 'UsageError';
    this.exitCode = exitCode;
  }
}

/** The engine answered a request with a status ≥ 400, or ended a stream in an error, whose words stand alone. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string, inStream = false) {
    super(inStream ? message : `Error response from daemon: ${message}`);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** No engine answers, and none could be started. */
export class UnreachableError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnreachableError';
  }
}

/** A failure with a number of its own: 126, 127, the code of a container. */
export class ExitError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.name = 'ExitError';
    this.exitCode = exitCode;
  }
}
