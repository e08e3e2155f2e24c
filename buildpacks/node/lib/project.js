// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of a Node.js app ask for: which versions of which tools, and which scripts. Nothing is run here.
const fs = require("fs")

// A sentence for the person who deploys.
class Refusal extends Error {}

// The major versions behind the names that .nvmrc may have; the newest is the last one.
const LTS = { argon: 4, boron: 6, carbon: 8, dubnium: 10, erbium: 12, fermium: 14, gallium: 16, hydrogen: 18, iron: 20,
              jod: 22, krypton: 24 }

// In what order they are looked for does not matter: two of them are refused.
const LOCKS = { "package-lock.json": "npm", "npm-shrinkwrap.json": "npm", "yarn.lock": "yarn", "pnpm-lock.yaml": "pnpm",
                "bun.lock": "bun", "bun.lockb": "bun" }

// Without the byte order mark of some editors; undefined if it is not there.
function text(name) {
        return fs.existsSync(name) ? fs.readFileSync(name, "utf8").replace(/^\uFEFF/, "") : undefined
}

function json(name) {
        try {
                const value = JSON.parse(text(name))
                if (value === null || typeof value !== "object" || Array.isArray(value))
                        throw new Error("it is no object")
                return value
        } catch (error) {
                throw new Refusal(`${name} cannot be read: ${error.message}`)
        }
}

// package.json of the current directory; a server.js may be without.
function readPackage() {
        return fs.existsSync("package.json") ? json("package.json") : {}
}

// A range of versions as semver has it, from what .nvmrc and others write.
function range(says) {
        const name = says.toLowerCase()
        if (["node", "stable", "latest", "current", "system", "lts"].includes(name))
                return "*"
        if (name === "lts/*" || name === "lts/-0")
                return String(Math.max(...Object.values(LTS)))
        return name.startsWith("lts/") ? String(LTS[name.slice(4)]) : says
}

// [{ file, says, range }]: all that is asked of the version of node. One version has to be all of it.
function wantedNode(manifest) {
        const first = (name) => text(name)?.split("\n").map((line) => line.replace(/#.*/, "").trim()).find(Boolean)
        const runtimes = [manifest.devEngines?.runtime ?? []].flat().filter((runtime) => runtime.name === "node")
        const wanted = [
                ["package.json", manifest.engines?.node],
                ["package.json (volta)", manifest.volta?.node],
                ["package.json (devEngines)", runtimes[0]?.version],
                [".nvmrc", first(".nvmrc")],
                [".node-version", first(".node-version")],
                [".tool-versions", text(".tool-versions")?.match(/^(?:nodejs|node)[ \t]+(\S+)/m)?.[1]],
        ]
        return wanted.filter(([, says]) => typeof says === "string" && says.trim())
                     .map(([file, says]) => ({ file, says: says.trim(), range: range(says.trim()) }))
}

// { name, range, hash } of the field packageManager, or undefined.
function declaredManager(manifest) {
        const declared = manifest.packageManager ?? [manifest.devEngines?.packageManager ?? []].flat()
                .map((manager) => `${manager.name}@${manager.version ?? "*"}`)[0]
        if (declared === undefined)
                return undefined
        const match = /^([a-z]+)@([^+]+)(?:\+(.+))?$/.exec(declared)
        if (!match)
                throw new Refusal(`packageManager of package.json is "${declared}", not NAME@VERSION`)
        return { name: match[1], range: match[2], hash: match[3] }
}

// The version of a package manager that has written a lock file.
function rangeOfLock(name, lock) {
        const content = lock ? text(lock) : ""
        if (name === "pnpm") {
                const version = parseFloat(/^lockfileVersion: *['"]?([\d.]+)/m.exec(content)?.[1] ?? "9")
                return version < 6 ? "7" : version < 9 ? "8" : "9"
        }
        const metadata = /^__metadata:\r?\n(?: .*\r?\n)*? +version: (\d+)/m.exec(content)
        if (name === "yarn" && metadata)
                return metadata[1] < 5 ? "2" : metadata[1] < 7 ? "3" : "4"
        return name === "yarn" ? "1" : undefined
}

// A file of the tree that yarn says is itself.
function yarnPath() {
        const path = /^yarnPath: *["']?([^"'\n]+)/m.exec(text(".yarnrc.yml") ?? "")?.[1] ??
                     /^yarn-path "?([^"\n]+)/m.exec(text(".yarnrc") ?? "")?.[1]
        if (path && !fs.existsSync(path))
                throw new Refusal(`yarn is to be ${path}, which is not in git`)
        return path
}

// Who installs the packages: { name, range, near, hash, lock, path }. The lock file was written by a version in `near`; a
// range that is undefined is any version.
function manager(manifest) {
        const locks = Object.keys(LOCKS).filter((name) => fs.existsSync(name))
        const declared = declaredManager(manifest)
        const owners = [...new Set(locks.map((lock) => LOCKS[lock]))]
        if (!declared && owners.length > 1)
                throw new Refusal(`there are two lock files, ${locks.join(" and ")}: remove one of them, ` +
                                  "or say in packageManager of package.json which counts")
        const name = declared?.name ?? owners[0] ?? ["pnpm", "yarn"].find((other) => manifest.engines?.[other]) ?? "npm"
        if (!["npm", "yarn", "pnpm"].includes(name))
                throw new Refusal(`this app is for ${name}, which is not known here: npm, yarn and pnpm are`)
        const lock = locks.find((file) => LOCKS[file] === name)
        if (!lock && locks.length > 0)
                throw new Refusal(`packageManager of package.json is ${name}, but the lock file, ${locks[0]}, is that of ` +
                                  LOCKS[locks[0]])
        const near = rangeOfLock(name, lock)
        const range = declared?.range ?? manifest.engines?.[name] ?? manifest.volta?.[name] ?? near
        return { name, range, near, hash: declared?.hash, lock, path: name === "yarn" ? yarnPath() : undefined }
}

// Shell words of each command in a line, in the order they are run.
function commands(line) {
        return line.split(/&&|\|\||[;|&\n]/).map((part) => part.trim().split(/\s+/).filter(Boolean)).filter((words) => words.length)
}

// The commands that a line runs, with those of the scripts that it calls.
function allCommands(line, scripts, seen = new Set()) {
        return commands(line).flatMap((words) => {
                const called = /^(?:npm|yarn|pnpm)$/.test(words[0]) &&
                               words.slice(1).find((word) => !word.startsWith("-") && word !== "run" && word !== "run-script")
                if (!called || typeof scripts[called] !== "string" || seen.has(called))
                        return [words]
                seen.add(called)
                return ["pre" + called, called, "post" + called].filter((name) => typeof scripts[name] === "string")
                        .flatMap((name) => allCommands(scripts[name], scripts, seen))
        })
}

// { process: command } of the Procfile.
function procfile() {
        return Object.fromEntries((text("Procfile") ?? "").split(/\r?\n/)
                .map((line) => /^([A-Za-z][\w-]*):\s*(.+)$/.exec(line)).filter(Boolean).map((match) => [match[1], match[2]]))
}

// The script start, or what npm takes for it.
function start(manifest) {
        const script = manifest.scripts?.start
        if (typeof script === "string")
                return script
        const main = [manifest.main, "server.js", "app.js", "main.js", "index.js"]
                .find((name, i) => typeof name === "string" && (i < 2 || !fs.existsSync("package.json")) && fs.existsSync(name))
        return main === undefined ? undefined : `node ${main}`
}

module.exports = { Refusal, readPackage, wantedNode, manager, commands, allCommands, procfile, start, text }
