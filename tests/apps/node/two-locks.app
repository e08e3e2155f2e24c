convention: lock files of two package managers
source: https://devcenter.heroku.com/articles/troubleshooting-node-deploys#conflicting-lock-files
heroku: refused
dokku: refused
deployd: refused, unless `packageManager` says which counts
fails: build: the node buildpack exited with status 1: there are two lock files, package-lock.json and yarn.lock: remove one of them, or say in packageManager of package.json which counts
-- package.json
{ "name": "shop" }
-- package-lock.json
{}
-- yarn.lock
