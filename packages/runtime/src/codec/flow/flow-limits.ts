/** Bounds on what both ends of a flow remember. On the wire: both ends count alike. */
export const flowLimits = {
  /** Texts, of which a newer one takes the number of the oldest. */
  textsMax: 1024,
  /** Characters of one: shorter ones are as short as their number. */
  textLengthMin: 3,
  textLengthMax: 31,
  /** Shapes of objects. What comes after them is written with its keys. */
  shapesMax: 256,
  /** Keys of one shape. */
  shapeKeysMax: 64,
  /** Characters of the keys of all shapes. */
  shapeCharactersMax: 65_536,
} as const
