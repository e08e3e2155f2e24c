// SPDX-License-Identifier: LGPL-2.1-or-later
// Says which versions the app in the current directory asks for. Nothing is fetched or run.
const { Refusal, readPackage, wantedNode, manager } = require("./project.js")

try {
        const manifest = readPackage()
        const wanted = wantedNode(manifest).map(({ file, says }) => `${says} (${file})`).join(", ")
        console.log(`Node.js: ${wanted || "any"}; this machine has ${process.versions.node}`)
        const { name, range, lock } = manager(manifest)
        console.log(`${name}: ${range ?? "any"}${lock ? `, packages of ${lock}` : ""}`)
} catch (error) {
        if (!(error instanceof Refusal))
                throw error
        console.log(` !     ${error.message}`)
        process.exitCode = 1
}
