// SPDX-License-Identifier: LGPL-2.1-or-later
// tools.js CACHE: puts the tools that the app of the current directory asks for, and that this machine has not, into
// .deployd/node of its tree, where the processes of the app have them too. They come from the npm registry; the cache keeps
// their archives. Prints shell lines on what was found.
const { createHash } = require("crypto")
const { execFileSync } = require("child_process")
const { createRequire } = require("module")
const fs = require("fs")
const path = require("path")
const { Refusal, readPackage, wantedNode, manager, text } = require("./project.js")

const TOOLS = ".deployd/node"
const cache = path.join(process.argv[2], "tools")

const npmProgram = fs.realpathSync(process.env.PATH.split(":").map((directory) => path.join(directory, "npm"))
                                           .find((file) => fs.existsSync(file)))
const npmHere = JSON.parse(text(path.join(path.dirname(npmProgram), "../package.json"))).version
const semver = createRequire(npmProgram)("semver")

function npm(...words) {
        return execFileSync("npm", [...words, "--loglevel=error"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
}

function archiveName(name, version) {
        return `${name.replace(/^@/, "").replace("/", "-")}-${version}.tgz`
}

// The line of npm that names the error.
function said(error) {
        return String(error.stderr ?? "").split("\n").map((line) => /^npm (?:ERR!|error) (?!code|errno|syscall)(.+)/.exec(line)?.[1])
                .find(Boolean) ?? error.message
}

// What the registry has of a package, or, where it does not answer, the cache: [{ version, "engines.node" }].
function versions(name, reason) {
        try {
                return [JSON.parse(npm("view", `${name}@>=0`, "name", "version", "engines.node", "--json"))].flat()
        } catch (error) {
                const start = archiveName(name, "")
                const kept = fs.readdirSync(cache).filter((file) => file.startsWith(start.replace(".tgz", "")))
                        .map((file) => file.slice(start.length - 4, -4)).filter((version) => semver.valid(version))
                        .map((version) => ({ version }))
                if (kept.length > 0)
                        return kept
                throw new Refusal(`${reason}; the npm registry, which has others, did not answer: ${said(error)}`)
        }
}

// The path of the archive, from the cache or the registry.
function archive(name, version) {
        const file = path.join(cache, archiveName(name, version))
        if (!fs.existsSync(file)) {
                const directory = fs.mkdtempSync(path.join(process.env.TMPDIR ?? "/tmp", "npm-"))
                try {
                        npm("pack", `${name}@${version}`, "--pack-destination", directory, "--cache", path.join(directory, "cache"))
                } catch (error) {
                        throw new Refusal(`${name} ${version} did not come from the npm registry: ${said(error)}`)
                }
                const [got] = fs.readdirSync(directory).filter((entry) => entry.endsWith(".tgz"))
                // Whole or not at all.
                fs.copyFileSync(path.join(directory, got), file + ".new")
                fs.renameSync(file + ".new", file)
                fs.rmSync(directory, { recursive: true })
        }
        used.add(path.basename(file))
        return file
}
const used = new Set()

// Unpacks a package, with links to its programs; what its package.json says.
function install(name, version, only = []) {
        const directory = path.join(TOOLS, "lib/node_modules", name)
        const file = archive(name, version)
        fs.mkdirSync(directory, { recursive: true })
        fs.mkdirSync(path.join(TOOLS, "bin"), { recursive: true })
        execFileSync("tar", ["-xzf", file, "-C", directory, "--strip-components=1", "--no-same-owner", ...only])
        const manifest = JSON.parse(text(path.join(directory, "package.json")))
        const programs = typeof manifest.bin === "string" ? { [path.basename(name)]: manifest.bin } : manifest.bin
        for (const [program, target] of Object.entries(programs)) {
                fs.chmodSync(path.join(directory, target), 0o755)
                fs.symlinkSync(path.join("../lib/node_modules", name, target), path.join(TOOLS, "bin", program))
        }
        return manifest
}

// corepack's: of the archive, or, for yarn 2 and later, of the program.
function checkHash(name, version, hash, program) {
        const [algorithm, digest] = hash.split(".")
        const has = (file) => createHash(algorithm).update(fs.readFileSync(file)).digest("hex") === digest
        let good
        try {
                good = has(archive(name, version)) || has(program)
        } catch {
                throw new Refusal(`packageManager of package.json has a hash of an unknown kind, ${algorithm}`)
        }
        if (!good)
                throw new Refusal(`${name} ${version} is not what packageManager of package.json has the ${algorithm} of`)
}

function chooseNode(wanted) {
        const here = process.version
        const asks = wanted.map(({ file, says }) => `${file} asks for node ${says}`).join(" and ")
        for (const { file, says, range } of wanted)
                if (semver.validRange(range) === null)
                        throw new Refusal(`${file} asks for node ${says}, which is no version`)
        const fits = (version) => wanted.every(({ range }) => semver.satisfies(version, range))
        if (fits(here))
                return undefined
        const reason = `${asks}: this machine has ${here}`
        if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch))
                throw new Refusal(`${reason}, and others are not to be had for ${process.arch}`)
        const name = `node-linux-${process.arch}`
        const version = semver.rsort(versions(name, reason).map((one) => one.version).filter(fits))[0]
        if (version === undefined)
                throw new Refusal(`${reason}, and the npm registry has no such version of it either`)
        return { name, version }
}

