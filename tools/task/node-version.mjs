// Ends with one clear line on a Node that is too old. Imported first, and written so that old ones can read it.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Barrel Actors needs Node 20.19 or later, and this is ${process.versions.node}.`)
  process.exit(1)
}
