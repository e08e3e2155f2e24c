convention: Vite, Create React App, Vue CLI: pages in `dist` or `build`, and one for all addresses
source: https://vite.dev/guide/static-deploy
source: https://router.vuejs.org/guide/essentials/history-mode.html#example-server-configurations
heroku: `npm start`, which is a development server
dokku: `npm start`, which is a development server
deployd: pages
buildpack: node
process web: …lighttpd…
warning: there is no package-lock.json: each build may get other versions of the packages
get /: 200 apples
get /pears/3: 200 apples
get /gone.js: 404 …
-- package.json
{ "scripts": { "start": "vite", "dev": "vite", "build": "cp -r made dist" } }
-- made/index.html
apples