// The newest version of a package in a range; of several first those in `near` too, and those that run on this node.
function choose(name, { range, near, reason }, node) {
        if (semver.valid(range))
                return semver.valid(range)
        const inRange = versions(name, reason).filter(({ version }) => semver.satisfies(version, range))
                // From 2 on yarn is @yarnpkg/cli-dist.
                .filter(({ version }) => name !== "yarn" || semver.lt(version, "2.0.0-0"))
        const isNear = ({ version }) => semver.satisfies(version, near ?? "*")
        const runs = (one) => semver.satisfies(node?.version ?? process.version, one["engines.node"] ?? "*")
        const best = [inRange.filter(isNear).filter(runs), inRange.filter(isNear), inRange.filter(runs), inRange]
                .find((list) => list.length > 0)
        if (!best)
                throw new Refusal(`${reason}, and the npm registry has no such version`)
        return semver.rsort(best.map(({ version }) => version))[0]
}

// Which npm, { range, near }; `near` comes with a version of node. Undefined for the one of the machine.
function chooseNpm(node, asked) {
        if (asked !== undefined && semver.validRange(asked) === null)
                throw new Refusal(`package.json asks for npm ${asked}, which is no version`)
        if (!node && (asked === undefined || semver.satisfies(npmHere, asked)))
                return undefined
        const major = semver.major(node?.version ?? process.version)
        const newLock = /"lockfileVersion": *3/.test(text("package-lock.json") ?? "")
        const near = major < 15 && !newLock ? "6" : major < 18 ? "8" : "10"
        return { range: asked ?? near, near }
}

// Is it yarn 2 or later, which is another package?
function isBerry({ name, range, near, path }) {
        if (name !== "yarn" || path)
                return name === "yarn" && fs.existsSync(".yarnrc.yml")
        return near !== "1" || (semver.validRange(range) !== null && !semver.intersects(range, "<2.0.0-0"))
}

function checkEngines(manifest, node) {
        const version = node?.version ?? process.version
        if (manifest.engines?.node && !semver.satisfies(version, manifest.engines.node))
                throw new Refusal(`${manifest.name} ${manifest.version} needs node ${manifest.engines.node}, ` +
                                  `and this app's is ${version}`)
}

function installManager(chosen, node) {
        if (chosen.path) {
                fs.mkdirSync(path.join(TOOLS, "bin"), { recursive: true })
                fs.writeFileSync(path.join(TOOLS, "bin/yarn"), `#!/bin/sh\nexec node "${path.resolve(chosen.path)}" "$@"\n`,
                                 { mode: 0o755 })
                return
        }
        const name = isBerry(chosen) ? "@yarnpkg/cli-dist" : chosen.name
        const version = choose(name, { ...chosen, reason: `this app is for ${chosen.name} ${chosen.range}` }, node)
        const manifest = install(name, version)
        checkEngines(manifest, node)
        if (chosen.hash)
                checkHash(name, version, chosen.hash, path.join(TOOLS, "bin", chosen.name))
}

function quote(value) {
        return `'${String(value ?? "").replaceAll("'", "'\\''")}'`
}

function main() {
        const manifest = readPackage()
        const chosen = manager(manifest)
        fs.mkdirSync(cache, { recursive: true })
        fs.rmSync(TOOLS, { recursive: true, force: true })
        const node = chooseNode(wantedNode(manifest))
        if (node)
                install(node.name, node.version, ["package/package.json", "package/bin/node"])
        const npmChosen = chooseNpm(node, chosen.name === "npm" ? chosen.range : manifest.engines?.npm)
        if (npmChosen)
                installManager({ ...(chosen.name === "npm" ? chosen : { name: "npm" }), ...npmChosen }, node)
        if (chosen.name !== "npm")
                installManager(chosen, node)
        for (const file of fs.readdirSync(cache))
                if (!used.has(file))
                        fs.rmSync(path.join(cache, file))
        const scripts = manifest.scripts ?? {}
        const script = (...names) => names.find((name) => typeof scripts[name] === "string")
        const said = { manager: isBerry(chosen) ? "berry" : chosen.name, lock: chosen.lock,
                       prebuild: script("heroku-prebuild"), build: script("heroku-postbuild", "build"),
                       cleanup: script("heroku-cleanup"), bare: fs.existsSync("package.json") ? "" : "yes" }
        for (const [name, value] of Object.entries(said))
                console.log(`${name}=${quote(value)}`)
}

try {
        main()
} catch (error) {
        console.error(` !     ${error instanceof Refusal ? error.message : error.stack}`)
        process.exitCode = 1
}
