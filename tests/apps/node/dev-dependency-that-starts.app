convention: `start` runs a program of a devDependency (tsx, ts-node, cross-env)
source: https://docs.npmjs.com/cli/configuring-npm/package-json#devdependencies
heroku: fails when it starts
dokku: fails when it starts
deployd: devDependencies stay
buildpack: node
process web: exec two server.js
warning: there is no package-lock.json: each build may get other versions of the packages
says: -----> Keeping devDependencies: two server.js needs two
-- package.json
{ "devDependencies": { "two": "file:./two" }, "scripts": { "start": "two server.js" } }
-- two/package.json
{ "name": "two", "version": "1.0.0", "bin": "two.js" }
-- two/two.js [executable]
#!/usr/bin/env node
