/** A step that this machine or user cannot do. What needs it is skipped, with this message, which names the remedy. */
export class Unavailable extends Error {}
