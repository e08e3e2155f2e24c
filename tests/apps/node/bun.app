convention: `bun.lock`, `bun.lockb`
source: https://bun.sh/docs/install/lockfile
heroku: as without a lock file
dokku: as without a lock file
deployd: refused
fails: build: the node buildpack exited with status 1: this app is for bun, which is not known here: npm, yarn and pnpm are
-- package.json
{ "name": "shop" }
-- bun.lock
{}
