// SPDX-License-Identifier: LGPL-2.1-or-later
// result.js: looks at the built tree of the current directory. Prints shell lines: `keep`, why it needs its devDependencies
// where it runs, and `pages`, the directory of a site that wants no program of its own to be served.
const fs = require("fs")
const path = require("path")
const { readPackage, allCommands, procfile, start, text } = require("./project.js")

// What builds and serves pages while somebody writes them; not for others than that person.
const SERVERS = [
        /^vite(?! build)/, /^astro (dev|start|preview)/, /^vue-cli-service serve/, /^(react-scripts|craco|react-app-rewired) start/,
        /^ng serve/, /^ng s$/, /^webpack(-dev-server| serve| .*--watch)/, /^parcel (?!build)/, /^(@11ty\/)?eleventy .*--(serve|watch)/,
        /^hexo (s|server)\b/, /^gatsby (develop|serve)/, /^svelte-kit (dev|preview)/, /^snowpack dev/, /^live-server/,
        /^docusaurus (start|serve)/, /^(vuepress|vitepress) (dev|preview|serve)/, /^nuxi? (dev|preview)/, /^gridsome develop/,
]

const LAUNCHERS = ["exec", "env", "npx", "cross-env", "cross-env-shell", "dotenv", "--", "yarn", "pnpm", "run", "dlx", "time"]

// The program of a command, behind what only starts it, and the words behind it.
function program(words) {
        const i = words.findIndex((word) => !LAUNCHERS.includes(word) && !/^\w+=/.test(word) && !word.startsWith("-"))
        return i < 0 ? [] : words.slice(i).map((word, j) => j === 0 ? word.replace(/^(\.\/)?node_modules\/\.bin\//, "") : word)
}

function lines(manifest) {
        const scripts = manifest.scripts ?? {}
        const commands = Object.values(procfile())
        return [...commands, ...commands.some((line) => /\bnpm start\b/.test(line)) || commands.length === 0 ? ["npm start"] : []]
                .flatMap((line) => allCommands(line, { ...scripts, start: scripts.start ?? start(manifest) }))
}

function programs(name) {
        const file = path.join("node_modules", name, "package.json")
        const bin = fs.existsSync(file) ? JSON.parse(text(file)).bin ?? {} : {}
        return typeof bin === "string" ? [path.basename(name)] : Object.keys(bin)
}

// The devDependency that a command needs, or undefined.
function neededBy(words, manifest) {
        const all = words.map((word) => word.replace(/^(\.\/)?node_modules\/\.bin\//, ""))
        const called = [program(words)[0], ...all.filter((word) => ["cross-env", "cross-env-shell", "dotenv"].includes(word))]
        const loaded = all.map((word, i) => /^(-r|--require|--import|--loader|--experimental-loader)$/.test(all[i - 1]) ? word
                                            : /^--(?:require|import|loader|experimental-loader)=(.+)/.exec(word)?.[1])
        const others = Object.keys(manifest.dependencies ?? {}).flatMap(programs)
        return Object.keys(manifest.devDependencies ?? {}).find((name) =>
                programs(name).some((bin) => called.includes(bin) && !others.includes(bin)) ||
                loaded.some((word) => word === name || word?.startsWith(name + "/")))
}

function keep(manifest) {
        for (const words of lines(manifest)) {
                const name = neededBy(words, manifest)
                if (name)
                        return `${words.join(" ")} needs ${name}`
        }
        return ""
}

// The pages of a build: where it left them, the copies that were there before it last.
function pages(manifest) {
        const has = (directory) => fs.existsSync(path.join(directory, "index.html"))
        if ("web" in procfile())
                return ""
        if (manifest.scripts?.start === undefined ? fs.existsSync("server.js")
            : !lines(manifest).some((words) => SERVERS.some((server) => server.test(program(words).join(" ")))))
                return ""
        for (const file of ["static.json", "Staticfile"])
                if (fs.existsSync(file))
                        return "."
        const below = fs.existsSync("dist") ? fs.readdirSync("dist").flatMap((name) => [`dist/${name}/browser`, `dist/${name}`]) : []
        return ["dist", ...below, "build", "out", "_site", ".output/public", "public"].find(has) ?? ""
}

const manifest = readPackage()
for (const [name, value] of Object.entries({ keep: keep(manifest), pages: pages(manifest) }))
        console.log(`${name}='${value.replaceAll("'", "'\\''")}'`)
