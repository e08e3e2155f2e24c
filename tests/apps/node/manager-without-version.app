convention: `packageManager` without a version
source: https://nodejs.org/api/packages.html#packagemanager (NAME@VERSION)
fails: build: the node buildpack exited with status 1: packageManager of package.json is "yarn", not NAME@VERSION
-- package.json
{ "packageManager": "yarn" }
