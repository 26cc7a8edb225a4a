/** So many requests in each window of time. */
export interface Rate {
  readonly requests: number
  readonly windowMs: number
}

/** `undefined`: no limit. */
export interface RateLimits {
  /** Of each authenticated user but administrators, who act for many. */
  readonly perUser: Rate | undefined
  readonly perAddress: Rate | undefined
}
