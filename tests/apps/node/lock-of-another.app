convention: `packageManager` beside the lock file of another
source: https://devcenter.heroku.com/articles/nodejs-support#specifying-a-package-manager
fails: build: the node buildpack exited with status 1: packageManager of package.json is pnpm, but the lock file, yarn.lock, is that of yarn
-- package.json
{ "packageManager": "pnpm@9.15.2" }
-- yarn.lock
