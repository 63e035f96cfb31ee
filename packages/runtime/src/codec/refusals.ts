/** Why a value is not written or read. None of these leaves the codec: whoever catches one makes a coded error of it. */

/** The sender gave something that cannot be sent. */
export class Unsendable extends Error {}

/** The signal that is being written is larger than it may be. */
export class TooLarge extends Error {}

/** The bytes are not what a writer of this format writes: nothing that follows can be read. */
export class Malformed extends Error {}

/** The bytes are well formed, and would cost more than the bounds allow. */
export class OverBounds extends Error {}
