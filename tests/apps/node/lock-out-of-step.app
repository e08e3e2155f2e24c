convention: a lock file that is out of step
source: https://docs.npmjs.com/cli/commands/npm-ci
heroku: refused
dokku: refused
deployd: refused
fails: build: the node buildpack exited with status 1: npm error …`npm ci` can only install packages when your package.json and package-lock.json … are in sync…
-- package.json
{ "name": "shop", "version": "1.0.0", "dependencies": { "one": "file:./one" } }
-- package-lock.json
{ "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "packages": { "": { "name": "shop", "version": "1.0.0" } } }
-- one/package.json
{ "name": "one", "version": "1.0.0" }
