/** The program of one arm: `arm.js <figure> <arm>` measures once and tells the parent. Started by run-arm.ts. */

import { figures } from '../figures/all.ts'
import { armOf } from './figure.ts'

const [figure = '', arm = ''] = process.argv.slice(2)
const load = figures[figure]
if (load === undefined) throw new Error(`There is no figure "${figure}".`)
// The parent is gone: nobody waits for the number.
process.once('disconnect', () => process.exit(1))
const reading = await armOf(await load(), arm)()
process.send?.({ reading }, () => process.exit(0))
