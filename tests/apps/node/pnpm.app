convention: `pnpm-lock.yaml`; `packageManager`
source: https://github.com/nodejs/corepack#when-authoring-packages
source: https://devcenter.heroku.com/articles/nodejs-support#specifying-a-package-manager
heroku: yes
dokku: yes
deployd: yes
network: yes
buildpack: node
process web: exec node server.js
says: -----> Installing packages, with node v… and pnpm 9.15.2
-- package.json
{ "name": "shop", "packageManager": "pnpm@9.15.2", "scripts": { "start": "node server.js" } }
-- pnpm-lock.yaml
lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .: {}
